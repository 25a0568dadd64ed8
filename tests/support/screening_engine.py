"""An engine that knows the safety questions alone, without Rasa: the same steps, and the same memory, which is none."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

from actions.cards import Cards
from actions.sheet import Sheet
from actions.steps import Said, Step, Steps
from gateway.engine.client import Asked, EngineReply, EngineUnavailable
from gateway.storage import screening_slots
from knowledge import Knowledge

Json = dict[str, Any]
BEGIN = "is it safe for me"
QUESTION = "how sore will i be?"


class ScreeningEngine:
    """Decides in this process; it can be slow, or away."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._screening = knowledge.screening
        self._cards = Cards(knowledge, knowledge.screening)
        self._steps = Steps(self._cards, knowledge.screening)
        self.pause = 0.0
        self.away = False

    async def ask(self, asked: Asked) -> EngineReply:
        """What the form, its rules and its actions would do."""
        await asyncio.sleep(self.pause)
        if self.away:
            raise EngineUnavailable("refused")
        slots = json.loads(json.dumps(asked.slots))
        on_screen = slots.pop("on_screen")
        sheet = Sheet.of(slots.get(screening_slots.SLOT), self._screening)
        choice = asked.choice or {}
        card = (choice.get("entities") or {}).get("card")
        said = Said(asked.text, str(choice.get("intent") or _understood(asked.text)), card, on_screen)
        done = bool(slots.get("screening_done"))
        if slots.get("requested_slot") == screening_slots.ASKS:
            step = self._steps.answer(sheet, said)
        elif said.intent == "screening":
            style = slots.get("screening_style") or "cards"
            step = self._steps.start(sheet, said, done=done, told={}, style=style)
        elif said.intent == "screening_card":
            step = self._steps.card_late(sheet, said)
        else:
            step = self._steps.change(sheet, said, done=done)
        messages, slots = self._then(step, slots)
        kind = str(messages[0].get("custom", {}).get("kind") or "chat") if messages else "chat"
        return EngineReply(kind, intent=said.intent, slots=slots, messages=tuple(messages))

    async def ready(self) -> str:
        """Always."""
        return "ok"

    def _then(self, step: Step, slots: Json) -> tuple[list[Json], Json]:
        """What is said in the end, and the slots afterwards."""
        messages = [_message(given) for given in step.says]
        if step.next == "elsewhere" or step.elsewhere:
            messages.append({"text": "That depends.", "custom": {"kind": "chat"}})
        bare = {name: value for name, value in slots.items() if not name.startswith(screening_slots.SLOT)}
        bare.pop("requested_slot", None)
        if step.next == "stop":
            return [*messages, {"text": "I stopped.", "custom": {"kind": "chat"}}], bare
        if step.next == "result":
            if alarm := self._cards.alarm(step.sheet):
                return [_message(alarm)], {**bare, screening_slots.SLOT: {"alarmed": True}}
            sheet = replace(step.sheet, at=None, shown=None)
            kept = {**bare, screening_slots.SLOT: sheet.slot(), "screening_done": True}
            return [*messages, _message(self._cards.result(sheet))], kept
        if step.next == "listen":
            return messages or [{"text": "Yes?", "custom": {"kind": "chat"}}], {
                **slots,
                screening_slots.SLOT: step.sheet.slot(),
            }
        asks = self._steps.ask(step.sheet)
        open_now = {screening_slots.SLOT: asks.sheet.slot(), "requested_slot": screening_slots.ASKS}
        return [*messages, *map(_message, asks.says)], {**bare, **open_now}


def _understood(text: str) -> str:
    return {BEGIN: "screening", QUESTION: "faq/soreness"}.get(text, "nlu_fallback")


def _message(given: Json) -> Json:
    return {("custom" if name == "json_message" else name): value for name, value in given.items()}
