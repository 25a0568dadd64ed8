"""Replies that are sent often: those of the clinic (`data/desk.yml`), and each person's own."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from gateway.desk.reviewed import Hint, Reviewed
from gateway.staff.accounts import Person
from gateway.storage.database import Database
from gateway.storage.tables import desk_replies
from knowledge import Knowledge
from knowledge.desk import IN_REPLIES, ME
from knowledge.placeholders import BRACE, PLACEHOLDER, fill

MOST = 100  # own replies of a person


class NotAReply(ValueError):
    """It cannot be kept; the message says why."""


@dataclass(frozen=True)
class Reply:
    """A reply that is ready to be put into a chat."""

    id: int | None  # none: it is the clinic's
    name: str
    text: str  # as it is sent
    written: str  # with its placeholders


class ReadyReplies:
    """Lists them, and keeps each person's own. One object for one state of the knowledge."""

    def __init__(self, database: Database, knowledge: Knowledge, reviewed: Reviewed) -> None:
        self._database = database
        self._knowledge = knowledge
        self._reviewed = reviewed

    async def of(self, person: Person) -> list[Reply]:
        """Those that this person can send: their own first, then the clinic's."""
        query = select(desk_replies).where(desk_replies.c.staff_id == person.id)
        rows = await self._database.read(lambda c: c.execute(query.order_by(func.lower(desk_replies.c.name))).all())
        own = [Reply(row.id, row.name, self.filled(row.text, person), row.text) for row in rows]
        shared = [Reply(None, it.name, self.filled(it.text, person), it.text) for it in self._knowledge.desk.replies]
        return own + shared

    def filled(self, text: str, person: Person) -> str:
        """The text as this person sends it."""
        return self._knowledge.fill(fill(text, {name: f"{{{name}}}" for name in IN_REPLIES} | {ME: person.name}))

    async def keep(self, person: Person, name: str, text: str, id: int | None = None) -> list[Hint]:
        """Keep a reply of one's own, or change it; what to think about in it. NotAReply if it cannot be sent."""
        name, text = name.strip()[:80], text.strip()[:2000]
        if not name or not text:
            raise NotAReply("Write a name and a text.")
        unknown = [found for found in PLACEHOLDER.findall(text) if found not in IN_REPLIES]
        if unknown or BRACE.search(PLACEHOLDER.sub("", text)):
            raise NotAReply(f"Nothing fills {{{unknown[0]}}}." if unknown else "A brace stands alone in the text.")
        row = {"staff_id": person.id, "name": name, "text": text}
        mine = desk_replies.c.staff_id == person.id
        if id is not None:
            change = update(desk_replies).where(desk_replies.c.id == id, mine).values(**row)
            await self._database.write(lambda connection: connection.execute(change))
        else:
            count = select(func.count()).select_from(desk_replies).where(mine)
            if await self._database.read(lambda connection: connection.execute(count).scalar_one()) >= MOST:
                raise NotAReply(f"You have {MOST} replies already. Remove one first.")
            await self._database.write(lambda connection: connection.execute(insert(desk_replies), row))
        return self._reviewed.hints(self.filled(text, person))

    async def remove(self, person: Person, id: int) -> None:
        """Remove one of one's own."""
        gone = delete(desk_replies).where(desk_replies.c.id == id, desk_replies.c.staff_id == person.id)
        await self._database.write(lambda connection: connection.execute(gone))
