"""What the safety questions look like and say: a card, a question, a result. Each message reads well as text alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from actions.sheet import Sheet
from knowledge import Knowledge
from knowledge.screening import Card, Question, Reason, Screening

Json = dict[str, Any]


class Cards:
    """Writes the messages, from one state of the knowledge."""

    def __init__(self, knowledge: Knowledge, screening: Screening) -> None:
        self._knowledge = knowledge
        self._screening = screening

    def say(self, name: str, **values: object) -> str:
        """One of the sentences of data/screening.yml."""
        text = self._screening.sentences[name]
        if "{kept}" in text:
            values["kept"] = self._screening.sentences["kept"]
        for key, value in values.items():
            text = text.replace(f"{{{key}}}", str(value))
        return self._knowledge.fill(text)

    def said(self, name: str, offer: Iterable[str] = (), kind: str = "chat", **values: object) -> Json:
        """A sentence as a message."""
        custom: Json = {"kind": kind}
        if offer:
            custom["offer"] = list(offer)
        return {"text": self.say(name, **values), "json_message": custom}

    def start(self) -> Json:
        """What is coming, and how long it takes."""
        return self.said("start", kind="screening", cards=len(self._screening.cards), minutes=self._screening.minutes)

    def how_long(self, sheet: Sheet) -> Json:
        """How much is left."""
        names = [card.id for card in self._screening.cards]
        left = len(names) - names.index(self._screening.card_of(sheet.at or names[0]).id)
        whole = self._screening.minutes
        return self.said("how_long", kind="screening", cards=left, minutes=max(1, -(-whole * left // len(names))))

    def again(self, name: str) -> str:
        """What is asked where an answer was not sure and that would end the questions."""
        return self._knowledge.fill(self._screening.questions[name].again)

    def standing(self, sheet: Sheet) -> Json:
        """The result that is there, in short, with the way to start again."""
        result = self._screening.outcome(sheet.answers)
        outcomes = [self._screening.outcomes[name] for name in result.outcomes]
        parts = [self.say("standing", title="; ".join(outcome.title for outcome in outcomes))]
        parts += [self._knowledge.fill(outcome.text) for outcome in outcomes]
        if result.reasons:
            parts.append(f"{self.say('reasons')}\n{self.reasons(result.reasons)}")
        again = {"title": self._screening.labels["again"], "payload": '/screening{"card": {"again": true}}'}
        shown = {"kind": "screening_result", "result": self.data(sheet), "standing": True}
        return {"text": "\n\n".join(parts), "buttons": [*self._result_buttons(), again], "json_message": shown}

    def ask(self, sheet: Sheet, *, docked: bool = False) -> Json:
        """The card or the question that the sheet is at; `docked` if it is on the screen already."""
        assert sheet.at is not None
        if sheet.at in self._screening.questions:
            return self._question(self._screening.questions[sheet.at], docked=docked)
        return self._card(self._screening.card_of(sheet.at), sheet, docked=docked)

    def why(self, sheet: Sheet) -> str:
        """Why the questions that are open now are asked."""
        asked = sheet.asked(self._screening)
        if len(asked) == 1:
            return self.say("why", why=asked[0].why_asked)
        return "\n".join([self.say("why", why=""), *(f"- {q.label}: {q.why_asked}" for q in asked)])

    def labels(self, names: Iterable[str]) -> str:
        """The questions of these names as one line: what was understood."""
        return "; ".join(self._screening.questions[name].label for name in names)

    def reasons(self, reasons: Iterable[Reason]) -> str:
        """Each reason with the person to talk to, one a line."""
        return "\n".join(
            self._knowledge.fill(f"- {reason.text} {self.say('talk_to', person=reason.talk_to)}") for reason in reasons
        )

    def alarm(self, sheet: Sheet) -> Json | None:
        """The message of an emergency, alone; None if the answers hold none."""
        worst = self._screening.outcome(sheet.answers).outcomes[0]
        if worst != next(iter(self._screening.outcomes)):
            return None
        text = self._knowledge.fill(self._screening.outcomes[worst].text)
        return {"text": text, "json_message": {"kind": "emergency"}}

    def result(self, sheet: Sheet, *, renewed: bool = False) -> Json:
        """The result: each outcome under its title, with its reasons, whom to talk to, what is kept, and what can be
        done with it.
        """
        result = self._screening.outcome(sheet.answers)
        parts = [self.say("renewed")] if renewed else []
        parts += [self.say("alarmed")] if sheet.alarmed else []
        for position, name in enumerate(result.outcomes):
            own = [reason for reason in result.reasons if reason.outcome == name]
            outcome = self._screening.outcomes[name]
            parts.append(f"{outcome.title}\n{self._knowledge.fill(outcome.text)}")
            if own:
                parts.append(f"{self.say('reasons')}\n{self.reasons(own)}" if not position else self.reasons(own))
        if also := [reason for reason in result.reasons if reason.outcome not in result.outcomes]:
            parts.append(f"{self.say('also')}\n{self.reasons(also)}")
        parts += [f"- {question.advice}" for question in self._screening.advised(sheet.answers)]
        parts += [self.say("sent_before")] if sheet.sent else []
        parts += [self.say("result_end"), self.say("result_next")]
        return {
            "text": "\n\n".join(parts),
            "buttons": self._result_buttons(),
            "json_message": {"kind": "screening_result", "result": self.data(sheet)},
        }

    def data(self, sheet: Sheet) -> Json:
        """The result as plain data, from which a sheet can be printed or sent."""
        result = self._screening.outcome(sheet.answers)
        return {
            "outcomes": [
                {"id": name, "title": outcome.title, "text": self._knowledge.fill(outcome.text)}
                for name in result.outcomes
                for outcome in [self._screening.outcomes[name]]
            ],
            "reasons": [
                {
                    "question": reason.question,
                    "answer": reason.answer,
                    "outcome": reason.outcome,
                    "text": self._knowledge.fill(reason.text),
                    "talk_to": self._knowledge.fill(reason.talk_to),
                }
                for reason in result.reasons
            ],
            "answers": dict(sheet.answers),
            "alarmed": sheet.alarmed,
        }

    def sheet(self, sheet: Sheet) -> Json:
        """All answers as text, for channels that cannot print."""
        labels = self._screening.labels
        lines = [
            self.say("sheet_line", label=question.label, answer=labels[sheet.answers[question.id]])
            for question in self._screening.questions.values()
            if question.id in sheet.answers
        ]
        custom = {"kind": "screening_result", "result": self.data(sheet), "print": True}
        return {"text": "\n".join([self.say("sheet"), *lines]), "json_message": custom}

    def which(self) -> Json:
        """A button for each card, to change an answer on it."""
        buttons = [
            {"title": card.title, "payload": "/screening_change" + json.dumps({"card": {"id": card.id}})}
            for card in self._screening.cards
        ]
        return {"text": self.say("change_which"), "buttons": buttons, "json_message": {"kind": "chat"}}

    def _result_buttons(self) -> list[Json]:
        labels = self._screening.labels
        return [{"title": labels[name], "payload": f"/screening_{name}"} for name in ("print", "send", "change")]

    def _card(self, card: Card, sheet: Sheet, *, docked: bool) -> Json:
        labels, number = self._screening.labels, self._screening.cards.index(card) + 1
        items: list[Json] = []
        for question in card.questions:
            for name, label in question.items:
                item: Json = {"id": name, "label": label, "help": question.help, "why": question.why_asked}
                if question.id in sheet.answers:
                    item["answer"] = sheet.answers[question.id]
                items.append(item)
        lines = [self.say("card", number=number, of=len(self._screening.cards), title=card.title, ask=card.ask)]
        lines += [f"{position}. {item['label']}" for position, item in enumerate(items, start=1)]
        if known := [q.id for q in card.questions if sheet.answers.get(q.id) == "yes"]:
            lines.append(self.say("card_noted", labels=self.labels(known)))
        lines.append(self.say("card_how"))
        shown: Json = {
            "id": card.id,
            "title": card.title,
            "ask": card.ask,
            "number": number,
            "of": len(self._screening.cards),
            "items": items,
            "none_label": labels["none"],
            "not_sure_label": labels["not_sure"],
            "skip_label": labels["skip"],
            "done_label": labels["done"],
            "back_label": labels["back"] if number > 1 else None,
            "stop_label": labels["stop"],
            "why_label": labels["why"],
        }
        if len(items) == 1:  # a card of one question is answered with yes or no
            shown |= {"yes_label": labels["yes"], "no_label": labels["no"]}
        text = self.say("still_open", number=number, of=len(self._screening.cards), title=card.title)
        custom: Json = {"kind": "screening", "asks": card.id, "card": shown, **({"docked": True} if docked else {})}
        return {"text": text if docked else "\n".join(lines), "json_message": custom}

    def _question(self, question: Question, *, docked: bool) -> Json:
        labels, names = self._screening.labels, list(self._screening.questions)
        number = names.index(question.id) + 1
        text = self.say("question", number=number, of=len(names), question=question.question)
        choices: list[tuple[str, Json]] = [
            (labels["yes"], {"id": question.id, "ticked": [question.id]}),
            (labels["no"], {"id": question.id, "ticked": [], "rest": "no"}),
            (labels["not_sure"], {"id": question.id, "ticked": [], "rest": "not_sure"}),
        ]
        buttons = [{"title": t, "payload": "/screening_card" + json.dumps({"card": card})} for t, card in choices]
        more = [] if docked else [question.help, self.say("question_how")] if number == 1 else [question.help]
        custom = {"kind": "screening", "asks": question.id}
        return {"text": "\n".join([text, *more]), "buttons": buttons, "json_message": custom}
