"""The sheet of one patient: the answers given so far, and what is asked next. It travels in one Rasa slot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from knowledge.screening import Answer, Card, Question, Screening

Json = dict[str, Any]
RESTS: tuple[Answer, ...] = ("no", "not_sure", "skipped")


@dataclass(frozen=True)
class Sheet:
    """The state of one screening.

    `style` is "cards" (a list to tick) or "one_by_one". `at` is what is being asked: a card's id, or a question's when
    it goes one by one; `shown` is what was last shown in full. `last` are the questions that were answered last: what a
    slip takes back. `again` is the question that was asked once more because the answer to it was not sure.
    `alarmed` stays once an answer was an emergency, so that taking it back keeps the warning; `sent` once the front
    desk has a result.
    """

    style: str = "cards"
    answers: Mapping[str, Answer] = field(default_factory=dict)
    at: str | None = None
    shown: str | None = None
    last: tuple[str, ...] = ()
    again: str | None = None
    alarmed: bool = False
    sent: bool = False
    stopped: bool = False

    @classmethod
    def of(cls, slot: Any, screening: Screening) -> Sheet:
        """The sheet of a slot; names that the questions no longer have are left out."""
        given: Json = slot if isinstance(slot, dict) else {}
        answers = {
            name: answer
            for name, answer in dict(given.get("answers") or {}).items()
            if name in screening.questions and answer in screening.questions[name].answers
        }
        names = {card.id for card in screening.cards} | set(screening.questions)
        return cls(
            style="one_by_one" if given.get("style") == "one_by_one" else "cards",
            answers=answers,
            at=at if (at := given.get("at")) in names else None,
            shown=given.get("shown"),
            last=tuple(name for name in given.get("last") or () if name in screening.questions),
            again=given.get("again"),
            alarmed=bool(given.get("alarmed")),
            sent=bool(given.get("sent")),
            stopped=bool(given.get("stopped")),
        )

    def slot(self) -> Json:
        """The sheet as plain data."""
        return {
            "style": self.style,
            "answers": dict(self.answers),
            "at": self.at,
            "shown": self.shown,
            "last": list(self.last),
            "again": self.again,
            "alarmed": self.alarmed,
            "sent": self.sent,
            "stopped": self.stopped,
        }

    def asked(self, screening: Screening) -> tuple[Question, ...]:
        """The questions that were asked last."""
        if self.at is None:
            return ()
        if self.at in screening.questions:
            return (screening.questions[self.at],)
        return screening.card_of(self.at).questions

    def open(self, screening: Screening) -> str | None:
        """What is to be asked next; None when every question is answered, or an answer has ended it."""
        if screening.ended_by(self.answers):
            return None
        for card in screening.cards:
            for question in card.questions:
                if question.id not in self.answers:
                    return question.id if self.style == "one_by_one" else card.id
        return None

    def before(self, screening: Screening) -> str | None:
        """What was asked before what is asked now."""
        names = list(screening.questions) if self.at in screening.questions else [card.id for card in screening.cards]
        position = names.index(self.at) if self.at in names else 0
        return names[position - 1] if position else None

    def answered(self, screening: Screening, answers: Mapping[str, Answer]) -> Sheet:
        """The sheet with these answers; what was asked last is done once all of it is answered."""
        merged = {**self.answers, **answers}
        done = all(question.id in merged for question in self.asked(screening))
        alarm = screening.outcome({**dict.fromkeys(screening.questions, "no"), **answers}).outcomes[0]
        return replace(
            self,
            answers=merged,
            at=None if done else self.at,
            last=tuple(answers) or self.last,
            again=None if done else self.again,
            alarmed=self.alarmed or alarm == next(iter(screening.outcomes)),
        )

    def reopened(self, screening: Screening, names: Iterable[str]) -> Sheet:
        """The sheet with these questions to be asked again, and nothing else."""
        gone = set(names)
        return replace(self, answers={n: a for n, a in self.answers.items() if n not in gone}, at=None, stopped=False)


def ticked(screening: Screening, card: Any) -> dict[str, Answer] | None:
    """The answers of a card that came back as a choice: {"id", "ticked": [...], "not_sure": [...], "rest": "no"}.

    None if it is not the answer to one of our cards: unknown ids change nothing.
    """
    if not isinstance(card, dict) or not isinstance(card.get("id"), str):
        return None
    rest = card.get("rest", "no")
    try:
        asked = _questions(screening.card_of(card["id"]), card["id"])
        yes, unsure = _names(card.get("ticked")), _names(card.get("not_sure"))
    except (KeyError, TypeError):
        return None
    known = {question.id for question in asked}
    if rest not in RESTS or not yes | unsure <= known:
        return None
    return {q: "yes" if q in yes else "not_sure" if q in unsure else rest for q in (question.id for question in asked)}


def _questions(card: Card, name: str) -> tuple[Question, ...]:
    return tuple(question for question in card.questions if name in (card.id, question.id))


def _names(items: Any) -> set[str]:
    """The questions of ticked items: `Q00.2`, the second part of Q00, ticks Q00."""
    return {str(item).partition(".")[0] for item in items or ()}
