"""What patients wrote in the chats that are still kept, to ask a new model. Nothing of it is written anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gateway.database import Database
from gateway.settings import Settings
from gateway.studio.personal import Personal
from gateway.studio.understanding import Understood
from gateway.tables import events
from knowledge import normalise

MOST = 1000  # messages, the newest


@dataclass(frozen=True)
class PastChange:
    """A message, without personal details, and how it is understood by the model in use and by the new data."""

    text: str
    old: str
    new: str


async def past_messages(settings: Settings, most: int = MOST) -> list[str]:
    """The newest typed messages that differ."""
    query = select(events.c.body).where(events.c.role == "patient").order_by(events.c.created_at.desc()).limit(most * 3)

    def read(connection: Connection) -> list[str]:
        found: dict[str, str] = {}
        for body in connection.execute(query).scalars():
            text = str(body.get("text") or "")
            if normalise(text) and not body.get("choice") and not body.get("card"):
                found.setdefault(normalise(text), text)
        return list(found.values())[:most]

    database = Database(settings.database_url)
    try:
        await database.upgrade()
        return await database.read(read)
    finally:
        await database.close()


def changes(
    messages: Sequence[str], old: Sequence[Understood], new: Sequence[Understood], personal: Personal
) -> list[PastChange]:
    """The messages whose answer would be another one."""
    return [
        PastChange(personal.remove(text).text, before.words, after.words)
        for text, before, after in zip(messages, old, new, strict=True)
        if not before.same_for_patients(after)
    ]
