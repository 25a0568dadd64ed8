"""The store: every conversation and each of its numbered events, over SQLAlchemy.

What it promises: an event that `append` returned is on disk; the numbers of a conversation have no gap and no double;
the same client key never makes a second event; a patient's message is answered at most once, because the answer and
the mark "answered" are one transaction (`settle`).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.tables import conversations, desk_items, events

Json = dict[str, Any]


@dataclass(frozen=True)
class Conversation:
    """What is known of a conversation besides its events."""

    id: str
    holder: str
    last_seq: int
    engine_epoch: int
    engine_turns: int
    slots: Json
    red_flag: Json | None
    token_hash: str | None

    def opens_with(self, token: str) -> bool:
        """Whether this token is the one that its browser was given."""
        return self.token_hash is not None and hmac.compare_digest(self.token_hash, _hash(token))


@dataclass(frozen=True)
class Draft:
    """An event that has no number yet. `choices` says what the ids in its buttons do; it never leaves the server."""

    role: str
    kind: str
    body: Json
    choices: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """One numbered thing that was said or happened in a conversation."""

    conversation_id: str
    seq: int
    role: str
    kind: str
    body: Json
    choices: Json
    client_key: str | None
    in_reply_to: int | None
    created_at: datetime

    def public(self) -> Json:
        """The event as the outside sees it. A button's id names its event, so that it can be found again."""
        body = {**self.body, "kind": self.kind}
        for name in ("buttons", "see_also"):
            if name in body:
                body[name] = [{**it, "id": f"{self.seq}-{it['id']}"} if "id" in it else it for it in body[name]]
        return {
            "seq": self.seq,
            "role": self.role,
            "time": self.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "key": self.client_key,
            "in_reply_to": self.in_reply_to,
            "body": body,
        }


@dataclass(frozen=True)
class Outcome:
    """All that one message of a patient leads to; written as a whole or not at all."""

    replies: tuple[Draft, ...] = ()
    desk: tuple[str, ...] = ()  # reasons why the front desk should look
    engine_epoch: int | None = None  # None: as it was
    engine_turns: int | None = None
    slots: Json | None = None
    red_flag: Json = field(default_factory=dict)  # what the net found in this message; empty: nothing


@dataclass(frozen=True)
class DeskItem:
    """Something the front desk should look at."""

    conversation_id: str
    seq: int
    reason: str
    state: str
    created_at: datetime


class UnknownConversation(LookupError):
    """There is no conversation of this id."""


