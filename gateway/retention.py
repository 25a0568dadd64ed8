"""How long conversations are kept, and how they go: not only deleted, but overwritten in the files of the database.

Kept for `retention_days` (data/clinic.yml) after their last event; a patient, or the clinic, can have one erased at
any time. Ratings of answers and incidents stay: they hold nothing that was typed and no longer lead to a conversation.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from gateway.database import Database
from gateway.live import LocalSignals, Signals
from gateway.logs import describe
from gateway.settings import Settings
from gateway.store import Store

DAY = 24 * 60 * 60.0
JUMP = 12.0  # hours: erasing waits a day for a clock that was set forward by more, which may be a mistake
log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Retention:
    """Erases conversations: old ones every day, and any one when it is asked for."""

    def __init__(
        self, store: Store, database: Database, signals: Signals, now: Callable[[], datetime], pause: float = DAY
    ) -> None:
        self._store = store
        self._database = database
        self._signals = signals
        self._now = now
        self._pause = pause
        self._daily: asyncio.Task[None] | None = None

    async def forget(self, conversation_id: str) -> None:
        """Erase a conversation at once. When this returns, nothing of it is left in the files of the database."""
        await self._store.forget(conversation_id)
        await self._erased([conversation_id])

    async def forget_named(self, name: str) -> int:
        """Erase the conversation of this id, or of this sender of the REST channel; returns how many there were."""
        found = await self._store.named(name)
        for conversation_id in found:
            await self._store.forget(conversation_id)
        await self._erased(found)
        return len(found)

    async def purge(self, days: float) -> int:
        """Erase the conversations in which nothing was said or answered for so many days; returns how many."""
        erased = await self._store.purge(self._now() - timedelta(days=days))
        await self._erased(erased)
        return len(erased)

    def start(self, days: float) -> None:
        """Purge now, and once a day from now on."""
        self._daily = asyncio.create_task(self._every_day(days))

    async def close(self) -> None:
        """Stop purging."""
        if self._daily:
            self._daily.cancel()
            with suppress(asyncio.CancelledError):
                await self._daily

    async def _every_day(self, days: float) -> None:
        jumped = 0.0
        while True:
            try:
                if jumped > JUMP:
                    log.error("the clock is %.0f hours ahead of the time that passed: nothing is erased today", jumped)
                elif erased := await self.purge(days):
                    log.info("erased %d conversations older than %g days", erased, days)
            except Exception as error:  # most likely the database was busy; what is due today is due tomorrow too
                log.error("old conversations could not be erased (%s)", describe(error))
            then, began = self._now(), time.monotonic()
            await asyncio.sleep(self._pause)
            passed = timedelta(seconds=time.monotonic() - began)
            jumped = (self._now() - then - passed) / timedelta(hours=1)

    async def _erased(self, conversation_ids: Iterable[str]) -> None:
        for conversation_id in conversation_ids:
            self._signals.send(conversation_id)
        self._signals.send("desk")
        # Also when nothing was deleted just now: a process may have ended between deleting and overwriting.
        await self._database.scrub()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Retention]:
    """The same for the command line, on the database that a running gateway may be using."""
    database = Database(settings.database_url)
    try:
        await database.upgrade()
        yield Retention(Store(database), database, LocalSignals(), _utc_now)
    finally:
        await database.close()
