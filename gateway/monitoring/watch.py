"""Silence is a fault: what does not work is found by looking, not by the next patient.

Every few seconds each part is asked. What fails stands in `/health`, in `ims_fault` of `/metrics` and in `ims doctor`,
and is logged once.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from gateway.errors import describe
from gateway.monitoring.metrics import Metrics
from gateway.repeating import Repeating
from gateway.storage.database import Database
from gateway.storage.tables import desk_mails
from safety import SafetyNet

PARTS = ("database", "engine", "net", "mail", "disk")
PATIENCE = 3.0  # seconds that the database may take
MAIL_WAITS = timedelta(minutes=10)
ROOM = 500_000_000  # bytes that have to be free: once a day the database is rewritten
log = logging.getLogger(__name__)


class Watch:
    """Looks after the parts of one edition: `engine` says how the engines are. `faults` says what does not work, by the
    name of the part.
    """

    def __init__(
        self,
        database: Database,
        engine: Callable[[], Awaitable[str]],
        net: SafetyNet,
        metrics: Metrics,
        var: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._engine = engine
        self._net = net
        self._metrics = metrics
        self._var = var
        self._now = now
        self.faults: dict[str, str] = {}
        self._watching = Repeating(self.look, "could not look after the parts")

    def start(self, seconds: float) -> None:
        """Look now, and again and again."""
        self._watching.start(seconds)

    async def close(self) -> None:
        """Look no more."""
        await self._watching.close()

    async def look(self) -> None:
        """Ask each part once."""
        database, engine = await asyncio.gather(self._stored(), self._engine())
        found = {"database": database[0], "engine": engine, "net": self._net.fault or "ok", "mail": database[1]}
        found["disk"] = await asyncio.to_thread(self._disk)
        faults = {part: state for part, state in found.items() if state != "ok"}
        for part in faults.keys() - self.faults.keys():
            log.error("%s: %s", part, faults[part])
        for part in self.faults.keys() - faults.keys():
            log.info("%s works again", part)
        self.faults = faults
        self._metrics.faulty(PARTS, faults)

    async def _stored(self) -> tuple[str, str]:
        """Whether the database answers, and whether e-mail goes out of it."""
        try:
            async with asyncio.timeout(PATIENCE):
                oldest = await self._database.read(_oldest_mail)
        except Exception as error:
            return f"does not answer ({describe(error)})", "ok"
        waits = oldest is not None and oldest < self._now() - MAIL_WAITS
        return "ok", f"has not gone out since {oldest:%Y-%m-%d %H:%M} UTC" if waits else "ok"

    def _disk(self) -> str:
        try:
            free = shutil.disk_usage(self._var).free
        except OSError as error:
            return f"cannot be looked at ({describe(error)})"
        return "ok" if free >= ROOM else f"has {free // 1_000_000} MB left"


def _oldest_mail(connection: Connection) -> datetime | None:
    return connection.execute(select(func.min(desk_mails.c.created_at))).scalar()
