"""What the tests of the front desk share: a clock that tests move, and a gateway whose desk they hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from gateway.app import create_app
from gateway.desk.alerts import Alerts
from gateway.desk.blocking import Blocking
from gateway.desk.service import Desk
from gateway.engine.client import HttpEngine
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.store import Store
from knowledge import Knowledge
from tests.gateway.conftest import Chat, FakeNet, FlakyTransport, Gateway
from tests.support.fake_engine import TOKEN, FakeEngine

OPEN = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # a Monday, 11 in the morning at the clinic
CLOSED = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # that evening at 10


class Clock:
    """The time, moved by the test."""

    def __init__(self, now: datetime = OPEN) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Clinic(Gateway):
    """A gateway, and what the staff do at its front desk."""

    clock: Clock
    desk: Desk
    alerts: Alerts
    blocking: Blocking

    async def waiting(self, words: str = "I want a person", language: str | None = None) -> Chat:
        """A patient who has asked for a person."""
        chat = await self.chat(language)
        await chat.ask(words)
        return chat

    async def handoff(self, chat: Chat, method: str = "GET", path: str = "", **given: Any) -> httpx.Response:
        address = f"/api/conversations/{chat.id}/handoff{path}"
        return await self.client.request(method, address, headers=chat.headers, **given)


@asynccontextmanager
async def clinic_at_work(
    settings: Settings, knowledge: Knowledge, engine: FakeEngine, clock: Clock, **changes: Any
) -> AsyncIterator[Clinic]:
    """A running gateway whose alerts look only when they are told to. Again on the same data is a restart."""
    here = replace(settings, **{"desk_poll": 3600.0, **changes})
    async with httpx.AsyncClient(transport=FlakyTransport(engine), base_url="http://engine") as to_engine:
        app = create_app(here, knowledge, FakeNet(), HttpEngine(to_engine, TOKEN, here.engine_timeout), clock)
        async with app.router.lifespan_context(app):
            database = Database(here.database_url)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                store = Store(database, clock)
                edition = app.state.exchange.edition
                yield Clinic(app, client, engine, store, clock, edition.desk, edition.alerts, edition.blocking)
            await database.close()


def texts(events: list[dict[str, Any]]) -> list[str]:
    return [event["body"]["text"] for event in events]
