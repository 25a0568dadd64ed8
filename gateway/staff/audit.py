"""The record of who read and did what. It names conversations and answers, and never holds what was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from gateway.database import Database
from gateway.tables import staff_audit


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

    async def note(self, login: str, action: str, target: str | None = None) -> None:
        """Record that this person did this, to this conversation, account or answer."""
        row = {"at": self._now(), "login": login[:64], "action": action, "target": target and target[:64]}
        await self._database.write(lambda connection: connection.execute(insert(staff_audit), row))

    async def entries(self, limit: int = 200) -> list[Entry]:
        """The newest entries."""
        query = select(staff_audit).order_by(staff_audit.c.id.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Entry(row.at, row.login, row.action, row.target) for row in rows]
