"""The reviewed answers as the front desk uses them: found by words, ready to send, never an expired or withdrawn one.

Also what is said about a text that the desk writes itself: promises too much, or reads too hard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from gateway.search import Search
from gateway.withdrawals import Withdrawals
from knowledge import Knowledge, Topic


@dataclass(frozen=True)
class Answer:
    """A reviewed answer, filled with the clinic's facts."""

    topic: str
    title: str
    short: str
    more: str
    link: str


@dataclass(frozen=True)
class Hint:
    """Something to think about before a text is sent."""

    about: str
    advice: str


class Reviewed:
    """Finds answers and looks at texts. One object for one state of the knowledge."""

    def __init__(
        self, knowledge: Knowledge, withdrawals: Withdrawals, now: Callable[[], datetime], public_url: str
    ) -> None:
        self._knowledge = knowledge
        self._withdrawals = withdrawals
        self._now = now
        self._public_url = public_url.rstrip("/")
        self._search = Search(knowledge)

    def find(self, query: str, base: str, most: int = 8) -> list[Answer]:
        """The answers that fit these words best; `base` is where this page was reached, for links."""
        found = (self._knowledge.topics[name] for name in self._search.find(query, most))
        return [self._answer(topic, base) for topic in found if self.may_send(topic.name)]

    def may_send(self, name: str) -> bool:
        """Whether there is such an answer and nobody withholds it today."""
        topic = self._knowledge.topics.get(name)
        today = self._now().astimezone(self._knowledge.clinic.timezone).date()
        return topic is not None and topic.kind == "answer" and not self._withdrawals.withheld(topic, today)

    def handout(self, names: Iterable[str], base: str) -> str:
        """Where these answers stand on one page to print."""
        return (
            f"{self._public_url or base.rstrip('/')}/answers/handout?{urlencode([('topics', name) for name in names])}"
        )

    def hints(self, text: str) -> list[Hint]:
        """What promises more than anyone can know, and what is hard to read."""
        hints = []
        for overclaim in self._knowledge.overclaims:
            if found := overclaim.find(text):
                hints.append(
                    Hint(
                        f"“{found}”: {overclaim.reason}.",
                        f"{overclaim.suggestion[:1].upper()}{overclaim.suggestion[1:]}.",
                    )
                )
        reading, standard = self._knowledge.readability.measure(text), self._knowledge.standards.short
        if reading.words >= LEAST_WORDS and round(reading.grade, 1) > standard.grade:
            hints.append(Hint(f"Reads at grade {reading.grade:.0f}.", "Use shorter sentences and shorter words."))
        if reading.longest_words > standard.sentence_words:
            hints.append(Hint(f"A sentence has {reading.longest_words} words.", "Split it."))
        return hints

    def _answer(self, topic: Topic, base: str) -> Answer:
        link = f"{self._public_url or base.rstrip('/')}/answers/{topic.name}"
        fill = self._knowledge.fill
        return Answer(topic.name, topic.title, fill(topic.short), fill(topic.more), link)


LEAST_WORDS = 8  # a grade of fewer words says nothing
