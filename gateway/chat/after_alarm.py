"""After an alarm: what a patient means who answers it, how long it is open, and what may be said meanwhile.

"It is just the muscle", "I meant my sister", "I called them" are answers to the card, not questions. The words of each
kind, the times and the topics are data (`data/lexicon/after_alarm.yml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.storage.records import Draft
from knowledge.yaml import plain_values
from safety.words import fold

Json = dict[str, Any]
DOES = "after_alarm"  # of a button: the kind of answer, and the level of the alarm that it answers
CHIPS = ("called", "not_it", "other")
NOT_IT = "not_it"
SEEN = "seen"
QUESTION = "question"  # the answer to "is this an emergency?" of somebody who only wants to know something
UNSURE = ("unknown", "clarify", "out_of_scope", "refusal")
WORD = re.compile(r"[^\W_]+")


class AfterAlarm:
    """Reads what is written while an alarm is open."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        self._longest = int(lexicon["longest"])
        self._open = lexicon["open"]
        self._meanwhile = frozenset(lexicon["answered_meanwhile"])
        self._if_calm = frozenset(lexicon["answered_if_calm"])
        self._held = frozenset(lexicon["held_while_urgent"])
        self._yes = tuple(lexicon["yes"])
        self._starts = _any_of(lexicon["question_starts"])
        self._asks = re.compile(f"^(?:{_any_of(lexicon['before_questions']).pattern} )*{self._starts.pattern}")
        self._kinds = {kind: _any_of(phrases) for kind, phrases in lexicon["kinds"].items()}
        self._alone = {phrase: kind for kind, phrases in lexicon["alone"].items() for phrase in phrases}
        begins = lexicon["begins"]
        self._explains = re.compile(f"^{_any_of(begins[NOT_IT]).pattern}")
        self._still_bad = _any_of(lexicon["still_bad"])
        self._explained = frozenset(begins["levels"])

    @classmethod
    def load(cls, data: Path) -> AfterAlarm:
        """Reads `lexicon/after_alarm.yml` below the data folder."""
        return cls(plain_values(data / "lexicon" / "after_alarm.yml"))

    def kind(self, text: str) -> str | None:
        """Which answer to an alarm this is, or None: seen, called, joking, other, fine or not_it."""
        words = _words(text)
        if words in self._alone:
            return self._alone[words]
        if len(words.split()) > self._longest:
            return None
        kinds = (kind for kind, phrases in self._kinds.items() if phrases.search(words))
        return next((kind for kind in kinds if kind != SEEN or not self._still_bad.search(words)), None)

    def explains(self, text: str, level: str) -> bool:
        """Whether a message in which the net hears no danger says that it was not that: "no, they drove off"."""
        words = _words(text)
        return level in self._explained and bool(self._explains.search(words)) and not self._still_bad.search(words)

    def is_open(self, flag: Mapping[str, Any] | None, now: datetime) -> bool:
        """Whether an alarm still stands: it closes after some messages or some time."""
        if not flag:
            return False
        limits = self._open[flag["level"]]
        since = datetime.fromisoformat(flag["at"]) if "at" in flag else now
        return flag.get("messages", 0) < limits["messages"] and now - since < timedelta(minutes=limits["minutes"])

    def is_question(self, text: str) -> bool:
        """Whether this is a clear new question: it ends as one and has a question's word, or begins with one."""
        marked = text.rstrip().endswith("?") and self._starts.search(_words(text))
        return bool(marked or self._asks.search(_words(text)))

    def holds_back(self, level: str, drafts: Iterable[Draft], clear: bool) -> bool:
        """Whether these answers wait until the alarm has been answered. `clear`: a button, or a clear question."""
        drafts = list(drafts)
        topics = {topic for draft in drafts for topic in draft.body.get("topics", ())}
        if topics and topics <= self._meanwhile:
            return False
        begins = any(_words(draft.body.get("text", "")).startswith(self._yes) for draft in drafts)
        unsure = not topics and any(draft.kind in UNSURE for draft in drafts)
        if level == "urgent":
            return begins or unsure or bool(topics & self._held)
        if level == "crisis" and clear:
            return begins or unsure or bool(topics & self._held)
        return begins or not (clear and topics and topics <= self._if_calm)


def _words(text: str) -> str:
    return " ".join(WORD.findall(fold(text)))


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, phrases), key=len, reverse=True)) + r")\b")
