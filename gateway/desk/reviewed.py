"""The answers as the front desk uses them: found by words, with the clinic's facts first and without "call our desk".

Never an expired or withdrawn one, and one that no physio has signed is called so. Also what is said about a text that
the desk writes itself: promises too much, or reads too hard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from gateway.answers.search import search_in
from gateway.answers.withdrawals import Withdrawals
from knowledge import Knowledge, SpecificAnswer, Topic, normalise


@dataclass(frozen=True)
class Answer:
    """An answer as the desk says it."""

    topic: str
    title: str
    short: str
    more: str
    link: str
    reviewed: bool  # a physio has signed it


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
        self._search = search_in(knowledge)

    def find(self, query: str, base: str, most: int = 8) -> list[Answer]:
        """The answers that fit these words best; `base` is where this page was reached, for links."""
        found = (self._knowledge.topics[name] for name in self._search.find(query, most))
        return [self._answer(topic, base, query) for topic in found if self.may_send(topic.name)]

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

    def _answer(self, topic: Topic, base: str, asked: str) -> Answer:
        link = f"{self._public_url or base.rstrip('/')}/answers/{topic.name}"
        now = self._now()
        picked = self._knowledge.clinic_pick(topic.name, now, asked)
        specific = None if picked else self._specific(topic, asked)
        facts = [picked[1]] if picked else self._knowledge.clinic_facts(topic.name, now)
        first = self._knowledge.said(specific, now, asked) if specific else " ".join(facts)
        signed = (specific or topic).reviewed is not None
        known, short = self._for_desk(first), self._for_desk(self._knowledge.fill(topic.short))
        # The specific answer, or the clinic's own fact, is what was asked for; the rest is there to read on.
        said, rest = (known, [short]) if specific or picked else ("\n\n".join(filter(None, (known, short))), [])
        said = said or short or self._knowledge.fill(topic.short)
        more = "\n\n".join(filter(None, (*(it for it in rest if it != said), self._knowledge.fill(topic.more))))
        return Answer(topic.name, specific.title if specific else topic.title, said, more, link, signed)

    def _specific(self, topic: Topic, asked: str) -> SpecificAnswer | None:
        """The answer within the topic whose question is most like what was asked, if one is much like it."""
        wanted = set(normalise(asked).split())
        today = self._now().astimezone(self._knowledge.clinic.timezone).date()

        def likeness(answer: SpecificAnswer) -> float:
            questions = (set(normalise(question).split()) for question in (answer.title, *answer.examples))
            return max(len(wanted & words) / len(wanted | words) for words in questions if words | wanted)

        offered = [answer for answer in topic.answers.values() if not self._withdrawals.withheld(answer, today)]
        best = max(offered, key=likeness, default=None) if wanted else None
        return best if best and likeness(best) >= LEAST_LIKE else None

    def _for_desk(self, text: str) -> str:
        """The text without its sentences that send somebody to the front desk: that is who reads it."""
        paragraphs = (
            " ".join(it for it in SENTENCE_END.split(paragraph) if self._knowledge.clinic.phone not in it)
            for paragraph in text.split("\n\n")
        )
        return "\n\n".join(paragraph for paragraph in paragraphs if paragraph.strip())


LEAST_LIKE = 0.65  # share of common words from which a question is the one that was asked
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
LEAST_WORDS = 8  # a grade of fewer words says nothing
