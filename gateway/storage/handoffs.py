"""The rows of `handoffs` inside a transaction: begin one, find the open one, end it, and since when a patient waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from gateway.storage import blocks
from gateway.storage.records import REQUESTS, HandoffReason
from gateway.storage.tables import desk_items, desk_mails, handoffs

OPEN = handoffs.c.state != "ended"


def current(connection: Connection, conversation_id: str) -> Row[Any] | None:
    """The handoff of a conversation that has not ended."""
    query = select(handoffs).where(handoffs.c.conversation_id == conversation_id, OPEN)
    return connection.execute(query).one_or_none()


def begin(
    connection: Connection, conversation_id: str, reason: HandoffReason, after_hours: bool, now: datetime, **staff: Any
) -> bool:
    """Begin a handoff; whether there was none before. With `staff_id` and `staff_name`, that person has the chat.

    A chat that is blocked waits for nobody, but somebody of the desk can take it.
    """
    if current(connection, conversation_id) or (not staff and blocks.current(connection, conversation_id, now)):
        return False
    row = {
        "conversation_id": conversation_id,
        "reason": reason,
        "state": "person" if staff else "waiting",
        "asked_at": now,
        "after_hours": after_hours,
        "waiting_since": None if staff else now,
        "claimed_at": now if staff else None,
        "alerts": 0,
        **staff,
    }
    connection.execute(insert(handoffs), row)
    return True


def change(connection: Connection, conversation_id: str, **values: Any) -> None:
    """Change the handoff that has not ended."""
    connection.execute(update(handoffs).where(handoffs.c.conversation_id == conversation_id, OPEN).values(**values))


def end(connection: Connection, conversation_id: str, how: str, now: datetime, **about: Any) -> bool:
    """End it, with all that waits for the front desk about this conversation; whether there was one."""
    done = (
        update(handoffs)
        .where(handoffs.c.conversation_id == conversation_id, OPEN)
        .values(state="ended", ended=how, ended_at=now, waiting_since=None, contact=None, **about)
    )
    ended = connection.execute(done).rowcount > 0
    items = update(desk_items).where(desk_items.c.conversation_id == conversation_id, desk_items.c.state == "open")
    if how != "handed_back":  # an alarm, or an answer that looks wrong, is still to be looked at
        items = items.where(desk_items.c.reason.in_(REQUESTS))
    connection.execute(items.values(state="done", done_at=now))
    alert = desk_mails.c.conversation_id == conversation_id, desk_mails.c.kind == "alert"
    connection.execute(delete(desk_mails).where(*alert))
    return ended


def patient_waits(connection: Connection, conversation_id: str, now: datetime) -> None:
    """The patient said something to the person who has the chat, and waits from now on, unless waiting already."""
    change(connection, conversation_id, waiting_since=func.coalesce(handoffs.c.waiting_since, now))


def ahead(connection: Connection, since: datetime | None = None) -> int:
    """How many wait for a person, or with `since`, how many of them since before that time."""
    query = (
        select(func.count()).select_from(handoffs).where(OPEN, handoffs.c.state == "waiting")
    )  # the index has the open ones
    if since is not None:
        query = query.where(handoffs.c.waiting_since < since)
    return connection.execute(query).scalar_one()
