"""What is said to who only tells something: it is noted in kind words, and the likeliest questions are offered.

A pain or a body part that is named is what they come for, unless the words speak of what follows needling.

Pure: replies and record go in, replies come out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.answers.answer_parts import about_conditions
from gateway.chat.noting import Noting
from gateway.chat.record import ChatRecord, topic_of
from gateway.chat.replies import CONDITION_HELP, Replies
from gateway.storage import screening_slots
from gateway.storage.records import Draft
from knowledge import Knowledge
from nlu.segments import split

Json = dict[str, Any]
POSSESSIVE = re.compile(r"['’]s\b")  # "my neck's been sore"
DENIAL = 8  # words of a message that only denies


@dataclass(frozen=True)
class Noted:
    """What is said to it, and the sources of what is said."""

    text: str
    sources: tuple[str, ...] = ()


class Telling:
    """Reads what tells something, with the words of one state of the knowledge."""

    def __init__(self, knowledge: Knowledge, replies: Replies, noting: Noting) -> None:
        self._knowledge = knowledge
        self._talk = knowledge.talk
        self._replies = replies
        self._noting = noting

    def tells(self, text: str) -> bool:
        """Whether a message only tells something, and no part of it asks."""
        return self._talk.is_statement(text) and not any(part.asks for part in split(text.lower()))

    def only_denies(self, text: str) -> bool:
        """Whether a message only says what is not so: "no pills, no pregnancy"."""
        short = len(text.split()) <= DENIAL and "?" not in text
        return short and self._noting.denies(text) and not any(part.asks for part in split(text.lower()))

    def noted(self, record: ChatRecord, text: str) -> Noted:
        """What is said to it: the fact that it tells, with what follows from it, or kind words that fit."""
        if self._knowledge.translation:  # the words are English
            return Noted(self._knowledge.wording("talk_noted"))
        told = self._noting.note(replace(record, told=()), text).told
        facts = [(self._talk.facts[each.fact], each.who) for each in told if each.fact in self._talk.facts]
        for fact, who in facts:
            if not fact.denies:
                person = self._talk.person(who)
                said = self._knowledge.wording("talk_noted_fact", clause=fact.clause(person.name if person else ""))
                line = f" {fact.line.text}" if fact.line else ""
                return Noted(f"{said}{line}", fact.line.sources if fact.line else ())
        kind = next((telling for telling in self._talk.tellings if telling.fits(text)), None)
        return Noted(kind.text if kind else self._knowledge.wording("talk_noted"))

    def problem(self, record: ChatRecord, text: str) -> Draft | None:
        """What is known of the problem or body part that a message names, unless that was said."""
        if self._knowledge.translation or not self._replies.knows(CONDITION_HELP):
            return None
        text = POSSESSIVE.sub("", text)
        found = about_conditions(self._knowledge, text)
        if found is None or all(record.has_said(paragraph) for paragraph in found[0].split("\n\n")):
            return None
        return self._replies.answer(CONDITION_HELP, asked=text)

    def came_for(self, replies: Sequence[Draft], record: ChatRecord, text: str) -> Sequence[Draft]:
        """The answer on the pain for which somebody comes, where "sore" was taken for what follows needling."""
        after = self._talk.after_needling
        if after is None or self._knowledge.translation or after.is_meant(text):
            return replies
        first = next((draft for draft in replies if draft.kind == "answer"), None)
        if first is None or first.body.get("topic") not in after.topics or topic_of(record.last) in after.topics:
            return replies
        if "?" in text or any(part.asks for part in split(text.lower())):
            return replies
        if not after.hurts(text):
            return (self._replies.own_words("clarify", self.noted(record, text).text),) if self.tells(text) else replies
        named = " ".join((text, *record.named[:1]))
        answer = self.problem(record, named) or self._which_pain(after.topics[0], after.instead)
        beside = self._talk.doctor_beside
        others = [d for d in replies if d.kind in screening_slots.KINDS or d.body.get("topic") in beside]
        return (answer, *others)

    def _which_pain(self, after: str, instead: str) -> Draft:
        say = self._knowledge.wording
        buttons = [
            (say("label_pain_come_for"), {"intent": f"faq/{instead}"}),
            (say("label_ache_after"), {"intent": f"faq/{after}"}),
        ]
        return self._replies.own_words("clarify", say("talk_which_pain"), buttons)
