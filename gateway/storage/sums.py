"""What the reports count: of the chats that are kept, and of those that went.

When a chat goes, what it adds to each day stays as sums. They hold no words and lead to no chat. So a chat is counted
in exactly one of the two, and a report of a year needs no chat of a year ago.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select

from gateway.storage.adding import add, batches
from gateway.storage.tables import conversations, desk_items, events, handoffs, report_sums

KEPT = timedelta(days=2 * 366)


class Counted(NamedTuple):
    """A thing that is counted on one day: `what` it is, and `which` of its kind."""

    day: date
    what: str  # chat, alone, hour, handoff, asked_hour, wait, unreplied, topic, unknown, flag, replies, helped
    which: str = ""


def counted(connection: Connection, zone: tzinfo, since: datetime, until: datetime) -> Counter[Counted]:
    """What the chats that are kept add to the days between two times; days are those of the zone's clock."""

    def during(column: Any, conversation: Any) -> Sequence[Any]:
        return column >= since, column < until

    return Counter(_all(connection, zone, during))


def keep(connection: Connection, zone: tzinfo, ids: Sequence[str]) -> None:
    """Add what these chats are counted as to the sums; they are about to go."""
    found: Counter[Counted] = Counter()
    for some in batches(ids):
        found.update(_all(connection, zone, lambda column, conversation, some=some: (conversation.in_(some),)))
    add(connection, report_sums, [{**each._asdict(), "number": number} for each, number in found.items()])


def kept(connection: Connection, first: date, last: date) -> Counter[Counted]:
    """The sums of these days, both included."""
    query = select(report_sums).where(report_sums.c.day >= first, report_sums.c.day <= last)
    return Counter({Counted(row.day, row.what, row.which): row.number for row in connection.execute(query)})


def let_go(connection: Connection, today: date) -> None:
    """Remove the sums that are too old."""
    connection.execute(delete(report_sums).where(report_sums.c.day < today - KEPT))


def _all(connection: Connection, zone: tzinfo, chosen: Any) -> Iterator[Counted]:
    """`chosen` gives the conditions on a time and the id of a chat."""
    asked = select(events.c.seq).where(events.c.conversation_id == conversations.c.id, events.c.role == "patient")
    chats = select(conversations.c.id, conversations.c.created_at).where(
        *chosen(conversations.c.created_at, conversations.c.id), asked.exists()
    )
    taken = select(handoffs.c.conversation_id).where(handoffs.c.conversation_id == conversations.c.id)
    for row in connection.execute(chats.add_columns(taken.exists().label("with_person"))):
        at = row.created_at.astimezone(zone)
        yield Counted(at.date(), "chat")
        yield Counted(at.date(), "hour", str(at.hour))
        if not row.with_person:
            yield Counted(at.date(), "alone")
    query = select(handoffs).where(*chosen(handoffs.c.asked_at, handoffs.c.conversation_id))
    for row in connection.execute(query):
        yield from _handoff(row, row.asked_at.astimezone(zone))
    what = events.c.body["topic"].as_string().label("topic"), events.c.body["name"].as_string().label("name")
    said = select(events.c.role, events.c.kind, events.c.created_at, events.c.conversation_id, *what).where(
        *chosen(events.c.created_at, events.c.conversation_id), events.c.role.in_(("assistant", "staff"))
    )
    helped = set()
    for row in connection.execute(said.order_by(events.c.created_at)):
        day = row.created_at.astimezone(zone).date()
        if row.role == "staff" and row.name:
            yield Counted(day, "replies", row.name)
            if (row.conversation_id, row.name) not in helped:
                helped.add((row.conversation_id, row.name))
                yield Counted(day, "helped", row.name)
        elif row.kind == "answer" and row.topic:
            yield Counted(day, "topic", row.topic)
        elif row.kind == "unknown":
            yield Counted(day, "unknown")
    items = select(desk_items.c.reason, desk_items.c.created_at).where(
        *chosen(desk_items.c.created_at, desk_items.c.conversation_id)
    )
    for row in connection.execute(items):
        yield Counted(row.created_at.astimezone(zone).date(), "flag", row.reason)


def _handoff(row: Any, asked: datetime) -> Iterator[Counted]:
    yield Counted(asked.date(), "handoff", row.reason)
    if row.reason == "desk":  # nobody had asked
        return
    yield Counted(asked.date(), "asked_hour", str(asked.hour))
    if row.replied_at is None:
        yield Counted(asked.date(), "unreplied")
    elif not row.after_hours:
        seconds = max(0, round((row.replied_at - row.asked_at).total_seconds()))
        yield Counted(asked.date(), "wait", f"{asked.hour} {seconds}")
