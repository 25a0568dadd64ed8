"""The gateway as the tests meet it: over HTTP, with a small engine and a small red-flag net behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette

from gateway.app import create_app
from gateway.engine.client import HttpEngine
from gateway.settings import Settings
from gateway.staff.accounts import Accounts
from gateway.storage.database import Database
from gateway.storage.store import Store
from knowledge import Knowledge
from safety import Finding
from tests.support.fake_engine import TOKEN, FakeEngine
from tests.support.shipped import shipped_knowledge

Json = dict[str, Any]
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


class FakeNet:
    """Finds danger in a few words."""

    fault: str | None = None

    def check(self, text: str, previous: Finding | None = None, before: Sequence[str] = ()) -> Finding | None:
        if "on his head" in text and any("he fell" in earlier for earlier in before):
            return Finding("emergency", "E09", ("E09",), "Call {emergency} now.")
        if "cannot breathe" in text:
            return Finding("emergency", "E01", ("E01",), "Call {emergency} now.")
        if "cannot get air" in text:
            told = "Trouble breathing can mean a lung has been hurt. Sit up and rest. Do not drive yourself."
            return Finding("emergency", "E01", ("E01",), f"Call {{emergency}} now. {told} Or call {{nurse_line}}.")
        if "fever" in text:
            return Finding("urgent", "U01", ("U01",), "Call {nurse_line} today.")
        if "end my life" in text:
            return Finding("crisis", "C01", ("C01",), "Call {crisis_line} now.")
        if "probably nothing" in text:
            return previous
        if "trip the net" in text:
            raise RuntimeError(text)
        return None


@dataclass
class Chat:
    """A conversation as a browser holds it."""

    client: httpx.AsyncClient
    id: str
    token: str
    seen: int = 0
    keys: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def send(
        self, text: Any = None, *, key: str | None = None, choice: str | None = None, card: Any = None
    ) -> httpx.Response:
        self.keys += 1
        body = {"key": key or f"key-{self.keys}", "text": text, "choice": choice, "card": card}
        return await self.client.post(
            f"/api/conversations/{self.id}/messages",
            json={name: value for name, value in body.items() if value is not None},
            headers=self.headers,
        )

    async def history(self, after: int = 0) -> list[Json]:
        reply = await self.client.get(
            f"/api/conversations/{self.id}/history", params={"after": after}, headers=self.headers
        )
        assert reply.status_code == 200, reply.text
        return reply.json()["events"]

    async def answer_to(self, seq: int) -> list[Json]:
        """The answers to the message of this number, as soon as they are there."""
        for _ in range(2000):
            if found := [event for event in await self.history(seq) if event["in_reply_to"] == seq]:
                return found
            await pause()
        raise AssertionError(f"no answer to message {seq}")

    async def ask(self, text: str | None = None, *, choice: str | None = None, card: Any = None) -> list[Json]:
        reply = await self.send(text, choice=choice, card=card)
        assert reply.status_code == 202, reply.text
        return [event["body"] for event in await self.answer_to(reply.json()["seq"])]


async def pause() -> None:
    await asyncio.sleep(0.01)


async def until(what: Callable[[], bool]) -> None:
    """Go on as soon as `what` holds, however busy the machine is."""
    for _ in range(2000):
        if what():
            return
        await pause()
    raise AssertionError("it did not come true in time")


@dataclass
class Gateway:
    """A running gateway."""

    app: Starlette
    client: httpx.AsyncClient
    engine: FakeEngine
    store: Store

    async def chat(self, language: str | None = None) -> Chat:
        started = (await self.client.post("/api/conversations", json={"language": language})).json()
        return Chat(self.client, started["id"], started["token"], seen=len(started["events"]))

    async def rest(self, message: str, sender: str = "somebody") -> list[Json]:
        reply = await self.client.post("/webhooks/rest/webhook", json={"sender": sender, "message": message})
        assert reply.status_code == 200, reply.text
        return reply.json()


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return shipped_knowledge()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path / "var", engine_timeout=2.0, heartbeat=0.2, conversation_burst=1000)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


Start = Callable[..., AbstractAsyncContextManager[Gateway]]


@pytest.fixture
def start(settings: Settings, knowledge: Knowledge, engine: FakeEngine) -> Start:
    """Starts a gateway; again on the same data is a restart."""

    @asynccontextmanager
    async def running(**changes: Any) -> AsyncIterator[Gateway]:
        known, tracing = changes.pop("knowledge", knowledge), changes.pop("tracing", None)
        here = replace(settings, **changes)
        transport = FlakyTransport(engine)
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as to_engine:
            to = HttpEngine(to_engine, TOKEN, here.engine_timeout)
            app = create_app(here, known, FakeNet(), to, lambda: NOW, tracing)
            async with app.router.lifespan_context(app):
                database = Database(here.database_url)
                transport_here = httpx.ASGITransport(app, raise_app_exceptions=False)
                async with httpx.AsyncClient(transport=transport_here, base_url="http://gateway") as client:
                    yield Gateway(app, client, engine, Store(database, lambda: NOW))
                await database.close()

    return running


class FlakyTransport(httpx.AsyncBaseTransport):
    """The way to the fake engine, cut while it is dead."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self._to = httpx.ASGITransport(engine.app, raise_app_exceptions=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._engine.mode == "dead":
            raise ConnectionRefusedError
        return await self._to.handle_async_request(request)


@pytest.fixture
async def gateway(start: Start) -> AsyncIterator[Gateway]:
    async with start() as running:
        yield running


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as the library recommends, except here, where that is most of the time."""
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    monkeypatch.setattr("gateway.staff.accounts.PasswordHasher", lambda: cheap)


@pytest.fixture
def people(gateway: Gateway) -> Accounts:
    """The accounts of the running gateway."""
    return Accounts(gateway.store._database, lambda: NOW)


@pytest.fixture
async def chat(gateway: Gateway) -> Chat:
    return await gateway.chat()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = Database(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    await database.upgrade()
    yield Store(database)
    await database.close()


def sse_events(text: str) -> list[Json]:
    """The events in a piece of an event stream."""
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
