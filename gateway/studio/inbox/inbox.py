"""The trainers' inbox: what was not understood, asked back about, voted down or corrected, without personal details.

Messages come in when somebody looks (`gather`), out of the conversations that are still kept. They go with them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, insert, or_, select, update

from gateway.storage.database import Database
from gateway.storage.tables import conversations, events, inbox, proposals
from gateway.studio.meaning import Array
from gateway.studio.personal import Personal
from knowledge.answers import normalise

NOT_UNDERSTOOD = ("unknown", "clarify")
VOTED_DOWN = ("not_helpful", "looks_wrong")
LONGEST = 2000
AT_ONCE = 20  # messages whose personal details are taken out before they are kept
Row = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """A message in the inbox; `patient` tells patients apart and nothing else. `reply` is what the front desk proposes
    as the answer, without personal details.
    """

    id: int
    patient: str
    text: str
    reason: str
    topic: str | None
    offered: tuple[str, ...]
    confidence: float | None
    created_at: datetime
    reply: str = ""


@dataclass(frozen=True)
class MessageGroup:
    """Messages that ask the same. It has the id of its first message, and shows the one that is most typical."""

    id: int
    messages: tuple[Message, ...]
    text: str

    @property
    def patients(self) -> int:
        return len({message.patient for message in self.messages})

    @property
    def reasons(self) -> Counter[str]:
        return Counter(message.reason for message in self.messages)

    @property
    def replies(self) -> tuple[str, ...]:
        """What the front desk replied, each once."""
        return tuple(dict.fromkeys(message.reply for message in self.messages if message.reply))


class Inbox:
    """Brings messages in, lists the open ones, and closes them."""

    def __init__(self, database: Database, personal: Personal, now: Callable[[], datetime]) -> None:
        self._database = database
        self._personal = personal
        self._now = now

    async def gather(self) -> int:
        """Take in what is not there yet; how many messages."""
        return await self._keep(await self._database.read(lambda connection: _new(connection, _found(connection))))

    async def bring(self, texts: Iterable[str], topic: str | None = None) -> int:
        """Take in messages from elsewhere; how many. What was taken in before is not taken in again."""
        return await self._keep(
            [{"text": text, "reason": "imported", "topic": topic} for text in texts if normalise(text)]
        )

    async def open(self) -> list[Message]:
        """The messages that nobody has decided about, oldest first."""
        query = select(inbox).where(inbox.c.state == "open").order_by(inbox.c.id)
        rows, replies = await self._database.read(
            lambda connection: (connection.execute(query).all(), _replies(connection))
        )
        return [
            Message(
                row.id,
                row.conversation_id or f"imported-{row.id}",
                row.text,
                row.reason,
                row.topic,
                tuple(row.offered),
                row.confidence,
                row.created_at,
                self._personal.remove(replies.get(row.origin, "")).text,
            )
            for row in rows
        ]

    async def close(self, ids: Sequence[int], state: str) -> None:
        """Somebody has taught or dismissed these."""
        query = update(inbox).where(inbox.c.id.in_(ids)).values(state=state)
        await self._database.write(lambda connection: connection.execute(query))

    async def reopen(self, ids: Sequence[int], state: str) -> int:
        """Have messages that were closed so wait again; how many do, as some may have gone with their chat."""
        query = update(inbox).where(inbox.c.id.in_(ids), inbox.c.state == state).values(state="open")
        return await self._database.write(lambda connection: connection.execute(query).rowcount)

    async def _keep(self, rows: Sequence[Row]) -> int:
        """Keep these, a few at a time: personal details are taken out while nothing of the database is held."""
        kept = 0
        for first in range(0, len(rows), AT_ONCE):
            cleaned = await asyncio.to_thread(self._cleaned, rows[first : first + AT_ONCE])
            kept += await self._database.write(partial(self._take, rows=cleaned))
        return kept

    def _cleaned(self, rows: Sequence[Row]) -> list[Row]:
        return [{**row, "text": self._personal.remove(" ".join(row["text"].split())).text[:LONGEST]} for row in rows]

    def _take(self, connection: Connection, rows: Sequence[Row]) -> int:
        empty: Row = {"conversation_id": None, "topic": None, "offered": [], "confidence": None}
        named = ({**row, "origin": row.get("origin") or _imported(row["text"])} for row in rows)
        new = [
            {**empty, "created_at": self._now(), **row, "state": "open"}
            for row in _new(connection, {row["origin"]: row for row in named}.values())
        ]
        if new:
            connection.execute(insert(inbox), new)
        return len(new)


def grouped(messages: Sequence[Message], vectors: Array, same: float) -> list[MessageGroup]:
    """The messages in groups of like meaning, the most common first."""
    groups: list[list[int]] = []
    sums: list[Array] = []
    for i, vector in enumerate(vectors):
        likeness = [float(vector @ total) / (float(np.linalg.norm(total)) or 1.0) for total in sums]
        best = int(np.argmax(likeness)) if likeness else -1
        if best >= 0 and likeness[best] >= same:
            groups[best].append(i)
            sums[best] = sums[best] + vector
        else:
            groups.append([i])
            sums.append(vector.copy())
    found = []
    for group, total in zip(groups, sums, strict=True):
        typical = max(group, key=lambda i: float(vectors[i] @ total))
        own = tuple(messages[i] for i in group)
        found.append(MessageGroup(own[0].id, own, messages[typical].text))
    return sorted(found, key=lambda group: (-group.patients, group.id))


def _new(connection: Connection, rows: Iterable[Row]) -> list[Row]:
    """Those that are not in the inbox, out of chats that are still there."""
    there = set(connection.execute(select(inbox.c.origin).where(inbox.c.origin.is_not(None))).scalars())
    new = [row for row in rows if row.get("origin") not in there]
    chats = {row.get("conversation_id") for row in new} - {None}
    kept = set(connection.execute(select(conversations.c.id)).scalars()) if chats else set()
    return [row for row in new if row.get("conversation_id") is None or row["conversation_id"] in kept]


def _imported(text: str) -> str:
    return f"imported {sha256(text.casefold().encode()).hexdigest()[:24]}"


def _origin(proposal: int) -> str:
    return f"proposal-{proposal}"


def _replies(connection: Connection) -> dict[str, str]:
    """What the front desk proposes as answers, by the origin of the message in the inbox."""
    found = connection.execute(select(proposals.c.id, proposals.c.reply).where(proposals.c.state == "open"))
    return {_origin(id): reply for id, reply in found}


def _found(connection: Connection) -> list[Row]:
    asked, answer = events.alias("asked"), events.alias("answer")
    same = and_(answer.c.conversation_id == asked.c.conversation_id, answer.c.in_reply_to == asked.c.seq)
    query = (
        select(
            asked.c.conversation_id,
            asked.c.seq,
            asked.c.body.label("asked"),
            asked.c.created_at,
            answer.c.kind,
            answer.c.body.label("answer"),
            answer.c.rating,
        )
        .join(answer, same)
        .where(asked.c.role == "patient", answer.c.role == "assistant")
        .where(or_(answer.c.kind.in_(NOT_UNDERSTOOD), answer.c.rating.in_(VOTED_DOWN)))
        .order_by(asked.c.created_at)
    )
    rows: list[Row] = []
    for row in connection.execute(query):
        if row.asked.get("choice") or not normalise(row.asked.get("text", "")):
            continue
        rows.append(
            {
                "conversation_id": row.conversation_id,
                "origin": f"{row.conversation_id}-{row.seq}",
                "text": row.asked["text"],
                "reason": row.rating if row.rating in VOTED_DOWN else row.kind,
                "topic": row.answer.get("topic"),
                "offered": row.answer.get("offered") or [],
                "confidence": row.answer.get("confidence"),
                "created_at": row.created_at,
            }
        )
    for proposal in connection.execute(select(proposals).where(proposals.c.state == "open")):
        rows.append(
            {
                "conversation_id": proposal.conversation_id,
                "origin": _origin(proposal.id),
                "text": proposal.question,
                "reason": "corrected",
                "created_at": proposal.created_at,
            }
        )
    return rows
