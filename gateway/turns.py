"""One turn: what a patient's message leads to. Nothing is stored here; `conversations.py` does that.

The order is the safety of it: the red-flag net first, always; then who has the conversation; then the engine.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

from gateway import screening
from gateway.busy import Busy
from gateway.desk.patients import Patients
from gateway.engine import Engine, EngineUnavailable
from gateway.logs import describe
from gateway.replies import Replies
from gateway.store import Conversation, Draft, Outcome, Turn
from gateway.studio.shadow import Heard
from safety import Finding

Json = dict[str, Any]
SMALL_TALK = ("greeting", "thanks", "goodbye")
log = logging.getLogger(__name__)


class RedFlagNet(Protocol):
    """Finds signs of danger in a message; `safety.Net` does."""

    def check(self, text: str, previous: Finding | None = None, before: Sequence[str] = ()) -> Finding | None: ...


class Turns:
    """Decides what a message leads to."""

    def __init__(
        self, net: RedFlagNet, engine: Engine, replies: Replies, engine_turns: int, patients: Patients, busy: Busy
    ) -> None:
        self._net = net
        self._engine = engine
        self._replies = replies
        self._engine_turns = engine_turns
        self._patients = patients
        self._busy = busy
        # One thread: a long message does not hold up the others, and spaCy is never entered twice at once.
        self._net_thread = ThreadPoolExecutor(1, "red-flag-net")

    async def decide(self, turn: Turn) -> Outcome:
        """What this message leads to, whatever else is down."""
        with self._busy.at_work():
            return await self._decide(turn)

    async def _decide(self, turn: Turn) -> Outcome:
        conversation, text, does = turn.conversation, turn.message.body["text"], turn.does
        if does is None and (finding := await self.danger(text, _previous(conversation), turn.before)):
            return self._red_flag(conversation, finding)
        if conversation.silent_about(turn.message.seq):
            return Outcome()
        if does and does.get("handoff") == "cancel":
            return Outcome(replies=(self._patients.cancelled(conversation),), cancel_handoff=True)
        outcome = await self._without_danger(conversation, text, does)
        if flag := conversation.red_flag:
            outcome = self._reminded(outcome, flag)
        if "engine_down" in outcome.desk:
            outcome = self._asked_again(turn, outcome)
        more = bool(does and "more" in does)
        return outcome if more else await self._patients.handed_over(conversation, outcome)

    async def _without_danger(self, conversation: Conversation, text: str, does: Json | None) -> Outcome:
        if does and self._replies.knows(topic := does.get("more", "")):
            return Outcome(replies=(self._replies.answer(topic, long=True, slots=conversation.slots),))
        if does and "intent" not in does:
            text, does = does.get("say", text), None
        return await self._ask(conversation, text, does)

    def close(self) -> None:
        """Nothing more comes."""
        self._net_thread.shutdown(wait=False)

    def failed(self, turn: Turn) -> Outcome:
        """What is said when no decision could be made."""
        outcome = Outcome(
            replies=tuple(self._replies.engine_down()),
            desk=("failed",),
            engine_epoch=turn.conversation.engine_epoch + 1,
            engine_turns=0,
        )
        return self._asked_again(turn, outcome)

    def _asked_again(self, turn: Turn, outcome: Outcome) -> Outcome:
        """After a failure the card that was open is shown again: what was ticked is lost."""
        open_now = (screening.at(turn.conversation.slots), screening.answered(turn.does))
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

    def _red_flag(self, conversation: Conversation, finding: Finding) -> Outcome:
        log.info("red flag %s (%s)", finding.sign, finding.level)
        return Outcome(
            replies=tuple(self._replies.alarm(finding.level, finding.reply)),
            desk=(finding.level,),
            # A new tracker: whatever form the engine was in the middle of ends here.
            engine_epoch=conversation.engine_epoch + 1,
            engine_turns=0,
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
        gone = screening.SLOT in conversation.slots
        return {
            "slots": screening.without_answers(slots, emergency=level == "emergency"),
            "screening_gone": self._replies.screening_deleted() if gone else None,
        }

    def _reminded(self, outcome: Outcome, flag: Json) -> Outcome:
        """After a red flag the next question is answered with a reminder. Small talk is not gone on with: it gets the
        reminder alone, and the question after it gets it too.
        """
        if outcome.small_talk:
            return replace(outcome, replies=(self._replies.reminder(flag["level"]),), red_flag=flag)
        return replace(outcome, replies=self._replies.reminded(flag["level"], outcome.replies))

    async def _ask(self, conversation: Conversation, text: str, does: Json | None) -> Outcome:
        epoch, turns = conversation.engine_epoch, conversation.engine_turns
        # The engine's cost grows with its tracker. Not while it is asking for something: it would forget that.
        if turns >= self._engine_turns and not conversation.slots.get("requested_slot"):
            epoch, turns = epoch + 1, 0
        try:
            reply = await self._engine.ask(
                sender=f"{conversation.id}-{epoch}",
                text=text,
                choice=does,
                slots={**conversation.slots, **(screening.ONE_BY_ONE if conversation.text_only else {})},
            )
        except EngineUnavailable as error:
            log.warning("%s", error)
            # It may have heard the message after all, so the next one starts a new tracker.
            said = self._without_engine(conversation, does)
            return Outcome(said, desk=("engine_down",), engine_epoch=epoch + 1, engine_turns=0)
        heard = None if does else Heard(f"{conversation.id}-{epoch}", text, dict(conversation.slots), reply)
        replies = tuple(self._replies.decided(reply, text))
        if alarm := reply.alarm:
            ends = self._screening_ends(conversation, reply.slots, alarm)
            flag = reply.red_flag or {}
            found: dict[str, Any] = {"red_flag": flag, "heard": heard, **ends}
            return Outcome(replies, desk=(alarm,), engine_epoch=epoch + 1, engine_turns=0, **found)
        deleted = screening.deleted(conversation.slots, reply.slots)
        return Outcome(
            replies=replies,
            desk=(reply.handoff,) if reply.handoff else (),
            small_talk=reply.intent in SMALL_TALK,
            engine_epoch=epoch,
            engine_turns=turns + 1,
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
