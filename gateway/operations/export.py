"""All that is kept of a person's chat, for that person: `ims export SENDER_OR_ID`.

It follows the tables by themselves: whatever row belongs to the conversation is in it, also of tables to come.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from gateway.chat.transcript import transcript
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.store import Store
from gateway.storage.tables import conversations, metadata
from knowledge import Knowledge

Json = dict[str, Any]
# Not about the person: what opens the chat, and what its buttons tell the engine.
LEFT_OUT = ("token_hash", "choices")
OF_A_CONVERSATION = [table for table in metadata.sorted_tables if "conversation_id" in table.c]


async def export(settings: Settings, knowledge: Knowledge, name: str) -> list[Json]:
    """One object for each conversation of this id, or of this sender of the REST channel."""
    async with Database.opened(settings.database_url) as database:
        found = await database.read(lambda connection: _rows(connection, name))
        store = Store(database)
        for conversation in found:
            said = await store.history(conversation["conversation"]["id"], limit=len(conversation["events"]))
            conversation["transcript"] = transcript(said, knowledge)
        return found


def _rows(connection: Connection, name: str) -> list[Json]:
    query = select(conversations).where(or_(conversations.c.id == name, conversations.c.sender == name))
    found: list[Json] = []
    for conversation in connection.execute(query).mappings().all():
        rows = {
            table.name: [
                _plain(row)
                for row in connection.execute(
                    select(table).where(table.c.conversation_id == conversation["id"]).order_by(*table.primary_key)
                ).mappings()
            ]
            for table in OF_A_CONVERSATION
        }
        found.append({"conversation": _plain(conversation), **rows})
    return found


def _plain(row: Any) -> Json:
    return {
        name: value.isoformat() if isinstance(value, datetime | date) else value
        for name, value in row.items()
        if name not in LEFT_OUT
    }
