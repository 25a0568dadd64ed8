"""What the front desk can count: how much the assistant answered by itself, what people waited for, what they asked.

Counted from what is kept, so chats that were erased are not in it. Days are those of the clinic's clock.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, Row, func, select

from gateway.storage.database import Database
from gateway.storage.tables import conversations, desk_items, events, handoffs, ratings
from knowledge import Knowledge
from safety import LEVELS

TOP = 10  # questions


@dataclass(frozen=True)
class Count:
    """How often something was counted."""

    name: str
    count: int


@dataclass(frozen=True)
class Day:
    """One day of the report."""

    day: date
    chats: int
    alone: int  # answered without a person


@dataclass(frozen=True)
class DeskReport:
    """All numbers of some days."""

    first: date
    last: date
    days: tuple[Day, ...]
    reasons: tuple[Count, ...]  # why a person was needed
    waits: tuple[timedelta, ...]  # from asking to the first reply, while somebody was there; shortest first
    unreplied: int  # asked for a person, and nobody has replied
    topics: tuple[Count, ...]
    unanswered: int  # messages that the assistant did not understand
    helpful: int
    not_helpful: int
    red_flags: tuple[Count, ...]

    @property
    def chats(self) -> int:
        return sum(day.chats for day in self.days)

    @property
    def alone(self) -> int:
        return sum(day.alone for day in self.days)

    @property
    def share_alone(self) -> float | None:
        return self.alone / self.chats if self.chats else None

    @property
    def median_wait(self) -> timedelta | None:
        return timedelta(seconds=statistics.median(w.total_seconds() for w in self.waits)) if self.waits else None

    @property
    def long_wait(self) -> timedelta | None:
        """Nine in ten waited no longer."""
        return self.waits[-(-len(self.waits) * 9 // 10) - 1] if self.waits else None

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """The report as a table: what, which, how much."""
        for day in self.days:
            yield "chats", day.day.isoformat(), str(day.chats)
            yield "answered without a person", day.day.isoformat(), str(day.alone)
        for title, counts in (
            ("handoff", self.reasons),
            ("question", self.topics),
            ("red flag", self.red_flags),
        ):
            for count in counts:
                yield title, count.name, str(count.count)
        for title, wait in (("median", self.median_wait), ("nine in ten", self.long_wait)):
            yield "wait in seconds", title, "" if wait is None else f"{wait.total_seconds():.0f}"
        yield "no reply of a person", "", str(self.unreplied)
        yield "not understood", "", str(self.unanswered)
        yield "rated", "helpful", str(self.helpful)
        yield "rated", "not helpful", str(self.not_helpful)


class DeskNumbers:
    """Counts. One object for the process."""

    def __init__(self, database: Database, knowledge: Knowledge) -> None:
        self._database = database
        self._knowledge = knowledge
        self._zone = knowledge.clinic.timezone

    async def report(self, first: date, last: date) -> DeskReport:
        """The numbers of these days, both included."""
        since, until = _begin(first, self._zone), _begin(last + timedelta(days=1), self._zone)
        return await self._database.read(lambda connection: self._count(connection, first, last, since, until))

    def _count(self, connection: Connection, first: date, last: date, since: datetime, until: datetime) -> DeskReport:
        def during(column: Any) -> Any:
            return (column >= since) & (column < until)

        asked = select(events.c.conversation_id).where(events.c.role == "patient")
        chats = select(conversations.c.id, conversations.c.created_at).where(
            during(conversations.c.created_at), conversations.c.id.in_(asked)
        )
        with_person = {row.conversation_id for row in connection.execute(select(handoffs.c.conversation_id).distinct())}
        days = {first + timedelta(days=n): [0, 0] for n in range((last - first).days + 1)}
        for row in connection.execute(chats):
            counts = days[row.created_at.astimezone(self._zone).date()]
            counts[0] += 1
            counts[1] += row.id not in with_person
        taken = connection.execute(select(handoffs).where(during(handoffs.c.asked_at))).all()
        alarms = select(desk_items.c.reason).where(desk_items.c.reason.in_(LEVELS), during(desk_items.c.created_at))
        rated = (
            select(ratings.c.verdict, func.count().label("n"))
            .where(ratings.c.day >= first, ratings.c.day <= last)
            .group_by(ratings.c.verdict)
        )
        verdicts = {row.verdict: row.n for row in connection.execute(rated)}
        said = select(events.c.kind, events.c.body["topic"].as_string().label("topic")).where(
            during(events.c.created_at), events.c.role == "assistant", events.c.kind.in_(("answer", "unknown"))
        )
        answers = connection.execute(said).all()
        titles = [self._title(row.topic) for row in answers if row.kind == "answer" and row.topic]
        return DeskReport(
            first,
            last,
            tuple(Day(day, *counts) for day, counts in days.items()),
            _ranked(row.reason for row in taken),
            tuple(sorted(_waits(taken))),
            sum(row.replied_at is None and row.reason != "desk" for row in taken),
            _ranked(titles)[:TOP],
            sum(row.kind == "unknown" for row in answers),
            verdicts.get("helpful", 0),
            verdicts.get("not_helpful", 0),
            _ranked(connection.execute(alarms).scalars()),
        )

    def _title(self, name: str) -> str:
        topic = self._knowledge.topics.get(name)
        return topic.title if topic else name


def _waits(taken: Iterable[Row[Any]]) -> Iterator[timedelta]:
    for row in taken:
        if row.replied_at is not None and not row.after_hours and row.reason != "desk":
            yield row.replied_at - row.asked_at


def _ranked(names: Iterable[str]) -> tuple[Count, ...]:
    return tuple(Count(name, count) for name, count in Counter(names).most_common())


def _begin(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
