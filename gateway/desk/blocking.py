"""Blocking whoever abuses the chat: they reach nobody at the front desk for a while.

The assistant goes on answering, and words of danger still raise the alarm and ring at the desk. The chat is blocked,
and what the same browser begins after it; no address and nothing else of the person is kept. It ends by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from gateway.desk.service import ALARMS, NotYourChat
from gateway.handoff.side import Side
from gateway.storage import blocks, handoffs
from gateway.storage.store import Locked
from gateway.storage.tables import desk_items

BLOCKED = "blocked"  # how a handoff ended


class NoReason(ValueError):
    """Nobody is blocked without one of the clinic's reasons."""


@dataclass(frozen=True)
class Block:
    """How long a chat is blocked, why (in words), and who did it."""

    until: datetime
    why: str
    by: str


class Blocking(Side):
    """Blocks chats, and takes it back. One object for one state of the knowledge."""

    @property
    def reasons(self) -> dict[str, str]:
        """The clinic's reasons, by id; without any, nobody can be blocked."""
        return dict(self._knowledge.desk.blocking)

    async def of(self, conversation_id: str) -> Block | None:
        """The block of this chat."""
        now = self._front_desk.now()
        row = await self._database.read(lambda connection: blocks.current(connection, conversation_id, now))
        return Block(row.until, self.reasons.get(row.why, row.why), row.staff_name) if row else None

    async def block(self, conversation_id: str, staff_id: int, staff_name: str, why: str) -> None:
        """Block it, and tell the patient once; NotYourChat if a colleague has it, NoReason without a known reason.

        An alarm stays open: of that it has to be said what was done.
        """
        if why not in self.reasons:
            raise NoReason(why)

        def work(locked: Locked) -> None:
            handoff = handoffs.current(locked.connection, conversation_id)
            if handoff is not None and handoff.state == "person" and handoff.staff_id != staff_id:
                raise NotYourChat
            blocks.put(locked.connection, conversation_id, why, staff_name, locked.now + self._days())
            about = {"closed_as": why, "staff_name": staff_name}
            handoffs.end(locked.connection, conversation_id, BLOCKED, locked.now, **about)
            done = {"state": "done", "done_at": locked.now, "done_by": staff_name}
            left = update(desk_items).where(
                desk_items.c.conversation_id == conversation_id,
                desk_items.c.state == "open",
                desk_items.c.reason.not_in(ALARMS),
            )
            locked.connection.execute(left.values(**done))
            seen: dict[str, Any] = {"desk_seen": locked.conversation.last_seq}
            if locked.conversation.holder == "person":
                seen["answers_after"] = locked.conversation.last_seq
            locked.add(self._words(locked.conversation).blocked(), **seen, holder="assistant")

        await self._change(conversation_id, work)

    async def unblock(self, conversation_id: str) -> None:
        """Take it back, and tell the patient."""

        def work(locked: Locked) -> None:
            if blocks.lift(locked.connection, conversation_id):
                locked.add(self._words(locked.conversation).unblocked())

        await self._change(conversation_id, work)

    def _days(self) -> timedelta:
        return timedelta(days=self._knowledge.desk.block_days)
