"""The safety questions in any order of events: no answer is stored for a question that was not on the screen.

A Hypothesis state machine over two real gateways on one database, each with an engine of its own. The patient types and
ticks, at either gateway, with what was seen at that moment in mind, which may be old; stores fail, engines go away and
are slow, gateways are started again.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.app import create_app
from gateway.chat.conversations import Conversations
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.records import Event, TurnOutcome
from gateway.storage.store import Store
from tests.gateway.conftest import FakeNet
from tests.support.screening_engine import BEGIN, QUESTION, ScreeningEngine
from tests.support.shipped import shipped_knowledge

pytestmark = pytest.mark.slow  # takes more than a few seconds

Json = dict[str, Any]
KNOWLEDGE = shipped_knowledge()
SCREENING = KNOWLEDGE.screening
BARE = {"no": "no", "none of these": "no", "not sure": "not_sure", "skip": "skipped"}
NAMED = {"I take warfarin": ("Q06", "yes"), "i am not pregnant": ("Q02", "no"), "I am pregnant": ("Q02", "yes")}
CORRECTIONS = ("i meant no", "oops wrong button", "go back", "one by one", "stop", "so its fine?", QUESTION, BEGIN)
WORDS = (*BARE, *NAMED, *CORRECTIONS, "yes", "1", "2 and 3", "I cannot breathe")


class ShakyStore(Store):
    """A store that cannot store answers, as often as it is told to."""

    failing = 0

    async def settle(
        self, conversation_id: str, seq: int, outcome: TurnOutcome, typed: str | None = None
    ) -> list[Event]:
        if ShakyStore.failing:
            ShakyStore.failing -= 1
            raise OSError("no space left on device")
        return await super().settle(conversation_id, seq, outcome, typed)


class Orders(RuleBasedStateMachine):
    """One patient, two gateways, and everything that can come between them."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.engines = [ScreeningEngine(KNOWLEDGE), ScreeningEngine(KNOWLEDGE)]
        self.allowed: set[tuple[str, str]] = set()
        ShakyStore.failing = 0
        self.keys = 0
        self.run(self.start())
        started = self.run(self.clients[0].post("/api/conversations")).json()
        self.id, self.headers = started["id"], {"Authorization": f"Bearer {started['token']}"}
        self.seen = 0
        self.events: list[Json] = []
        self.types(BEGIN, 0)
        self.looks()

    async def start(self) -> None:
        self.stack = AsyncExitStack()
        settings = Settings(var=Path(self.folder.name), conversation_burst=10**6, address_burst=10**6)
        database = Database(settings.database_url)
        self.stack.push_async_callback(database.close)
        self.store = Store(database)
        self.clients: list[httpx.AsyncClient] = []
        for engine in self.engines:
            with patch.multiple(
                "gateway.app", Store=ShakyStore, Conversations=partial(Conversations, retry_after=0.01)
            ):
                app = create_app(settings, KNOWLEDGE, FakeNet(), engine)
            await self.stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://gateway")
            self.clients.append(await self.stack.enter_async_context(client))

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def on_screen(self) -> Json | None:
        """What was asked last, of what the patient has seen."""
        asked = [event for event in self.events if event["seq"] <= self.seen and event["body"].get("asks")]
        return asked[-1]["body"] if asked else None

    def questions(self, name: str) -> list[str]:
        """The questions that stand on this card."""
        card = SCREENING.card_of(name)
        return [question.id for question in card.questions if name in (card.id, question.id)]

    def may(self, text: str) -> None:
        """Note which answers these words can mean, by what is on the screen."""
        if text in NAMED:
            self.allowed.add(NAMED[text])
        if text == "i meant no":
            self.allowed |= {(name, "no") for name, answer in self.allowed if answer != "no"}
        if not (screen := self.on_screen()):
            return
        asked = self.questions(screen["asks"])
        if text in BARE:
            self.allowed |= {(name, BARE[text]) for name in asked}
        if text == "yes" and len(asked) == 1:
            self.allowed.add((asked[0], "yes"))
        if text in ("1", "2 and 3") and "card" in screen:
            items = [item["id"].partition(".")[0] for item in screen["card"]["items"]]
            chosen = [items[int(number) - 1] for number in text.split(" and ") if int(number) <= len(items)]
            self.allowed |= {(name, "no") for name in asked} | {(name, "yes") for name in chosen}

    def send(self, node: int, message: Json) -> None:
        self.keys += 1
        body = {"key": f"k{self.keys}", "seen": self.seen, **message}
        reply = self.run(
            self.clients[node].post(f"/api/conversations/{self.id}/messages", json=body, headers=self.headers)
        )
        assert reply.status_code in (202, 410), reply.text

    @rule(text=st.sampled_from(WORDS), node=st.integers(0, 1))
    def types(self, text: str, node: int) -> None:
        self.may(text)
        self.send(node, {"text": text})

    @rule(node=st.integers(0, 1), tick=st.booleans(), rest=st.sampled_from(("no", "not_sure", "skipped")))
    def answers_the_card(self, node: int, tick: bool, rest: str) -> None:
        screen = self.on_screen()
        if not screen or "card" not in screen or (screen["asks"] == "emergency" and (tick or rest == "not_sure")):
            return
        items = [item["id"] for item in screen["card"]["items"]][: int(tick)]
        self.allowed |= {(name, rest) for name in self.questions(screen["asks"])}
        self.allowed |= {(item.partition(".")[0], "yes") for item in items}
        self.send(node, {"card": {"id": screen["asks"], "ticked": items, "rest": rest}})

    @rule()
    def looks(self) -> None:
        """See all that there is."""

        async def history() -> list[Json]:
            reply = await self.clients[0].get(f"/api/conversations/{self.id}/history", headers=self.headers)
            found: list[Json] = reply.json()["events"]
            return found

        self.run(asyncio.sleep(0.02))
        self.events = self.run(history())
        self.seen = max((event["seq"] for event in self.events), default=0)

    @rule(node=st.integers(0, 1), away=st.booleans(), pause=st.sampled_from((0.0, 0.005, 0.03)))
    def engine_changes(self, node: int, away: bool, pause: float) -> None:
        self.engines[node].away, self.engines[node].pause = away, pause

    @rule(times=st.integers(1, 3))
    def store_fails(self, times: int) -> None:
        ShakyStore.failing = times

    @rule(seconds=st.sampled_from((0.0, 0.005, 0.05)))
    def moment_passes(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule()
    def gateways_are_started_again(self) -> None:
        self.run(self.stack.aclose())
        self.run(self.start())

    @invariant()
    def every_answer_was_given_to_a_question_that_was_seen(self) -> None:
        if not hasattr(self, "id"):
            return
        slots = self.run(self.store.conversation(self.id)).slots
        answers = (slots.get("screening") or {}).get("answers") or {}
        assert set(answers.items()) <= self.allowed, "an answer that nobody gave"

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.run(self.stack.aclose())
            self.loop.close()
            self.folder.cleanup()


Orders.TestCase.settings = profile(
    max_examples=5, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
test_no_order_of_events_stores_an_answer_that_was_not_given = Orders.TestCase
