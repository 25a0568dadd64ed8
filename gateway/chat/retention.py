"""How long conversations are kept, and how they go: not only deleted, but overwritten in the files of the database.

Kept for `retention_days` (data/clinic.yml) after their last event; a patient, or the clinic, can have one erased at
any time. Ratings of answers and incidents stay: they hold nothing that was typed and no longer lead to a conversation.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import OperationalError

from gateway.chat.trusted_time import TrustedTime
from gateway.clock import utc_now
from gateway.errors import describe
from gateway.live.signals import LocalSignals, Signals
from gateway.repeating import Repeating
from gateway.settings import Settings
from gateway.storage.database import Database, DatabaseBusy
from gateway.storage.store import Store
from knowledge.clinic import read_clinic

TIME = Path("trusted_time")  # in `var`
DAY = 24 * 60 * 60.0
EMPTY = timedelta(days=1)  # how long a chat is kept in which a patient has said nothing
AGAIN = 30.0  # seconds until what is deleted is overwritten, where the database was busy
log = logging.getLogger(__name__)


class Retention:
    """Erases conversations: old ones every day, and any one when it is asked for."""

    def __init__(
        self,
        store: Store,
        database: Database,
        signals: Signals,
        now: Callable[[], datetime],
        pause: float = DAY,
        time: TrustedTime | None = None,
        beside: Callable[[datetime], Awaitable[None]] | None = None,
    ) -> None:
        """`beside` removes other things kept for the same time, from before the time it is given."""
        self._store = store
        self._database = database
        self._signals = signals
        self._now = now
        self._pause = pause
        self._days = 0.0
        self._beside = beside
        self._busy = False  # when something was to be overwritten
        self._overwriting = Repeating(self._overwrite, "what was deleted could not be overwritten yet")
        self._time = time or TrustedTime(None, now)
        # What could not be erased today, most likely because the database was busy, is due tomorrow too.
        self._daily = Repeating(self._purge_today, "old conversations could not be erased")

    async def forget(self, conversation_id: str) -> None:
        """Erase a conversation at once. When this returns, nothing of it is left in the files of the database."""
        await self._store.forget(conversation_id)
        self._told([conversation_id])
        await self._database.scrub()

    async def forget_now(self, conversation_id: str) -> None:
        """The same for whoever cannot wait: if the database is busy, it is overwritten as soon as it is not."""
        try:
            await self.forget(conversation_id)
        except (DatabaseBusy, OperationalError) as error:
            if await self._store.exists(conversation_id):
                raise
            log.error("a chat is deleted and will be overwritten soon (%s)", describe(error))
            self._busy = True

    async def _overwrite(self) -> None:
        if self._busy:
            await self._database.scrub()
            self._busy = False

    async def forget_named(self, name: str) -> int:
        """Erase the conversation of this id, or of this sender of the REST channel; returns how many there were."""
        found = await self._store.named(name)
        for conversation_id in found:
            await self._store.forget(conversation_id)
        self._told(found)
        await self._database.scrub()
        return len(found)

    async def purge(self, days: float) -> int:
        """Erase the conversations in which nothing was said or answered for this many days; returns how many."""
        erased = await self._store.purge(self._now() - timedelta(days=days))
        self._told(erased)
        # Also when nothing was deleted just now: a process may have ended between deleting and overwriting.
        await self._database.rewrite()
        return len(erased)

    def start(self, days: float) -> None:
        """Purge now, and once a day from now on."""
        self._days = days
        self._daily.start(self._pause)
        self._overwriting.start(AGAIN, at_once=False)

    def keep(self, days: float) -> None:
        """Keep chats for this many days from now on."""
        self._days = days

    async def close(self) -> None:
        """Stop purging."""
        await self._daily.close()
        await self._overwriting.close()

    async def _purge_today(self) -> None:
        """Erase what is due, unless the clock may be wrong."""
        if not self._time.believed(await self._store.newest()):
            return
        await self._store.let_go_of_empty(self._now() - EMPTY)
        if erased := await self.purge(self._days):
            log.info("erased %d conversations older than %g days", erased, self._days)
        if self._beside:
            await self._beside(self._now() - timedelta(days=self._days))

    def _told(self, erased: Iterable[str]) -> None:
        for conversation_id in erased:
            self._signals.send(conversation_id)
        self._signals.send("desk")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Retention]:
    """The same for the command line, on the database that a running gateway may be using."""
    async with Database.opened(settings.database_url) as database:
        time = TrustedTime(settings.var / TIME, utc_now)
        time.confirm()  # a person has asked for it, and can see the clock
        clinic = read_clinic(settings.data / "clinic.yml", [])
        store = Store(database, zone=clinic.timezone if clinic else UTC)
        yield Retention(store, database, LocalSignals(), utc_now, time=time)
