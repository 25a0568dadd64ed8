"""The record of who read and did what. It names conversations and answers, and never holds what was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from gateway.storage.database import Database
from gateway.storage.tables import staff_audit

OFTEN = timedelta(hours=1)
REMEMBERED = 10_000


@dataclass(frozen=True)
class Entry:
    """One thing that a person did."""

    at: datetime
    login: str
    action: str
    target: str | None


class Audit:
    """Notes what is done, and lists it, newest first."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._read: dict[tuple[str, str, str], datetime] = {}

    async def note(self, login: str, action: str, target: str | None = None) -> None:
        """Record that this person did this, to this conversation, account or answer."""
        row = {"at": self._now(), "login": login[:64], "action": action, "target": target and target[:64]}
        await self._database.write(lambda connection: connection.execute(insert(staff_audit), row))

    async def note_reading(self, login: str, action: str, target: str) -> None:
        """Record that this person reads this, once an hour: an open page asks again and again."""
        read, now = (login, action, target), self._now()
        if (last := self._read.get(read)) and last <= now < last + OFTEN:
            return
        if len(self._read) >= REMEMBERED:
            self._read.clear()
        self._read[read] = now
        await self.note(login, action, target)

    async def purge(self, before: datetime) -> None:
        """Remove failed attempts to sign in from before this time: anybody can make as many as they like."""
        query = delete(staff_audit).where(staff_audit.c.action == "login_failed", staff_audit.c.at < before)
        await self._database.write(lambda connection: connection.execute(query))

    async def entries(self, limit: int = 200) -> list[Entry]:
        """The newest entries."""
        query = select(staff_audit).order_by(staff_audit.c.id.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Entry(row.at, row.login, row.action, row.target) for row in rows]
