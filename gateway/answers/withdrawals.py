"""Withdrawn answers: taken back by a person because they may be wrong, withheld everywhere until they are restored.

They stand in the database, so that `./ims topic withdraw` reaches a gateway that is running, and every other one on the
same database: each looks again about once a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select

from gateway.repeating import Repeating
from gateway.storage.database import Database
from gateway.storage.tables import withdrawals
from knowledge import SpecificAnswer, Topic

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Withdrawal:
    """Which answer was withdrawn, why, and when."""

    topic: str
    reason: str
    created_at: datetime


class Withdrawals:
    """Knows which answers are withheld. `start` it to follow what the database says."""

    def __init__(self, database: Database, now: Callable[[], datetime], poll: float = 1.0) -> None:
        self._database = database
        self._now = now
        self._poll = poll
        self._withdrawn: frozenset[str] = frozenset()
        self._watching = Repeating(self.refresh, "the withdrawn answers could not be read")  # and stay withdrawn

    def withheld(self, answer: Topic | SpecificAnswer, today: date) -> bool:
        """Whether nobody may be told this answer today: its review is overdue, or it or its topic was withdrawn."""
        topic = answer.name.partition(".")[0]
        return answer.expired(today) or not self._withdrawn.isdisjoint({answer.name, topic})

    async def start(self) -> None:
        """Look now, and again and again."""
        await self.refresh()
        self._watching.start(self._poll, at_once=False)

    async def close(self) -> None:
        """Look no more."""
        await self._watching.close()

    async def refresh(self) -> None:
        """Look now."""
        self._withdrawn = frozenset(it.topic for it in await self.all())

    async def all(self) -> list[Withdrawal]:
        """What is withdrawn, oldest first."""
        query = select(withdrawals).order_by(withdrawals.c.created_at)
        return await self._database.read(
            lambda connection: [Withdrawal(row.topic, row.reason, row.created_at) for row in connection.execute(query)]
        )

    async def withdraw(self, topic: str, reason: str) -> None:
        """Take an answer back. A second time only changes the reason."""

        def work(connection: Connection) -> None:
            connection.execute(delete(withdrawals).where(withdrawals.c.topic == topic))
            connection.execute(insert(withdrawals), {"topic": topic, "reason": reason, "created_at": self._now()})

        await self._database.write(work)
        await self.refresh()

    async def restore(self, topic: str) -> bool:
        """Give an answer again; whether it had been withdrawn."""
        query = delete(withdrawals).where(withdrawals.c.topic == topic)
        restored = await self._database.write(lambda connection: connection.execute(query).rowcount > 0)
        await self.refresh()
        return restored
