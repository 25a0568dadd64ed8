"""Whether anybody is at the front desk: the clinic's hours in its own time zone, its holidays, and the "out" switch."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from gateway.storage import handoffs
from gateway.storage.database import Database
from gateway.storage.tables import desk_absence
from gateway.storage.tables import handoffs as table
from knowledge.clinic import Clinic

WAITS_OF = timedelta(days=7)


@dataclass(frozen=True)
class Availability:
    """What patients are told, and the desk sees: times are those of the clinic."""

    now: datetime
    open: bool  # by its hours; a clinic that has not set them counts as closed
    out: str | None  # who switched the desk to "out"
    closes: datetime | None
    opens: datetime | None  # the next opening, if within two months
    waiting: int
    usual_wait: timedelta | None  # median first reply of the last 7 days, and of those who have waited longer

    @property
    def here(self) -> bool:
        """Whether somebody should be there now."""
        return self.open and self.out is None


# Since when everybody has waited who asked while somebody was there, and waits still.
WAITING = select(table.c.asked_at).where(
    handoffs.OPEN, table.c.state == "waiting", table.c.after_hours.is_(False), table.c.replied_at.is_(None)
)


def longer(usual: Sequence[float], waits: Sequence[float]) -> list[float]:
    """The waits that are longer than the usual one already: they will be no shorter in the end."""
    return [wait for wait in waits if usual and wait > statistics.median(usual)]


class FrontDesk:
    """Knows whether anybody is there. One object for the process."""

    def __init__(self, database: Database, clinic: Clinic, now: Callable[[], datetime]) -> None:
        self._database = database
        self._clinic = clinic
        self._now = now

    def now(self) -> datetime:
        """The time by which waits are counted."""
        return self._now()

    async def availability(self) -> Availability:
        """How it is now."""
        return await self._database.read(self.within)

    def within(self, connection: Connection) -> Availability:
        """The same inside a transaction."""
        now = self._now().astimezone(self._clinic.timezone)
        waits = select(table.c.asked_at, table.c.replied_at).where(
            table.c.replied_at >= now - WAITS_OF,
            table.c.replied_at >= table.c.asked_at,  # unless the clock was set back between the two
            table.c.after_hours.is_(False),
            table.c.reason != "desk",
        )
        seconds = [(row.replied_at - row.asked_at).total_seconds() for row in connection.execute(waits)]
        seconds += longer(seconds, [(now - since).total_seconds() for since in connection.execute(WAITING).scalars()])
        closes = self._clinic.closes_at(now)
        return Availability(
            now=now,
            open=closes is not None,
            out=connection.execute(select(desk_absence.c.staff_name)).scalar(),
            closes=closes,
            opens=self._clinic.next_opening(now),
            waiting=handoffs.ahead(connection),
            usual_wait=timedelta(seconds=statistics.median(seconds)) if seconds else None,
        )

    async def set_out(self, out: bool, staff_name: str) -> bool:
        """Switch the desk to "out", or back; whether that changed anything."""

        def work(connection: Connection) -> bool:
            if (connection.execute(select(desk_absence.c.id)).scalar() is not None) == out:
                return False
            if out:
                row = {"id": 1, "staff_name": staff_name, "since": self._now()}
                connection.execute(insert(desk_absence), row)
            else:
                connection.execute(delete(desk_absence))
            return True

        return await self._database.write(work)
