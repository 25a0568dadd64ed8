"""One turn: what a patient's message leads to. Nothing is stored here; `conversations.py` does that.

The order is the safety of it: the red-flag net first, always; then who has the conversation; then the engine.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, cast

from gateway.chat.replies import Replies
from gateway.engine.busy import Busy
from gateway.engine.client import Asked, Engine, EngineUnavailable, Heard
from gateway.errors import describe
from gateway.handoff.patients import Patients
from gateway.storage import screening_slots
from gateway.storage.records import Conversation, Draft, Turn, TurnOutcome
from safety import Finding, Level, SafetyNet

Json = dict[str, Any]
SMALL_TALK = ("greeting", "thanks", "goodbye")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decided(TurnOutcome):
    """An outcome, with what the engine was asked and said for a candidate that runs beside it; that is not stored."""

    heard: Heard | None = None


class Turns:
    """Decides what a message leads to."""

    def __init__(self, net: SafetyNet, engine: Engine, replies: Replies, patients: Patients, busy: Busy) -> None:
        self._net = net
        self._engine = engine
        self._replies = replies
        self._patients = patients
        self._busy = busy
        # One thread: a long message does not hold up the others, and spaCy is never entered twice at once.
        self._net_thread = ThreadPoolExecutor(1, "red-flag-net")

    async def decide(self, turn: Turn) -> Decided:
        """What this message leads to, whatever else is down."""
        with self._busy.at_work():
            return await self._decide(turn)

    async def _decide(self, turn: Turn) -> Decided:
        conversation, text, does = turn.conversation, turn.message.body["text"], turn.does
        if does is None and (finding := await self.danger(text, _previous(conversation), turn.before)):
            return self._red_flag(conversation, finding)
        if conversation.silent_about(turn.message.seq):
            return Decided()
        if does and does.get("handoff") == "cancel":
            return Decided(replies=(self._patients.cancelled(conversation),), cancel_handoff=True)
        outcome = await self._without_danger(turn)
        if flag := conversation.red_flag:
            outcome = self._reminded(outcome, flag)
        if "engine_down" in outcome.desk:
            outcome = self._asked_again(turn, outcome)
        more = bool(does and "more" in does)
        return outcome if more else await self._patients.handed_over(conversation, outcome)

    async def _without_danger(self, turn: Turn) -> Decided:
        conversation, text, does = turn.conversation, turn.message.body["text"], turn.does
        if does and self._replies.knows(topic := does.get("more", "")):
            return Decided(replies=(self._replies.answer(topic, long=True, slots=conversation.slots),))
        if does and "intent" not in does:
            text, does = does.get("say", text), None
        return await self._ask(turn, text, does)

    def close(self) -> None:
        """Nothing more comes."""
        self._net_thread.shutdown(wait=False)

    def failed(self, turn: Turn) -> Decided:
        """What is said when no decision could be made."""
        return self._asked_again(turn, Decided(replies=tuple(self._replies.engine_down()), desk=("failed",)))

    def _asked_again(self, turn: Turn, outcome: Decided) -> Decided:
        """After a failure the card that was open is shown again: what was ticked is lost."""
        open_now = (screening_slots.at(turn.conversation.slots), screening_slots.answered(turn.does))
        if turn.card is None or turn.card["card"]["id"] not in open_now:
            return outcome
        return replace(outcome, replies=(*outcome.replies, self._replies.card_again(turn.card)))

    async def danger(self, text: str, previous: Finding | None = None, before: Sequence[str] = ()) -> Finding | None:
        """What the red-flag net finds in what somebody typed, read with what they wrote just before."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._net_thread, self._net.check, text, previous, before)
        except Exception as error:
            # The engine has the same net as a component, so going on is safer than giving no answer.
            log.error("the red-flag net failed (%s)", describe(error))
            return None

    def _red_flag(self, conversation: Conversation, finding: Finding) -> Decided:
        log.info("red flag %s (%s)", finding.sign, finding.level)
        return Decided(
            replies=tuple(self._replies.alarm(cast(Level, finding.level), finding.reply)),
            desk=(cast(Level, finding.level),),
            **self._screening_ends(conversation, conversation.slots, finding.level),
            red_flag={
                "level": finding.level,
                "sign": finding.sign,
                "signs": list(finding.signs),
                "reply": finding.reply,
            },
        )

    def _screening_ends(self, conversation: Conversation, slots: Json, level: str) -> dict[str, Any]:
        """A red flag ends the safety questions, and nothing that was answered is kept."""
        gone = screening_slots.SLOT in conversation.slots
        return {
            "slots": screening_slots.without_answers(slots, emergency=level == "emergency"),
            "screening_gone": self._replies.screening_deleted() if gone else None,
        }

    def _reminded(self, outcome: Decided, flag: Json) -> Decided:
        """After a red flag the next question is answered with a reminder. Small talk is not gone on with: it gets the
        reminder alone, and the question after it gets it too.
        """
        if outcome.small_talk:
            return replace(outcome, replies=(self._replies.reminder(flag["level"]),), red_flag=flag)
        return replace(outcome, replies=self._replies.reminded(flag["level"], outcome.replies))

    async def _ask(self, turn: Turn, text: str, does: Json | None) -> Decided:
        conversation = turn.conversation
        style = screening_slots.ONE_BY_ONE if conversation.text_only else {}
        asked = Asked(conversation.id, text, does, {**conversation.slots, **style}, turn.before)
        try:
            reply = await self._engine.ask(asked)
        except EngineUnavailable as error:
            log.warning("%s", error)
            return Decided(self._without_engine(conversation, does), desk=("engine_down",))
        heard = None if does else Heard(asked, reply)
        replies = tuple(self._replies.decided(reply, text))
        if alarm := reply.alarm:
            ends = self._screening_ends(conversation, reply.slots, alarm)
            found: dict[str, Any] = {"red_flag": reply.red_flag or {}, "heard": heard, **ends}
            return Decided(replies, desk=(alarm,), **found)
        deleted = screening_slots.deleted(conversation.slots, reply.slots)
        return Decided(
            replies=replies,
            desk=(reply.handoff,) if reply.handoff else (),
            small_talk=reply.intent in SMALL_TALK,
            slots=reply.slots,
            screening_gone=self._replies.screening_deleted() if deleted else None,
            heard=heard,
        )

    def _without_engine(self, conversation: Conversation, does: Json | None) -> tuple[Draft, ...]:
        """A button that asks for a topic needs no engine to be answered."""
        topic = str((does or {}).get("intent", "")).removeprefix("faq/")
        if self._replies.knows(topic):
            return (self._replies.answer(topic, slots=conversation.slots),)
        return tuple(self._replies.engine_down())


def _previous(conversation: Conversation) -> Finding | None:
    flag = conversation.red_flag
    return Finding(flag["level"], flag["sign"], tuple(flag["signs"]), flag["reply"]) if flag else None