class KeyReused(ValueError):
    """The client key was used before, for another message."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The log of all conversations. One object for the process, over one SQLAlchemy engine."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = _utc_now) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)
        self._now = now
        # SQLite has one writer; waiting here is fair and quicker than its own polling.
        alone = engine.dialect.name == "sqlite"
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if alone else nullcontext()

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[AsyncConnection]:
        async with self._turn, self._writer.begin() as connection:
            yield connection

    async def ping(self) -> None:
        """Raise if the database does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    # conversations

    async def open(self, *first: Draft) -> tuple[Conversation, str, list[Event]]:
        """Start a conversation of the page; returns it, the token that opens it, and its first events."""
        token = secrets.token_urlsafe(24)
        async with self._write() as connection:
            conversation = await self._create(connection, token_hash=_hash(token))
            said = await self._add(connection, conversation, first)
        return conversation, token, said

    async def conversation(self, conversation_id: str) -> Conversation:
        """The conversation of this id, or UnknownConversation."""
        async with self._engine.connect() as connection:
            return await self._conversation(connection, conversation_id)

    async def conversation_of(self, sender: str) -> Conversation:
        """The conversation of this sender of the REST channel, opened if there is none."""
        query = select(conversations).where(conversations.c.sender == sender)
        async with self._engine.connect() as connection:
            if row := (await connection.execute(query)).one_or_none():
                return _conversation(row)
        async with self._write() as connection:
            # Somebody else may have opened it meanwhile.
            if row := (await connection.execute(query)).one_or_none():
                return _conversation(row)
            return await self._create(connection, sender=sender)

    async def forget(self, conversation_id: str) -> None:
        """Remove a conversation and all that was said in it."""
        async with self._write() as connection:
            await connection.execute(delete(conversations).where(conversations.c.id == conversation_id))

    async def hold(self, conversation_id: str, holder: str) -> None:
        """Say who has the conversation: assistant, waiting or person."""
        async with self._write() as connection:
            await self._conversation(connection, conversation_id, lock=True)
            await connection.execute(
                update(conversations).where(conversations.c.id == conversation_id).values(holder=holder)
            )

    # events

    async def append(self, conversation_id: str, draft: Draft, client_key: str | None = None) -> tuple[Event, bool]:
        """Store an event; returns it and whether it is new. With a client key that was used before, the first one.

        A patient's message waits for its answer from here on; `settle` ends that.
        """
        async with self._write() as connection:
            conversation = await self._conversation(connection, conversation_id, lock=True)
            if client_key is not None:
                query = select(events).where(
                    events.c.conversation_id == conversation_id, events.c.client_key == client_key
                )
                if row := (await connection.execute(query)).one_or_none():
                    if row.body != draft.body:
                        raise KeyReused(client_key)
                    return _event(row), False
            state = "received" if draft.role == "patient" else None
            (event,) = await self._add(connection, conversation, [draft], client_key=client_key, state=state)
            return event, True

    async def history(self, conversation_id: str, after: int = 0, limit: int = 500) -> list[Event]:
        """The events after this number, in order."""
        query = (
            select(events)
            .where(events.c.conversation_id == conversation_id, events.c.seq > after)
            .order_by(events.c.seq)
            .limit(limit)
        )
        async with self._engine.connect() as connection:
            return [_event(row) for row in await connection.execute(query)]

    async def answer_to(self, conversation_id: str, seq: int) -> list[Event] | None:
        """What was answered to the patient's message of this number; None while it waits for its answer."""
        query = (
            select(events)
            .where(
                events.c.conversation_id == conversation_id,
                events.c.seq >= seq,
                or_(events.c.seq == seq, events.c.in_reply_to == seq),
            )
            .order_by(events.c.seq)
        )
        async with self._engine.connect() as connection:
            message, *replies = (await connection.execute(query)).all()
        return None if message.state == "received" else [_event(row) for row in replies]

    async def choice(self, conversation_id: str, choice_id: str) -> tuple[str, Json] | None:
        """Label and meaning of a button that this conversation was offered; None if it was not."""
        number, _, name = choice_id.partition("-")
        if not (number.isascii() and number.isdigit() and len(number) <= 9):
            return None
        query = select(events).where(events.c.conversation_id == conversation_id, events.c.seq == int(number))
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        found = _event(row).choices.get(name) if row else None
        return (found["label"], found["does"]) if found else None

    # answering

    async def next_unanswered(self, conversation_id: str) -> Event | None:
        """The first message of the patient that has no answer yet."""
        query = (
            select(events)
            .where(events.c.conversation_id == conversation_id, events.c.state == text("'received'"))
            .order_by(events.c.seq)
            .limit(1)
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _event(row) if row else None

    async def unanswered(self) -> list[str]:
        """The conversations in which a message waits for its answer."""
        query = select(events.c.conversation_id).where(events.c.state == text("'received'")).distinct()
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def settle(self, conversation_id: str, seq: int, outcome: Outcome) -> list[Event]:
        """Answer a patient's message: all of `outcome`, or nothing if it was answered before.

        Who has the conversation is asked again here: what the assistant says after a person took over is dropped.
        """
        async with self._write() as connection:
            conversation = await self._conversation(connection, conversation_id, lock=True)
            person = conversation.holder == "person"
            mark = (
                update(events)
                .where(events.c.conversation_id == conversation_id, events.c.seq == seq, events.c.state == "received")
                .values(state="with_person" if person else "answered")
            )
            if (await connection.execute(mark)).rowcount != 1:
                return []
            changes: Json = {"red_flag": outcome.red_flag or None}
            for name in ("engine_epoch", "engine_turns", "slots"):
                if (value := getattr(outcome, name)) is not None:
                    changes[name] = value
            replies = [draft for draft in outcome.replies if not (person and draft.role == "assistant")]
            said = await self._add(
                connection,
                conversation,
                replies,
                changes={**changes, "red_flag": outcome.red_flag or None},
                in_reply_to=seq,
            )
            if outcome.desk:
                now = self._now()
                await connection.execute(
                    insert(desk_items),
                    [
                        {
                            "conversation_id": conversation_id,
                            "seq": seq,
                            "reason": reason,
                            "state": "open",
                            "created_at": now,
                        }
                        for reason in outcome.desk
                    ],
                )
            return said

    async def fresh_tracker(self, conversation_ids: Iterable[str]) -> None:
        """Have the engine begin a new tracker for these: it may have heard their last message already."""
        async with self._write() as connection:
            await connection.execute(
                update(conversations)
                .where(conversations.c.id.in_(list(conversation_ids)))
                .values(engine_epoch=conversations.c.engine_epoch + 1, engine_turns=0)
            )

    # the desk

    async def open_desk_items(self, limit: int = 200) -> list[DeskItem]:
        """What waits for the front desk, oldest first."""
        query = (
            select(desk_items)
            .where(desk_items.c.state == "open")
            .order_by(desk_items.c.created_at, desk_items.c.id)
            .limit(limit)
        )
        async with self._engine.connect() as connection:
            return [
                DeskItem(row.conversation_id, row.seq, row.reason, row.state, row.created_at)
                for row in await connection.execute(query)
            ]

    # inside a transaction

    async def _create(self, connection: AsyncConnection, **given: str) -> Conversation:
        now = self._now()
        row: Json = {
            "id": secrets.token_urlsafe(18),
            "token_hash": None,
            "sender": None,
            "created_at": now,
            "last_at": now,
            "last_seq": 0,
            "holder": "assistant",
            "engine_epoch": 1,
            "engine_turns": 0,
            "slots": {},
            "red_flag": None,
            **given,
        }
        await connection.execute(insert(conversations), row)
        return Conversation(**{name: row[name] for name in Conversation.__dataclass_fields__})

    async def _conversation(
        self, connection: AsyncConnection, conversation_id: str, *, lock: bool = False
    ) -> Conversation:
        query = select(conversations).where(conversations.c.id == conversation_id)
        row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
        if row is None:
            raise UnknownConversation(conversation_id)
        return _conversation(row)

    async def _add(
        self,
        connection: AsyncConnection,
        conversation: Conversation,
        drafts: Sequence[Draft],
        *,
        changes: Mapping[str, Any] | None = None,
        client_key: str | None = None,
        state: str | None = None,
        in_reply_to: int | None = None,
    ) -> list[Event]:
        now = self._now()
        rows = [
            {
                "conversation_id": conversation.id,
                "seq": seq,
                "role": draft.role,
                "kind": draft.kind,
                "body": draft.body,
                "choices": draft.choices or None,
                "client_key": client_key,
                "in_reply_to": in_reply_to,
                "state": state,
                "created_at": now,
            }
            for seq, draft in enumerate(drafts, conversation.last_seq + 1)
        ]
        if rows:
            await connection.execute(insert(events), rows)
        await connection.execute(
            update(conversations)
            .where(conversations.c.id == conversation.id)
            .values(last_seq=conversation.last_seq + len(rows), last_at=now, **(changes or {}))
        )
        return [
            Event(conversation.id, seq, draft.role, draft.kind, draft.body, draft.choices, client_key, in_reply_to, now)
            for seq, draft in enumerate(drafts, conversation.last_seq + 1)
        ]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(**{name: row._mapping[name] for name in Conversation.__dataclass_fields__})


def _event(row: Row[Any]) -> Event:
    given = {name: row._mapping[name] for name in Event.__dataclass_fields__}
    return Event(**{**given, "choices": given["choices"] or {}})
