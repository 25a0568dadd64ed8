"""Silence is a fault: what does not work is found by looking, not by the next patient.

Every few seconds each part is asked to do what it is there for. What fails stands in `/health`, in `ims_fault` of
`/metrics` and in `ims doctor`, is logged once, and rings at the desk if it lasts.
"""

from __future__ import annotations

import asyncio
import logging
import math
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from gateway.errors import describe
from gateway.monitoring.metrics import Metrics
from gateway.repeating import Repeating
from gateway.storage.database import Database
from gateway.storage.tables import desk_mails
from safety import Finding, SafetyNet

PARTS = ("database", "engine", "net", "mail", "disk")
PATIENCE = 3.0  # seconds that the database or the net may take
RINGS_AFTER = 20.0  # seconds that a fault has to last: an engine that is started again takes fewer
MAIL_EVERY = 60.0  # seconds between two looks at the mail server
EMERGENCY = "I have chest pain and I cannot breathe"  # what a net that works never misses
MAIL_WAITS = timedelta(minutes=10)
ROOM = 500_000_000  # bytes that have to be free: once a day the database is rewritten
log = logging.getLogger(__name__)


class Watch:
    """Looks after the parts of one edition. `engine` and `mail` say how those are, `danger` what the net finds in a
    text, and `ring` is told when a fault has lasted for long enough, or such a fault is over. `faults` says what does
    not work, by the name of the part.
    """

    def __init__(
        self,
        database: Database,
        engine: Callable[[], Awaitable[str]],
        net: SafetyNet,
        danger: Callable[[str], Awaitable[Finding | None]],
        mail: Callable[[], Awaitable[str]],
        metrics: Metrics,
        var: Path,
        now: Callable[[], datetime],
        ring: Callable[[], None],
    ) -> None:
        self._database = database
        self._engine = engine
        self._net = net
        self._danger = danger
        self._mail = mail
        self._mail_server = "ok"
        self._mail_asked = -math.inf
        self._metrics = metrics
        self._var = var
        self._now = now
        self._ring = ring
        self._rung: frozenset[str] = frozenset()
        self._since: dict[str, float] = {}
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
        (database, sent), engine, net, server = await asyncio.gather(
            self._stored(), self._engine(), self._hears(), self._served()
        )
        found = {"database": database, "engine": engine, "net": net, "mail": sent if server == "ok" else server}
        found["disk"] = await asyncio.to_thread(self._disk)
        faults = {part: state for part, state in found.items() if state != "ok"}
        for part in faults.keys() - self.faults.keys():
            log.error("%s: %s", part, faults[part])
        for part in self.faults.keys() - faults.keys():
            log.info("%s works again", part)
        self.faults = faults
        self._since = {part: self._since.get(part, time.monotonic()) for part in faults}
        self._metrics.faulty(PARTS, faults)
        if (lasting := frozenset(self.lasting())) != self._rung:
            self._rung = lasting
            self._ring()

    def lasting(self) -> Mapping[str, float]:
        """The parts that have not worked for long enough to ring, with the moment since when, of a monotonic clock."""
        now = time.monotonic()
        return {part: since for part, since in self._since.items() if now - since >= RINGS_AFTER}

    async def _hears(self) -> str:
        """Whether the net finds what nobody could miss."""
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._danger(EMERGENCY)
        except TimeoutError:
            return "does not answer in time"
        return self._net.fault or ("ok" if found else "does not hear an emergency")

    async def _served(self) -> str:
        """Whether the mail server answers; it is asked now and then."""
        if time.monotonic() - self._mail_asked >= MAIL_EVERY:
            self._mail_asked = time.monotonic()
            self._mail_server = await self._mail()
        return self._mail_server

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
