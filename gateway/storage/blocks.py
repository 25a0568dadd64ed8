"""Chats that reach nobody at the front desk for a while, inside a transaction. A block goes with its chat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from gateway.storage.tables import desk_blocks


def current(connection: Connection, conversation_id: str, now: datetime) -> Row[Any] | None:
    """The block of this chat that is not over."""
    query = select(desk_blocks).where(desk_blocks.c.conversation_id == conversation_id, desk_blocks.c.until > now)
    return connection.execute(query).one_or_none()


def put(connection: Connection, conversation_id: str, why: str, by: str, until: datetime) -> None:
    """Block this chat until then, for this reason (by its id in data/desk.yml)."""
    lift(connection, conversation_id)
    row = {"conversation_id": conversation_id, "why": why, "staff_name": by, "until": until}
    connection.execute(insert(desk_blocks), row)


def lift(connection: Connection, conversation_id: str) -> bool:
    """Block it no more; whether it was blocked."""
    return connection.execute(delete(desk_blocks).filter_by(conversation_id=conversation_id)).rowcount > 0


def carry_over(connection: Connection, before: str, conversation_id: str, now: datetime) -> None:
    """A new chat from the same browser is blocked like the one before it, and no longer."""
    if block := current(connection, before, now):
        put(connection, conversation_id, block.why, block.staff_name, block.until)
