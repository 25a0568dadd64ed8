"""Replies of the front desk that may become answers: the inbox of the trainers.

They hold a patient's words, so they go with the conversation they come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from gateway.storage.database import Database
from gateway.storage.tables import proposals


@dataclass(frozen=True)
class Proposal:
    """A question, and what the front desk replied."""

    id: int
    question: str
    reply: str
    login: str
    created_at: datetime


class Proposals:
    """Takes proposals, lists the open ones, and closes them."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def add(self, conversation_id: str, question: str, reply: str, login: str) -> None:
        """Propose a reply to the trainers."""
        about = {"conversation_id": conversation_id, "question": question, "reply": reply, "login": login}
        row = {**about, "state": "open", "created_at": self._now()}
        await self._database.write(lambda connection: connection.execute(insert(proposals), row))

    async def open(self) -> list[Proposal]:
        """What nobody has decided about, oldest first."""
        query = select(proposals).where(proposals.c.state == "open").order_by(proposals.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Proposal(row.id, row.question, row.reply, row.login, row.created_at) for row in rows]

    async def close(self, number: int) -> bool:
        """Somebody has decided about it; whether it was open."""
        query = update(proposals).where(proposals.c.id == number, proposals.c.state == "open").values(state="done")
        return await self._database.write(lambda connection: connection.execute(query).rowcount > 0)
