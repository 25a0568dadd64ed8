"""The store: every conversation and each of its numbered events, over SQLAlchemy.

What it promises: an event that `append` returned is on disk; the numbers of a conversation have no gap and no double;
the same client key never makes a second event; a patient's message is answered at most once, because the answer and
the mark "answered" are one transaction (`settle`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from gateway.clock import CLOCK_SLACK, utc_now
from gateway.storage import answer_sums, blocks, handoffs, screening_slots, statements, sums
from gateway.storage.adding import batches
from gateway.storage.database import Database
from gateway.storage.records import (
    LESS_THAN_DANGER,
    OWN,
    ChatFull,
    Conversation,
    DeskItem,
    Draft,
    Event,
    Json,
    KeyReused,
    Turn,
    TurnOutcome,
    UnknownConversation,
    hashed,
)
from gateway.storage.tables import conversations, desk_items, events
from gateway.storage.tables import handoffs as table
from safety import LEVELS

T = TypeVar("T")


class Locked:
    """A conversation inside a transaction that nobody else can change meanwhile."""

    def __init__(self, store: Store, connection: Connection, conversation: Conversation, now: datetime) -> None:
        self._store = store
        self.connection = connection
        self.conversation = conversation
        self.now = now

    def add(self, *drafts: Draft, client_key: str | None = None, **changes: Any) -> list[Event]:
        """Add events, and change what is known of the conversation."""
        said = self._store._add(self.connection, self.conversation, drafts, changes=changes, client_key=client_key)
        self.conversation = replace(self.conversation, last_seq=self.conversation.last_seq + len(drafts), **changes)
        return said

    def known(self, client_key: str) -> Event | None:
        """The event that was added with this key."""
        given = {"chat": self.conversation.id, "key": client_key}
        row = self.connection.execute(statements.WITH_KEY, given).one_or_none()
        return None if row is None else _event(row)


class Store:
    """The log of all conversations. One object for the process, over one database."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime] = utc_now,
        chat_limit: int = 10**9,
        zone: tzinfo = UTC,
    ) -> None:
        """`zone` is that of the days to which chats that go are counted."""
        self._database = database
        self._now = now
        self._chat_limit = chat_limit
        self._zone = zone

    async def ping(self) -> None:
        """Raise if the database does not answer."""
        await self._database.read(lambda connection: connection.execute(text("SELECT 1")))

    # conversations

    async def open(
        self, *first: Draft, language: str | None = None, before: str | None = None
    ) -> tuple[Conversation, str, list[Event]]:
        """Start a conversation of the page; returns it, the token that opens it, and its first events. `before` is the
        one that the same browser had, whose block it inherits; nothing else of it is known in the new one.
        """
        token = secrets.token_urlsafe(24)

        def work(connection: Connection) -> tuple[Conversation, str, list[Event]]:
            conversation = self._create(connection, token_hash=hashed(token), language=language)
            if before:
                blocks.carry_over(connection, before, conversation.id, self._now())
            return conversation, token, self._add(connection, conversation, first)

        return await self._database.write(work)

    async def conversation(self, conversation_id: str) -> Conversation:
        """The conversation of this id, or UnknownConversation."""
        return await self._database.read(lambda connection: _find(connection, conversation_id))

    async def conversation_of(self, sender: str) -> Conversation:
        """The conversation of this sender of the REST channel, opened if there is none."""
        return await self._database.write(lambda connection: self._of_sender(connection, sender))

    async def forget(self, conversation_id: str) -> None:
        """Remove a conversation and all that was said in it; what the reports and the answers count stays."""
        await self._database.write(lambda connection: self._remove(connection, conversations.c.id == conversation_id))

    async def named(self, name: str) -> list[str]:
        """The ids of the conversations that have this id, or that this sender of the REST channel has."""
        query = select(conversations.c.id).where(or_(conversations.c.id == name, conversations.c.sender == name))
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))

    async def purge(self, before: datetime) -> list[str]:
        """Remove the conversations whose last event is from before this time; returns their ids.

        What was written while the clock was ahead counts as written now: it would be kept for too long.
        """

        def work(connection: Connection) -> list[str]:
            now = self._now()
            ahead = update(conversations).where(conversations.c.last_at > now + CLOCK_SLACK).values(last_at=now)
            connection.execute(ahead)
            sums.let_go(connection, now.date())
            return self._remove(connection, conversations.c.last_at < before)

        return await self._database.write(work)

    def _remove(self, connection: Connection, which: ColumnElement[bool]) -> list[str]:
        """Remove conversations, of which sums stay; returns their ids."""
        # Held, so that another gateway that removes them at the same time does not count them once more.
        held = select(conversations.c.id).where(which).order_by(conversations.c.id).with_for_update()
        chats = list(connection.execute(held).scalars())
        sums.keep(connection, self._zone, chats)
        answer_sums.fold(connection, chats)
        for some in batches(chats):
            connection.execute(delete(conversations).where(conversations.c.id.in_(some)))
        return chats

    async def newest(self) -> datetime | None:
        """When something was said last, in any conversation."""
        query = select(func.max(conversations.c.last_at))
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def let_go_of_empty(self, before: datetime) -> None:
        """Remove the conversations from before this time in which no patient has said anything."""
        said = select(events.c.seq).where(events.c.conversation_id == conversations.c.id, events.c.role == "patient")
        query = delete(conversations).where(
            conversations.c.last_at < before, conversations.c.last_seq <= 3, ~said.exists()
        )
        await self._database.write(lambda connection: connection.execute(query))

    async def exists(self, conversation_id: str) -> bool:
        """Whether the conversation is still there."""
        return conversation_id in await self.named(conversation_id)

    async def person_was_asked(self, conversation_id: str) -> bool:
        """Whether a person is asked for in this conversation, or has answered in it."""
        query = select(table.c.id).where(
            table.c.conversation_id == conversation_id, or_(handoffs.OPEN, table.c.replied_at.is_not(None))
        )
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def within(self, conversation_id: str, work: Callable[[Locked], T]) -> T:
        """Do something in one transaction that has the conversation for itself; UnknownConversation without one."""

        def run(connection: Connection) -> T:
            return work(Locked(self, connection, _find(connection, conversation_id, lock=True), self._now()))

        return await self._database.write(run)

    # events

    async def append(
        self, conversation_id: str, draft: Draft, client_key: str | None = None, *, to_assistant: Draft | None = None
    ) -> tuple[Event, bool]:
        """Store an event; returns it and whether it is new. With a client key that was used before, the first one.
        Where no person is asked for, `to_assistant` is stored instead, if it is given.

        A patient's message waits for its answer from here on; `settle` ends that.
        """
        known = {"chat": conversation_id, "key": client_key}

        def work(connection: Connection) -> tuple[Event, bool]:
            conversation = _find(connection, conversation_id, lock=True)
            if client_key is not None and (row := connection.execute(statements.WITH_KEY, known).one_or_none()):
                if row.body not in (draft.body, (to_assistant or draft).body):
                    raise KeyReused(client_key)
                return _event(row), False
            kept = to_assistant if to_assistant and conversation.holder == "assistant" else draft
            return self._receive(connection, conversation, kept, client_key), True

        return await self._database.write(work)

    async def append_from(self, sender: str, draft: Draft) -> Event:
        """Store an event of this sender of the REST channel, whose conversation is opened if there is none."""

        def work(connection: Connection) -> Event:
            return self._receive(connection, self._of_sender(connection, sender), draft)

        return await self._database.write(work)

    async def history(self, conversation_id: str, after: int = 0, limit: int = 500) -> list[Event]:
        """The events after this number, in order."""
        query = (
            select(events)
            .where(events.c.conversation_id == conversation_id, events.c.seq > after)
            .order_by(events.c.seq)
            .limit(limit)
        )
        return await self._database.read(lambda connection: [_event(row) for row in connection.execute(query)])

    async def answer_to(self, conversation_id: str, seq: int) -> list[Event] | None:
        """What was answered to the patient's message of this number; None while it waits for its answer.

        UnknownConversation if it was removed meanwhile.
        """
        given = {"chat": conversation_id, "number": seq}
        found = await self._database.read(lambda connection: connection.execute(statements.WITH_ANSWER, given).all())
        if not found:
            raise UnknownConversation(conversation_id)
        message, *replies = found
        return None if message.state == "received" else [_event(row) for row in replies]

    async def said_before(self, message: Event) -> list[Event]:
        """What was said between this message of the patient and the one before it, not in answer to it."""
        given = {"chat": message.conversation_id, "number": message.seq}

        def work(connection: Connection) -> list[Event]:
            return [_event(row) for row in connection.execute(statements.SAID_BEFORE, given)]

        return await self._database.read(work)

    async def sent_before(self, conversation_id: str, client_key: str) -> Event | None:
        """The event that was stored with this key."""
        given = {"chat": conversation_id, "key": client_key}

        def work(connection: Connection) -> Event | None:
            row = connection.execute(statements.WITH_KEY, given).one_or_none()
            return None if row is None else _event(row)

        return await self._database.read(work)

    async def choice(self, conversation_id: str, choice_id: str) -> tuple[str, Json] | None:
        """Label and meaning of a button that this conversation was offered; None if it was not."""
        return await self._database.read(lambda connection: _choice(connection, conversation_id, choice_id))

    async def last_card(self, conversation_id: str, client_key: str) -> Event | None:
        """The last card that was sent, or for a message that is known already, the last one before it."""
        given = {"chat": conversation_id, "key": client_key}

        def work(connection: Connection) -> Event | None:
            known = connection.execute(statements.WITH_KEY, given).one_or_none()
            row = _last_card(connection, conversation_id, known.seq if known else None)
            return None if row is None else _event(row)

        return await self._database.read(work)

    # answering

    async def next_turn(self, conversation_id: str) -> Turn | None:
        """The first message of the patient that has no answer yet, and the state of its conversation."""

        def work(connection: Connection) -> Turn | None:
            waiting = connection.execute(statements.WAITING, {"chat": conversation_id}).all()
            if not waiting:
                return None
            row = waiting[0]
            choice_id = row.body.get("choice")
            found = _choice(connection, conversation_id, choice_id or f"{row.seq}-{OWN}")
            card = _last_card(connection, conversation_id, row.seq)
            does, open_card = found and found[1], None if card is None else card.body
            return Turn(
                _find(connection, conversation_id),
                _event(row),
                does,
                open_card,
                on_screen=_on_screen(connection, row),
                before=_just_before(connection, conversation_id, row.seq),
                more=len(waiting) > 1,
            )

        return await self._database.read(work)

    async def unanswered(self) -> list[str]:
        """The conversations in which a message waits for its answer."""
        query = select(events.c.conversation_id).where(statements.RECEIVED).distinct()
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))

    async def settle(
        self, conversation_id: str, seq: int, outcome: TurnOutcome, typed: str | None = None
    ) -> list[Event]:
        """Answer a patient's message: all of `outcome`, or nothing if it was answered before. Where the message asks
        for a person, that person reads what was `typed`.

        Who has the conversation is asked again here: what the assistant says after a person took over is dropped.
        """

        def work(connection: Connection) -> list[Event]:
            conversation = _find(connection, conversation_id, lock=True)
            silent = conversation.silent_about(seq)
            becomes = "with_person" if silent else "answered"
            marked = {"chat": conversation_id, "number": seq, "becomes": becomes}
            if connection.execute(statements.ANSWERED, marked).rowcount != 1:
                return []
            replies = [draft for draft in outcome.replies if not (silent and draft.role == "assistant")]
            changes: Json = {"red_flag": outcome.red_flag or None}
            # What was dropped changes nothing: after the person, the engine begins where the patient saw it stop.
            if dropped := silent and not replies:
                handoffs.patient_waits(connection, conversation_id, self._now())
            if not dropped and outcome.slots is not None:
                changes["slots"] = outcome.slots
            if not dropped and outcome.record is not None:
                changes["record"] = outcome.record
            if outcome.screening_gone and not dropped:
                past = events.c.conversation_id == conversation_id, events.c.kind.in_(screening_slots.KINDS)
                connection.execute(update(events).where(*past).values(body=outcome.screening_gone, choices=None))
            reasons = list(outcome.desk)
            if blocks.current(connection, conversation_id, self._now()):  # what may be danger is still told
                reasons = [reason for reason in reasons if reason not in LESS_THAN_DANGER]
            if outcome.handoff and not silent:
                reason, after_hours = outcome.handoff.reason, outcome.handoff.after_hours
                if handoffs.begin(connection, conversation_id, reason, after_hours, self._now()):
                    changes["holder"] = "waiting"
                    if typed is not None:
                        asks = events.c.conversation_id == conversation_id, events.c.seq == seq
                        body = connection.execute(select(events.c.body).where(*asks)).scalar_one()
                        connection.execute(update(events).where(*asks).values(body={**body, "text": typed}))
                elif reason in reasons:  # the front desk knows
                    reasons.remove(reason)
            if outcome.contact and not silent:
                handoffs.change(connection, conversation_id, contact=outcome.contact)
            if outcome.cancel_handoff and not silent:
                handoffs.end(connection, conversation_id, "cancelled", self._now())
                changes["holder"] = "assistant"
            said = self._add(connection, conversation, replies, changes=changes, in_reply_to=seq)
            item = {"conversation_id": conversation_id, "seq": seq, "state": "open", "created_at": self._now()}
            if outcome.alarm_note:
                last = select(func.max(desk_items.c.id)).where(
                    desk_items.c.conversation_id == conversation_id, desk_items.c.reason.in_(LEVELS)
                )
                noted = update(desk_items).where(desk_items.c.id == last.scalar_subquery())
                connection.execute(noted.values(note=outcome.alarm_note))
            if reasons:
                connection.execute(insert(desk_items), [{**item, "reason": reason} for reason in reasons])
            return said

        return await self._database.write(work)

    # the desk

    async def open_desk_items(self, limit: int = 200) -> list[DeskItem]:
        """What waits for the front desk, oldest first."""
        query = (
            select(desk_items)
            .where(desk_items.c.state == "open")
            .order_by(desk_items.c.created_at, desk_items.c.id)
            .limit(limit)
        )
        return await self._database.read(
            lambda connection: [
                DeskItem(row.conversation_id, row.seq, row.reason, row.state, row.created_at, row.note)
                for row in connection.execute(query)
            ]
        )

    # inside a transaction

    def _create(self, connection: Connection, **given: str | None) -> Conversation:
        now = self._now()
        row: Json = {
            "id": secrets.token_urlsafe(18),
            "token_hash": None,
            "sender": None,
            "created_at": now,
            "last_at": now,
            "last_seq": 0,
            "holder": "assistant",
            "slots": {},
            "record": None,
            "red_flag": None,
            "language": None,
            "answers_after": 0,
            "desk_seen": 0,
            **given,
        }
        connection.execute(insert(conversations), row)
        return Conversation(**{name: row[name] for name in Conversation.__dataclass_fields__})

    def _of_sender(self, connection: Connection, sender: str) -> Conversation:
        query = select(conversations).where(conversations.c.sender == sender).with_for_update()
        if row := connection.execute(query).one_or_none():
            return _conversation(row)
        try:
            with connection.begin_nested():
                return self._create(connection, sender=sender)
        except IntegrityError:  # another gateway was quicker
            return _conversation(connection.execute(query).one())

    def _receive(
        self, connection: Connection, conversation: Conversation, draft: Draft, client_key: str | None = None
    ) -> Event:
        if conversation.last_seq >= self._chat_limit:
            raise ChatFull(conversation.id)
        state = "received" if draft.role == "patient" else None
        return self._add(connection, conversation, [draft], client_key=client_key, state=state)[0]

    def _add(
        self,
        connection: Connection,
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
            connection.execute(insert(events), rows)
        connection.execute(
            update(conversations)
            .where(conversations.c.id == conversation.id)
            .values(last_seq=conversation.last_seq + len(rows), last_at=now, **(changes or {}))
        )
        return [
            Event(conversation.id, seq, draft.role, draft.kind, draft.body, draft.choices, client_key, in_reply_to, now)
            for seq, draft in enumerate(drafts, conversation.last_seq + 1)
        ]


def _find(connection: Connection, conversation_id: str, *, lock: bool = False) -> Conversation:
    query = statements.CONVERSATION_ALONE if lock else statements.CONVERSATION
    row = connection.execute(query, {"chat": conversation_id}).one_or_none()
    if row is None:
        raise UnknownConversation(conversation_id)
    return _conversation(row)


def _last_card(connection: Connection, conversation_id: str, before: int | None) -> Row[Any] | None:
    """The newest card of the safety questions, before this event if one is given."""
    query = statements.LAST_CARD_BEFORE if before else statements.LAST_CARD
    return connection.execute(query, {"chat": conversation_id, **({"number": before} if before else {})}).first()


def _on_screen(connection: Connection, message: Row[Any]) -> str | None:
    """What of the safety questions was asked last, among the events that were shown when this message was written."""
    seen = (message.choices or {}).get(OWN, {}).get("seen")
    before = message.seq if seen is None else min(message.seq, seen + 1)
    given = {"chat": message.conversation_id, "number": before}
    return connection.execute(statements.ASKED_BEFORE, given).scalar()


def _just_before(connection: Connection, conversation_id: str, seq: int) -> tuple[str, ...]:
    """The messages that a patient typed in the two turns before this one, oldest first. What was written up to the last
    alarm had its answer.
    """
    given = {"chat": conversation_id, "number": seq}
    sent = connection.execute(statements.SENT_JUST_BEFORE, given).scalars()
    said = [body for body in sent if "choice" not in body]
    return tuple(body["text"] for body in reversed(said))


def _choice(connection: Connection, conversation_id: str, choice_id: str) -> tuple[str, Json] | None:
    number, _, name = choice_id.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        return None
    row = connection.execute(statements.EVENT, {"chat": conversation_id, "number": int(number)}).one_or_none()
    found = _event(row).choices.get(name) if row else None
    return (found["label"], found["does"]) if found else None


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(**{name: row._mapping[name] for name in Conversation.__dataclass_fields__})


def _event(row: Row[Any]) -> Event:
    given = {name: row._mapping[name] for name in Event.__dataclass_fields__}
    return Event(**{**given, "choices": given["choices"] or {}})
