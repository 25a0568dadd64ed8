"""What patients say about an answer: helpful, not helpful, or "this looks wrong", which makes an incident.

Helpful and not helpful are counted without anything that leads back to the conversation. An incident names the answer
and its version; what the patient wrote about it stands with the desk's item and goes when the conversation goes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import Connection, func, insert, select, update

from gateway.storage import blocks
from gateway.storage.database import Database
from gateway.storage.tables import desk_items, events, incidents, ratings

NOTE_LIMIT = 500
LOOKS_WRONG = "looks_wrong"


class NoSuchAnswer(LookupError):
    """The conversation has no answer of this number that could be rated."""


@dataclass(frozen=True)
class OpenIncidents:
    """The open incidents about one version of one answer: how many, the newest, and their ids."""

    topic: str
    version: str
    count: int
    last: datetime
    ids: tuple[int, ...]


class Feedback:
    """Takes verdicts on answers, and keeps the incidents."""

    def __init__(self, database: Database, now: Callable[[], datetime], timezone: tzinfo) -> None:
        self._database = database
        self._now = now
        self._timezone = timezone

    async def rate(self, conversation_id: str, seq: int, verdict: str, note: str = "") -> str:
        """Take a verdict on the answer of this number; returns the one that holds.

        The first one counts, so that nobody counts twice. "Looks wrong" is always taken: safety comes before the count.
        """
        answer = select(events).where(events.c.conversation_id == conversation_id, events.c.seq == seq)

        def work(connection: Connection) -> str:
            row = connection.execute(answer.with_for_update()).one_or_none()
            if row is None or row.role != "assistant" or not row.body.get("version"):
                raise NoSuchAnswer(seq)
            if row.rating == LOOKS_WRONG or (row.rating and verdict != LOOKS_WRONG):
                return str(row.rating)
            about = {"topic": row.body["topic"], "version": row.body["version"]}
            if verdict == LOOKS_WRONG:
                here = {"conversation_id": conversation_id, "seq": seq, "state": "open", "created_at": self._now()}
                connection.execute(insert(incidents), {**about, **here})
                if not blocks.current(connection, conversation_id, self._now()):
                    connection.execute(insert(desk_items), {**here, "reason": LOOKS_WRONG, "note": note or None})
            else:
                day = self._now().astimezone(self._timezone).date()
                connection.execute(insert(ratings), {**about, "verdict": verdict, "day": day})
            rated = update(events).where(events.c.conversation_id == conversation_id, events.c.seq == seq)
            connection.execute(rated.values(rating=verdict))
            return verdict

        return await self._database.write(work)

    async def open_incidents(self) -> list[OpenIncidents]:
        """What looks wrong and was not closed yet: by answer and version, the most often named first."""
        query = select(incidents).where(incidents.c.state == "open").order_by(incidents.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        about = dict.fromkeys((row.topic, row.version) for row in rows)
        found = []
        for topic, version in about:
            those = [row for row in rows if (row.topic, row.version) == (topic, version)]
            last, ids = max(row.created_at for row in those), tuple(row.id for row in those)
            found.append(OpenIncidents(topic, version, len(those), last, ids))
        return sorted(found, key=lambda it: -it.count)

    async def close_incident(self, number: int) -> bool:
        """Close an incident; whether it was open."""
        query = update(incidents).where(incidents.c.id == number, incidents.c.state == "open").values(state="closed")
        return await self._database.write(lambda connection: connection.execute(query).rowcount > 0)

    async def counts(self) -> dict[tuple[str, str, str], int]:
        """How often each version of each answer got each verdict: by topic, version and verdict."""
        about = (ratings.c.topic, ratings.c.version, ratings.c.verdict)
        query = select(*about, func.count()).group_by(*about)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {(topic, version, verdict): count for topic, version, verdict, count in rows}
