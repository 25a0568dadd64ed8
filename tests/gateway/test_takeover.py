"""The takeover: while a person has a chat, nothing that the assistant says reaches the patient, in any order of events.

A Hypothesis state machine over the real gateway, with an engine that is slow at times. It counts what went wrong:
`bot` (words of the assistant after a claim, or about a message that a person had), `lost` and `doubled` messages and
replies. `python -m benchmarks.takeover` runs it for longer.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.desk.service import AlreadyClaimed, NotYourChat
from gateway.settings import Settings
from tests.gateway.conftest import Chat
from tests.support.desk_chat import Clinic, Clock, clinic_at_work
from tests.support.fake_engine import FakeEngine
from tests.support.shipped import shipped_knowledge

pytestmark = pytest.mark.slow  # takes more than a few seconds

KNOWLEDGE = shipped_knowledge()
STAFF = {1: "Robin", 2: "Sam"}
WORDS = (
    "will I be sore?",
    "/restart",
    '/inform{"pregnant": true}',
    "what does it feel like?",
    "I want a person",
    "zzz",
)


@dataclass
class Counts:
    """What happened in all runs."""

    steps: int = 0
    claims: int = 0
    alarms: int = 0
    bot: int = 0
    lost: int = 0
    doubled: int = 0


COUNTS = Counts()


class Takeover(RuleBasedStateMachine):
    """One patient with two tabs, two staff, and everything that can come between them."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.engine, self.clock = FakeEngine(), Clock()
        self.sent: dict[str, int] = {}  # messages by key: their number
        self.said: dict[str, str] = {}  # replies of the staff by key
        self.dangers: list[int] = []
        self.holder: int | None = None
        self.keys = 0
        self.run(self.start())
        self.chat: Chat = self.run(self.clinic.chat())

    async def start(self) -> None:
        self.stack = AsyncExitStack()
        settings = Settings(
            var=Path(self.folder.name), engine_timeout=0.05, conversation_burst=10**6, address_burst=10**6
        )
        work = clinic_at_work(settings, KNOWLEDGE, self.engine, self.clock)
        self.clinic: Clinic = await self.stack.enter_async_context(work)
        await self.clinic.alerts.look()  # as it does by itself at a start, but done when this returns

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    # the patient

    @rule(words=st.sampled_from(WORDS), tab=st.sampled_from(("one", "two")), again=st.booleans())
    def types(self, words: str, tab: str, again: bool) -> None:
        self.keys += 1
        key = f"{tab}-{self.keys}"
        reply = self.run(self.chat.send(words, key=key))
        if again:
            COUNTS.doubled += self.run(self.chat.send(words, key=key)).json()["seq"] != reply.json()["seq"]
        self.sent[key] = reply.json()["seq"]

    @rule()
    def types_of_a_danger(self) -> None:
        self.keys += 1
        reply = self.run(self.chat.send("I cannot breathe", key=f"one-{self.keys}"))
        self.sent[f"one-{self.keys}"] = reply.json()["seq"]
        self.dangers.append(reply.json()["seq"])

    @rule()
    def asks_for_a_person(self) -> None:
        assert self.run(self.clinic.handoff(self.chat, "POST")).json()["state"] in ("waiting", "person")

    @rule()
    def cancels(self) -> None:
        self.run(self.clinic.handoff(self.chat, "DELETE"))
        self.holder = None

    # the staff

    @rule(who=st.sampled_from(sorted(STAFF)))
    def claim(self, who: int) -> None:
        try:
            self.run(self.clinic.desk.claim(self.chat.id, who, STAFF[who]))
            assert self.holder in (None, who)
            COUNTS.claims += self.holder is None
            self.holder = who
        except AlreadyClaimed as refused:
            assert self.holder not in (None, who) and refused.by == STAFF[self.holder or 0]

    @rule()
    def both_claim_at_once(self) -> None:
        async def both() -> list[Any]:
            desk = self.clinic.desk
            claims = (desk.claim(self.chat.id, who, name) for who, name in STAFF.items())
            return await asyncio.gather(*claims, return_exceptions=True)

        won = [who for who, result in zip(STAFF, self.run(both()), strict=True) if result is None]
        assert len(won) == 1
        COUNTS.claims += self.holder is None
        self.holder = won[0]

    @rule(who=st.sampled_from(sorted(STAFF)), again=st.booleans())
    def reply(self, who: int, again: bool) -> None:
        self.keys += 1
        key, text = str(self.keys), f"words {self.keys} of a person"
        try:
            for _ in range(2 if again else 1):
                self.run(self.clinic.desk.reply(self.chat.id, who, text, key))
            assert who == self.holder
            self.said[key] = text
        except NotYourChat:
            assert who != self.holder

    @precondition(lambda self: self.holder)
    @rule()
    def release(self) -> None:
        self.run(self.clinic.desk.release(self.chat.id, self.holder or 0))
        self.holder = None

    @precondition(lambda self: self.holder)
    @rule()
    def transfer(self) -> None:
        to = 3 - (self.holder or 0)
        self.run(self.clinic.desk.transfer(self.chat.id, self.holder or 0, to, STAFF[to]))
        self.holder = to

    @precondition(lambda self: self.holder)
    @rule()
    def hand_back(self) -> None:
        self.run(self.clinic.desk.hand_back(self.chat.id, self.holder or 0, "We spoke about your visit."))
        self.holder = None

    # the world

    @rule(seconds=st.sampled_from((0.0, 0.002, 0.02)))
    def engine_slows(self, seconds: float) -> None:
        self.engine.pause = seconds

    @rule(mode=st.sampled_from(("ok", "ok", "dead", "malformed")))
    def engine_breaks_or_restarts(self, mode: str) -> None:
        self.engine.mode = mode

    @rule(seconds=st.sampled_from((0.0, 0.005, 0.03)))
    def moment_passes(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule()
    def hour_passes(self) -> None:
        self.clock.pass_(minutes=61)
        self.run(self.clinic.alerts.look())
        self.holder = self.run(self.staff())

    @rule()
    def gateway_restarts(self) -> None:
        self.run(self.stack.aclose())
        self.run(self.start())
        self.chat.client = self.clinic.client
        self.holder = self.run(self.staff())

    async def staff(self) -> int | None:
        rows = [row for row in await self.clinic.desk.queue() if row.conversation_id == self.chat.id]
        return rows[0].staff_id if rows else None

    # what must always hold

    @invariant()
    def nothing_is_said_over_a_person(self) -> None:
        COUNTS.steps += 1
        events = self.run(self.chat.history())
        COUNTS.bot += over_a_person(events)
        COUNTS.lost += sum(key not in {event["key"] for event in events} for key in self.sent)
        said = [event["body"]["text"] for event in events if event["role"] == "staff"]
        COUNTS.lost += len(set(self.said.values()) - set(said))
        COUNTS.doubled += len(said) - len(set(said))
        keys = [event["key"] for event in events if event["role"] == "patient"]
        COUNTS.doubled += len(keys) - len(set(keys))
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert (COUNTS.bot, COUNTS.lost, COUNTS.doubled) == (0, 0, 0)

    def teardown(self) -> None:
        if not hasattr(self, "clinic"):
            return
        self.engine.pause = 0
        self.engine.mode = "ok"
        try:
            for danger in self.dangers:  # the red-flag net speaks in every state
                answers = self.run(self.chat.answer_to(danger))
                assert [event["body"]["kind"] for event in answers] == ["emergency"]
                COUNTS.alarms += 1
            self.nothing_is_said_over_a_person()
        finally:
            self.run(self.stack.aclose())
            self.loop.close()
            self.folder.cleanup()


def over_a_person(events: list[dict[str, Any]]) -> int:
    """How often the assistant spoke while a person had the chat, or answered a message from then or before."""
    count, person, answers_after = 0, False, 0
    for event in events:
        state = event["body"].get("handoff", {}).get("state")
        if event["role"] == "assistant":
            count += person or (event["in_reply_to"] or answers_after + 1) <= answers_after
        elif event["role"] == "system" and state:
            if person and state != "person":
                answers_after = event["seq"] - 1
            person = state == "person"
    return count


def machine(examples: int, steps: int) -> profile:
    return profile(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=(Phase.generate,),  # to make a failure smaller would take minutes
    )


TestTakeover = Takeover.TestCase
TestTakeover.settings = machine(examples=6, steps=30)


def test_the_counting_sees_words_over_a_person() -> None:
    def event(seq: int, role: str, state: str | None = None, to: int | None = None) -> dict[str, Any]:
        return {"seq": seq, "role": role, "in_reply_to": to, "body": {"handoff": {"state": state}} if state else {}}

    taken = [event(1, "patient"), event(2, "system", "person")]
    assert over_a_person([*taken, event(3, "assistant", to=1)]) == 1
    back = [*taken, event(3, "patient"), event(4, "system", "assistant")]
    assert over_a_person([*back, event(5, "assistant", to=3)]) == 1
    assert over_a_person([*back, event(5, "patient"), event(6, "assistant", to=5)]) == 0
