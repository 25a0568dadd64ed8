"""What the front desk can count: how much the assistant answered by itself, what people waited for, what they asked.

Counted from the chats that are kept, and from the sums of those that went. Days are those of the clinic's clock.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import Connection, func, select

from gateway.clock import utc_now
from gateway.handoff.front_desk import WAITING, longer
from gateway.storage import sums
from gateway.storage.database import Database
from gateway.storage.sums import Counted
from gateway.storage.tables import handoffs, ratings
from knowledge import Knowledge
from safety import LEVELS

TOP = 10  # questions
DAYS_SHOWN = 62  # more are shown as weeks


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
class Hour:
    """One hour of the clinic's day, on all days together."""

    hour: int
    chats: int
    asked: int  # for a person
    wait: timedelta | None  # usual, for those who asked in this hour


@dataclass(frozen=True)
class Colleague:
    """What somebody of the desk has written."""

    name: str
    chats: int
    replies: int


@dataclass(frozen=True)
class DeskReport:
    """All numbers of some days."""

    first: date
    last: date
    days: tuple[Day, ...]
    reasons: tuple[Count, ...]  # why a person was needed
    # From asking to the first reply, while somebody was there, and of those who have waited longer by now.
    waits: tuple[timedelta, ...]  # shortest first
    unreplied: int  # asked for a person, and nobody has replied
    topics: tuple[Count, ...]
    unanswered: int  # messages that the assistant did not understand
    helpful: int
    not_helpful: int
    red_flags: tuple[Count, ...]
    hours: tuple[Hour, ...] = ()
    colleagues: tuple[Colleague, ...] = ()
    waiting: tuple[timedelta, ...] = ()  # of those who wait now, while somebody was there; longest first

    @property
    def spans(self) -> tuple[Day, ...]:
        """The days, or the weeks of a long time, by their Mondays."""
        if len(self.days) <= DAYS_SHOWN:
            return self.days
        weeks: dict[date, list[Day]] = {}
        for day in self.days:
            weeks.setdefault(day.day - timedelta(days=day.day.weekday()), []).append(day)
        return tuple(
            Day(monday, sum(day.chats for day in days), sum(day.alone for day in days))
            for monday, days in weeks.items()
        )

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
        return _median(wait.total_seconds() for wait in self.waits)

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
        for hour in self.hours:
            yield "chats by hour", f"{hour.hour:02}:00", str(hour.chats)
            yield "asked for a person by hour", f"{hour.hour:02}:00", str(hour.asked)
            if hour.wait is not None:
                yield "wait in seconds by hour", f"{hour.hour:02}:00", f"{hour.wait.total_seconds():.0f}"
        for colleague in self.colleagues:
            yield "chats of a colleague", colleague.name, str(colleague.chats)
            yield "replies of a colleague", colleague.name, str(colleague.replies)
        yield "waiting now", "", str(len(self.waiting))
        yield "no reply of a person", "", str(self.unreplied)
        yield "not understood", "", str(self.unanswered)
        yield "rated", "helpful", str(self.helpful)
        yield "rated", "not helpful", str(self.not_helpful)


class DeskNumbers:
    """Counts. One object for the process."""

    def __init__(self, database: Database, knowledge: Knowledge, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._knowledge = knowledge
        self._zone = knowledge.clinic.timezone
        self._now = now

    async def report(self, first: date, last: date) -> DeskReport:
        """The numbers of these days, both included."""
        return await self._database.read(lambda connection: self._count(connection, first, last))

    def _count(self, connection: Connection, first: date, last: date) -> DeskReport:
        since, until = _begin(first, self._zone), _begin(last + timedelta(days=1), self._zone)
        found = sums.counted(connection, self._zone, since, until) + sums.kept(connection, first, last)
        rated = (
            select(ratings.c.verdict, func.count().label("n"))
            .where(ratings.c.day >= first, ratings.c.day <= last)
            .group_by(ratings.c.verdict)
        )
        verdicts = {row.verdict: row.n for row in connection.execute(rated)}
        of: dict[str, Counter[str]] = {}
        for each, number in found.items():
            of.setdefault(each.what, Counter())[each.which] += number
        none: Counter[str] = Counter()
        waits = sorted(_seconds(of.get("wait", none)))
        now = self._now()
        asked = (handoffs.c.asked_at >= since) & (handoffs.c.asked_at < until)
        so_far = [(now - at).total_seconds() for at in connection.execute(WAITING.where(asked)).scalars()]
        topics = Counter[str]()
        for name, number in of.get("topic", none).items():
            topics[self._title(name)] += number
        return DeskReport(
            first,
            last,
            tuple(
                Day(day, found[Counted(day, "chat")], found[Counted(day, "alone")])
                for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
            ),
            _ranked(of.get("handoff", none)),
            tuple(timedelta(seconds=wait) for wait in sorted([*waits, *longer(waits, so_far)])),
            of.get("unreplied", none)[""],
            _ranked(topics)[:TOP],
            of.get("unknown", none)[""],
            verdicts.get("helpful", 0),
            verdicts.get("not_helpful", 0),
            _ranked({flag: number for flag, number in of.get("flag", none).items() if flag in LEVELS}),
            tuple(_hours(of.get("hour", none), of.get("asked_hour", none), of.get("wait", none))),
            tuple(
                Colleague(name, of.get("helped", none)[name], replies)
                for name, replies in of.get("replies", none).most_common()
            ),
            tuple(timedelta(seconds=wait) for wait in sorted(so_far, reverse=True)),
        )

    def _title(self, name: str) -> str:
        topic = self._knowledge.topics.get(name)
        return topic.title if topic else name


def _seconds(waits: Counter[str], hour: str = "") -> Iterator[int]:
    """The waits, each as often as it was; of one hour of the day, if it is given."""
    for which, number in waits.items():
        asked, seconds = which.split()
        if hour in ("", asked):
            yield from [int(seconds)] * number


def _hours(chats: Counter[str], asked: Counter[str], waits: Counter[str]) -> Iterator[Hour]:
    for hour in range(24):
        name = str(hour)
        if chats[name] or asked[name]:
            yield Hour(hour, chats[name], asked[name], _median(_seconds(waits, name)))


def _median(seconds: Iterable[float]) -> timedelta | None:
    known = list(seconds)
    return timedelta(seconds=statistics.median(known)) if known else None


def _ranked(counts: Mapping[str, int]) -> tuple[Count, ...]:
    return tuple(Count(name, count) for name, count in Counter(counts).most_common())


def _begin(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
