"""Tags that the desk puts on a chat, to find it again: "call back", "booking". Patients never see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.handoff.side import DESK
from gateway.live.signals import Signals
from gateway.storage.database import Database
from gateway.storage.records import UnknownConversation
from gateway.storage.tables import desk_tags


class Tags:
    """Puts them on and takes them off. `words` are those that there are, by id (`data/desk.yml`)."""

    def __init__(self, database: Database, signals: Signals, words: Mapping[str, str]) -> None:
        self._database = database
        self._signals = signals
        self.words = words

    async def of(self, conversation_ids: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the tags of these chats, in the order in which the clinic lists them."""
        query = select(desk_tags).where(desk_tags.c.conversation_id.in_(conversation_ids))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        on = {(row.conversation_id, row.tag) for row in rows}
        return {id: [tag for tag in self.words if (id, tag) in on] for id in conversation_ids}

    async def turn(self, conversation_id: str, tag: str) -> None:
        """Put this tag on the chat, or take it off if it is there. One that the clinic does not have does nothing."""
        if tag not in self.words:
            return
        row = {"conversation_id": conversation_id, "tag": tag}

        def work(connection: Connection) -> None:
            if not connection.execute(delete(desk_tags).filter_by(**row)).rowcount:
                connection.execute(insert(desk_tags), row)

        try:
            await self._database.write(work)
        except IntegrityError:
            raise UnknownConversation(conversation_id) from None
        self._signals.send(DESK)
