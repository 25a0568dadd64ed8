"""What a message does to the safety questions: pure steps from one sheet to the next, with what is said about it.

Rasa's actions (`actions/screening.py`) take these steps; so do tests, without Rasa.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from actions.cards import Cards
from actions.reading import Reading, corrections, has, mentioned, read
from actions.sheet import Sheet, ticked
from knowledge.answers import normalise
from knowledge.screening import Answer, Screening

Json = dict[str, Any]
Next = Literal["ask", "elsewhere", "result", "stop", "listen"]
# What answers a question of the patient's while the questions are open; after it they go on.
ANSWERED_ELSEWHERE = frozenset({"faq", "refuse", "help", "follow_up", "red_flag"})
UNKNOWN = frozenset({"clarify", "nlu_fallback", "out_of_scope"})
COMMAND_OF = {
    "screening_stop": "stop",
    "goodbye": "stop",
    "screening_change": "back",
    "follow_up/why": "why",
    "screening": "repeat",
}


@dataclass(frozen=True)
class Said:
    """A message: its words, what it was understood as, the card that came back with it, and what was on the screen
    when it was written (None where the channel cannot tell).
    """

    text: str = ""
    intent: str = ""
    card: Any = None
    on_screen: str | None = None

    @property
    def group(self) -> str:
        """The intent without its topic."""
        return self.intent.partition("/")[0]


@dataclass(frozen=True)
class Step:
    """The sheet afterwards, what is said, and what comes next: the next card, an answer by somebody else and then the
    card, the result, the end, or nothing.
    """

    sheet: Sheet
    says: tuple[Json, ...] = ()
    next: Next = "ask"
    elsewhere: bool = False  # the message is also answered by somebody else


class Steps:
    """The steps, from one state of the knowledge."""

    def __init__(self, cards: Cards, screening: Screening) -> None:
        self._cards = cards
        self._screening = screening

    def start(self, sheet: Sheet, said: Said, *, done: bool, told: Mapping[str, Answer], style: str) -> Step:
        """Begin, with what was told before standing ticked. Where there is a result, it is said again; to start again
        is asked first.
        """
        again = isinstance(said.card, dict) and said.card.get("again") is True
        if done and not again:
            return Step(sheet, (self._cards.standing(sheet),), "listen")
        known = {name: a for name, a in mentioned(said.text, self._screening).items() if a != "no"}
        kept = {} if done else sheet.answers
        ticks = {name: answer for name, answer in told.items() if name in self._screening.questions}
        begun = Sheet(style=style, alarmed=sheet.alarmed).answered(self._screening, {**ticks, **kept, **known})
        if self._screening.ended_by(begun.answers):
            return Step(begun, next="result")
        return Step(begun, (self._cards.start(),))

    def ask(self, sheet: Sheet) -> Step:
        """The next card; if it is on the screen already, only that it is still open."""
        at = sheet.at or sheet.open(self._screening)
        docked = sheet.at is not None and sheet.at == sheet.shown
        after = replace(sheet, at=at, shown=at)
        return Step(after, (self._cards.ask(after, docked=docked),), "listen")

    def answer(self, sheet: Sheet, said: Said) -> Step:
        """Read a message while the questions are open."""
        if said.intent == "red_flag":
            return Step(sheet, next="elsewhere")
        on_screen = said.on_screen is None or said.on_screen == sheet.at
        chosen = ticked(self._screening, said.card)
        reading = Reading(answers=chosen) if chosen else read(said.text, self._screening, sheet, on_screen=on_screen)
        if reading.answers or reading.again:
            return self._answered(sheet, said, reading)
        if command := reading.command or (None if reading.unread or reading.part else COMMAND_OF.get(said.intent)):
            return self._command(sheet, command)
        theirs = said.group in ANSWERED_ELSEWHERE or (reading.asks and said.intent in UNKNOWN)
        if theirs and (reading.asks or not (reading.unread or reading.part)):
            return Step(sheet, next="elsewhere")
        sentence = "moved_on" if reading.unread else "part_no" if reading.part else "not_read"
        return Step(sheet, (self._say(sentence),))

    def change(self, sheet: Sheet, said: Said, *, done: bool) -> Step:
        """Take up what changes an answer while no question is open: renew the result, ask again what a "no" leaves
        open, or ask what should be changed.
        """
        if name := self._card_to_show(said.card):
            return Step(replace(sheet, at=name, shown=None, stopped=False))
        mentions = mentioned(said.text, self._screening)
        told = {name: a for name, a in mentions.items() if a != "no" and sheet.answers.get(name) != a}
        if not done:
            return self._told_before(sheet, said, told)
        corrected = corrections(said.text, self._screening, sheet)
        reading = read(said.text, self._screening, replace(sheet, at=None), on_screen=False)
        whole = {n: a for n, a in reading.answers.items() if a == "no" and sheet.answers.get(n, "no") != "no"}
        if changes := {**told, **whole, **corrected}:
            after = sheet.reopened(self._screening, reading.again).answered(self._screening, changes)
            return Step(after, next="ask" if after.open(self._screening) else "result")
        if reading.again:
            return Step(sheet.reopened(self._screening, reading.again))
        if known := [name for name, answer in mentions.items() if answer != "no"]:
            return Step(sheet, (self._say("already", kind="chat", labels=self._cards.labels(known)),), "listen")
        if reading.command == "undo" and sheet.last:
            return Step(replace(sheet, at=self._place(sheet, sheet.last[0]), shown=None))
        return Step(sheet, (self._cards.which(),) if said.intent == "screening_change" else (), "listen")

    def card_late(self, sheet: Sheet, said: Said) -> Step:
        """A card that is answered while none is open."""
        if not (answers := ticked(self._screening, said.card)):
            return Step(sheet, (self._say("nothing_open", kind="chat", offer=["screening"]),), "listen")
        after = replace(sheet, at=None, stopped=False).answered(self._screening, answers)
        return Step(after, next="ask" if after.open(self._screening) else "result")

    def _told_before(self, sheet: Sheet, said: Said, told: Mapping[str, Answer]) -> Step:
        plain, words = normalise(said.text), self._screening.words
        if not told:
            slip = sheet.alarmed and has(plain, (*words["slip"], *words["wrong"]))
            sentence = "alarm_slip" if slip else "nothing_open"
            return Step(sheet, (self._say(sentence, kind="chat", offer=["screening"]),), "listen")
        after = sheet.answered(self._screening, told)
        if self._cards.alarm(after):
            return Step(after, next="result")
        nothing: dict[str, Answer] = dict.fromkeys(self._screening.questions, "no")
        alone = {**nothing, **told}
        reasons = self._cards.reasons(self._screening.outcome(alone).reasons)
        message = self._say("mentioned", kind="chat", offer=["screening"], reasons=f"\n{reasons}\n")
        return Step(after, (message,), "listen")

    def _answered(self, sheet: Sheet, said: Said, reading: Reading) -> Step:
        asked = [question.id for question in sheet.asked(self._screening)]
        if unsure := self._unsure(sheet, reading.answers):
            after = replace(sheet, again=unsure)
            return Step(after, ({"text": self._cards.again(unsure), "json_message": {"kind": "screening"}},))
        after = sheet.reopened(self._screening, reading.again) if reading.again else sheet
        after = after.answered(self._screening, reading.answers)
        if after.open(self._screening) is None:
            return Step(after, next="result", elsewhere=self._also_asks(said, reading, after))
        says = list(self._notes(sheet, after, asked, reading))
        return Step(after, tuple(says), elsewhere=self._also_asks(said, reading, after))

    def _unsure(self, sheet: Sheet, answers: Mapping[str, Answer]) -> str | None:
        """A question that is asked once more, because being not sure of it would end the questions."""
        for name, answer in answers.items():
            question = self._screening.questions[name]
            if question.again and answer in ("not_sure", "skipped") and sheet.again != name:
                return name
        return None

    def _notes(self, before: Sheet, after: Sheet, asked: list[str], reading: Reading) -> Iterable[Json]:
        """What was understood, where the card itself does not show it."""
        if reading.took_back:
            yield self._say("took_back", labels=self._cards.labels(reading.took_back), answer=self._as(reading))
            return
        in_card = after.at is not None and after.at == before.at
        groups = {
            "ticked": [n for n, a in reading.answers.items() if a != "no" and n in asked and in_card],
            "noted": [n for n, a in reading.answers.items() if a != "no" and n not in asked],
            "noted_no": [n for n, a in reading.answers.items() if a == "no" and (n not in asked or in_card)],
        }
        for sentence, names in groups.items():
            if names:
                yield self._say(sentence, labels=self._cards.labels(names))

    def _as(self, reading: Reading) -> str:
        return self._screening.labels[next(iter(reading.answers.values()))].lower()

    def _also_asks(self, said: Said, reading: Reading, after: Sheet) -> bool:
        return reading.asks and said.group in ANSWERED_ELSEWHERE and not self._cards.alarm(after)

    def _command(self, sheet: Sheet, command: str) -> Step:
        if command == "stop":
            return Step(replace(sheet, stopped=True), next="stop")
        if command == "skip":
            asked = [question.id for question in sheet.asked(self._screening)]
            skipped: dict[str, Answer] = {name: "skipped" for name in asked if name not in sheet.answers}
            if unsure := self._unsure(sheet, skipped):
                text = self._cards.again(unsure)
                return Step(replace(sheet, again=unsure), ({"text": text, "json_message": {"kind": "screening"}},))
            after = sheet.answered(self._screening, skipped)
            if after.open(self._screening) is None:
                return Step(after, next="result")
            return Step(after, (self._say("skipped"),))
        if command in ("back", "undo"):
            slip = command == "undo" and sheet.last
            before = self._place(sheet, sheet.last[0]) if slip else sheet.before(self._screening)
            return Step(replace(sheet, at=before)) if before else Step(sheet, (self._say("first"),))
        if command == "why":
            return Step(sheet, ({"text": self._cards.why(sheet), "json_message": {"kind": "screening"}},))
        if command == "one_by_one":
            return Step(replace(sheet, style="one_by_one", at=None), (self._say("one_by_one"),))
        return Step(sheet, (self._cards.how_long(sheet),) if command == "how_long" else ())

    def _place(self, sheet: Sheet, name: str) -> str:
        """Where a question is asked: at itself, or on its card."""
        return name if sheet.style == "one_by_one" else self._screening.card_of(name).id

    def _card_to_show(self, card: Any) -> str | None:
        """The id of the card to show again, if it is one of ours and was not answered."""
        name = card.get("id") if isinstance(card, dict) and "ticked" not in card else None
        return name if name in {card.id for card in self._screening.cards} else None

    def _say(self, sentence: str, *, kind: str = "screening", offer: Iterable[str] = (), **values: object) -> Json:
        return self._cards.said(sentence, offer, kind, **values)
