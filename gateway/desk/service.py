"""The staff's side of a handoff: the queue, claiming a chat, answering, handing back, and all that the desk sees.

Each change is one transaction with its event for the patient, so that the assistant, the staff and the patient never
disagree about who has the chat. `signals.send("desk")` wakes every console; they then read the queue again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.chat.replies import Replies
from gateway.desk import search
from gateway.desk.mentioned import Mentioned
from gateway.engine.client import Asked, Engine
from gateway.handoff.front_desk import Availability, FrontDesk
from gateway.handoff.side import DESK, Side
from gateway.live.signals import Signals
from gateway.storage import handoffs
from gateway.storage.database import Database
from gateway.storage.records import REQUESTS, Body, Draft, Event, Json, KeyReused
from gateway.storage.store import Locked, Store
from gateway.storage.tables import conversations, desk_items, desk_mails, desk_notes, desk_presence, desk_reads, events
from gateway.storage.tables import handoffs as table
from knowledge import Knowledge
from safety import LEVELS

LOOKED_BACK = 30  # messages of the patient, for the last that was typed
PRESENT = timedelta(seconds=60)  # how long somebody counts as being there after the last sign of their page
WORDS = 200  # of the patient's last words, in characters
# What may be somebody in danger, the worst first: it stands on top, and rings until somebody opens the chat.
ALARMS = (*LEVELS, "net_failed")
# Something to look at that nobody of the desk has had before them.
UNOPENED = (desk_items.c.state == "open") & desk_items.c.opened_at.is_(None) & desk_items.c.reason.not_in(REQUESTS)


class AlreadyClaimed(Exception):
    """Somebody else has the chat: `by`."""

    def __init__(self, by: str) -> None:
        super().__init__("somebody else has this chat")
        self.by = by


class NotYourChat(Exception):
    """Only who has the chat can do that."""


class NothingSaid(ValueError):
    """Of an alarm it has to be said what was done."""


class NoMessage(LookupError):
    """The patient has said nothing that could be answered."""


@dataclass(frozen=True)
class QueueRow:
    """A chat that the front desk should know of."""

    conversation_id: str
    state: str  # assistant, waiting or person
    staff_id: int | None
    staff_name: str | None
    waiting_since: datetime | None  # of whoever waits for a person, or of the oldest item
    reasons: tuple[str, ...]  # asked, screening, desk, emergency, urgent, crisis, engine_down, failed, looks_wrong
    unread: int
    last_words: str
    red_flag: str | None  # the worst alarm that is not done yet
    alerts: int  # how often this wait was reminded of
    contact: str | None
    after_hours: bool
    started_at: datetime
    language: str | None
    record: Json | None  # what is known of the chat
    unopened: tuple[Item, ...]  # what nobody has looked at yet
    handoff: str  # changes whenever the chat comes to the queue again; empty without a handoff
    last_seq: int  # of the patient's last words

    @property
    def alarm(self) -> bool:
        """Whether it may be somebody in danger."""
        return any(reason in ALARMS for reason in self.reasons)


@dataclass(frozen=True)
class Item:
    """One thing about a chat that the desk has to look at."""

    id: int
    seq: int
    reason: str
    note: str | None
    created_at: datetime
    alerts: int = 0
    done: bool = False
    opened_at: datetime | None = None
    done_at: datetime | None = None
    done_by: str | None = None
    done_note: str | None = None


@dataclass(frozen=True)
class Note:
    """A private note; the patient never sees it."""

    staff_id: int
    staff_name: str
    text: str
    created_at: datetime


@dataclass(frozen=True)
class SeenAnswer:
    """An answer that the patient was given."""

    seq: int
    topic: str
    title: str
    version: str
    rating: str | None


@dataclass(frozen=True)
class ChatCard:
    """All that is known of a chat, for whoever takes it over."""

    conversation_id: str
    state: str
    staff_id: int | None
    staff_name: str | None
    question: str  # the patient's own words, the last before a person was needed
    answers: tuple[SeenAnswer, ...]
    conditions: tuple[str, ...]
    contraindications: tuple[str, ...]  # as the safety questions name them
    screening: Json | None  # the answers and what they led to, only if the patient sent them
    red_flags: tuple[Item, ...]
    items: tuple[Item, ...]
    finished: tuple[Item, ...]  # what was looked at, by whom
    started_at: datetime | None
    record: Json | None  # what is known of the chat
    language: str | None
    asked_at: datetime | None
    waiting_since: datetime | None
    contact: str | None


@dataclass(frozen=True)
class ClosedChat:
    """A chat that a person was needed for, and is no more."""

    conversation_id: str
    started_at: datetime
    record: Json | None
    last_words: str
    ended_at: datetime
    ended: str  # handed_back, cancelled, closed or blocked
    closed_as: str | None
    staff_name: str | None


@dataclass(frozen=True)
class Hit:
    """A place in a chat where the words stand that were searched for."""

    conversation_id: str
    seq: int
    role: str
    text: str
    created_at: datetime


@dataclass(frozen=True)
class DraftAnswer:
    """What the assistant would say; nothing of it was sent."""

    seq: int  # of the patient's message
    question: str
    kind: str
    topics: tuple[str, ...]
    text: str
    confidence: float


class Desk(Side):
    """What the staff can see and do. One object for the process."""

    def __init__(
        self,
        store: Store,
        database: Database,
        signals: Signals,
        knowledge: Knowledge,
        front_desk: FrontDesk,
        engine: Engine,
        replies: Replies,
    ) -> None:
        super().__init__(store, database, signals, knowledge, front_desk)
        self._engine = engine
        self._replies = replies
        self._mentioned = Mentioned(knowledge)

    # who is there

    async def availability(self) -> Availability:
        """Whether anybody is there, how many wait, and the usual wait."""
        return await self._front_desk.availability()

    async def set_out(self, out: bool, staff_name: str) -> None:
        """Switch the desk to "out", or back. Who waits is told that nobody is there."""
        changed = await self._front_desk.set_out(out, staff_name)
        if changed and out:
            there = await self.availability()
            for row in await self.queue():
                if row.state == "waiting" and not row.after_hours:
                    await self._tell_out(row.conversation_id, there)
        self._signals.send(DESK)

    async def _tell_out(self, conversation_id: str, there: Availability) -> None:
        def work(locked: Locked) -> None:
            handoff = handoffs.current(locked.connection, conversation_id)
            if handoff is not None and handoff.state == "waiting":
                handoffs.change(locked.connection, conversation_id, after_hours=True)
                locked.add(self._words(locked.conversation).nobody_any_more(there))

        await self._change(conversation_id, work)

    async def here(self, staff_id: int) -> None:
        """This person has a page of the desk open."""

        def work(connection: Connection) -> None:
            here = {"at": self._front_desk.now()}
            known = update(desk_presence).where(desk_presence.c.staff_id == staff_id).values(**here)
            if not connection.execute(known).rowcount:
                connection.execute(insert(desk_presence), {"staff_id": staff_id, **here})

        with suppress(IntegrityError):  # another tab was quicker
            await self._database.write(work)

    async def who_is_here(self) -> frozenset[int]:
        """Who has a page of the desk open."""
        query = select(desk_presence.c.staff_id).where(desk_presence.c.at >= self._front_desk.now() - PRESENT)
        return frozenset(await self._database.read(lambda connection: connection.execute(query).scalars().all()))

    # what there is to do

    async def queue(self, limit: int = 500, reader: int = 0) -> list[QueueRow]:
        """Chats that wait for a person, that a person has, or that hold something to look at, and what is unread in
        them for this reader. Alarms first, the worst before all; then the oldest wait.
        """
        return await self._database.read(lambda connection: _queue(connection, limit, reader))

    async def items(self, conversation_id: str) -> list[Item]:
        """What is to be looked at in this chat, oldest first."""
        return await self._database.read(lambda connection: _items(connection, conversation_id))

    async def done(self, conversation_id: str, item_id: int, by: str, what: str = "") -> None:
        """Something was looked at, by whom, and what was done about it; NothingSaid if an alarm has no such words."""

        def work(locked: Locked) -> None:
            item = _items_of(conversation_id).where(desk_items.c.id == item_id, desk_items.c.state == "open")
            row = locked.connection.execute(item).one_or_none()
            if row is None:
                return
            if row.reason in ALARMS and not what:
                raise NothingSaid
            done = {"state": "done", "done_at": locked.now, "done_by": by, "done_note": what or None}
            locked.connection.execute(update(desk_items).where(desk_items.c.id == item_id).values(**done))

        await self._change(conversation_id, work)

    async def reopen(self, conversation_id: str, item_id: int) -> None:
        """It was not done after all."""

        def work(locked: Locked) -> None:
            mine = (desk_items.c.id == item_id) & (desk_items.c.conversation_id == conversation_id)
            again = {"state": "open", "done_at": None, "done_by": None, "done_note": None}
            locked.connection.execute(update(desk_items).where(mine, desk_items.c.state == "done").values(**again))

        await self._change(conversation_id, work)

    # who has the chat

    async def claim(self, conversation_id: str, staff_id: int, staff_name: str) -> None:
        """Take the chat; AlreadyClaimed if somebody else has it. The assistant is silent from here on."""

        def work(locked: Locked) -> None:
            handoff = handoffs.current(locked.connection, conversation_id)
            mine = {"staff_id": staff_id, "staff_name": staff_name}
            if handoff is None:
                handoffs.begin(locked.connection, conversation_id, "desk", False, locked.now, **mine)
            elif handoff.state == "person":
                if handoff.staff_id == staff_id:
                    return
                raise AlreadyClaimed(handoff.staff_name)
            else:
                handoffs.change(locked.connection, conversation_id, state="person", claimed_at=locked.now, **mine)
            locked.add(self._words(locked.conversation).joined(staff_name), holder="person")

        await self._change(conversation_id, work)

    async def release(self, conversation_id: str, staff_id: int) -> None:
        """Give the chat back to the queue; the patient goes on waiting for a person."""

        def work(locked: Locked) -> None:
            handoff = _mine(locked, staff_id)
            to_queue(locked)
            locked.add(self._words(locked.conversation).left(handoff.staff_name), **waiting(locked))

        await self._change(conversation_id, work)

    async def transfer(self, conversation_id: str, staff_id: int, to_id: int, to_name: str, by: str = "") -> None:
        """Give a chat that this person has, or that waits, to somebody else; `by` is who gives a waiting one."""

        def work(locked: Locked) -> None:
            handoff = handoffs.current(locked.connection, conversation_id)
            if handoff is None or handoff.state != "waiting":
                handoff = _mine(locked, staff_id)
                if to_id == staff_id:
                    return
            waits = func.coalesce(table.c.waiting_since, locked.now)
            new = {"staff_id": to_id, "staff_name": to_name, "waiting_since": waits, "alerts": 0, "state": "person"}
            handoffs.change(locked.connection, conversation_id, claimed_at=locked.now, **new)
            given = self._words(locked.conversation).passed_on(handoff.staff_name or by, to_name)
            locked.add(given, holder="person")

        await self._change(conversation_id, work)

    async def hand_back(self, conversation_id: str, staff_id: int, recap: str = "") -> None:
        """Give the chat back to the assistant, with a recap for the patient.

        It answers only what comes after: messages from before are with the person for good.
        """

        def work(locked: Locked) -> None:
            handoff = _mine(locked, staff_id)
            handoffs.end(locked.connection, conversation_id, "handed_back", locked.now)
            locked.add(
                self._words(locked.conversation).handed_back(handoff.staff_name, recap.strip()),
                **_silent_so_far(locked),
                holder="assistant",
            )

        await self._change(conversation_id, work)

    async def close(self, conversation_id: str, staff_id: int, staff_name: str, why: str) -> bool:
        """Close a chat that waits, or that this person has, for a reason; whether all of it is closed.

        An alarm is not closed with it: of that it has to be said what was done.
        """

        def work(locked: Locked) -> bool:
            handoff = handoffs.current(locked.connection, conversation_id)
            if handoff is not None and handoff.state == "person" and handoff.staff_id != staff_id:
                raise NotYourChat
            about = {"closed_as": why or None, "staff_name": staff_name}
            if handoffs.end(locked.connection, conversation_id, "closed", locked.now, **about):
                dealt_with = {"desk_seen": locked.conversation.last_seq}
                # While the patient waited, the assistant had the chat: what it has not answered yet, it still does.
                silent = _silent_so_far(locked) if locked.conversation.holder == "person" else dealt_with
                locked.add(self._words(locked.conversation).closed(), **silent, holder="assistant")
            left = _items(locked.connection, conversation_id)
            done = {"state": "done", "done_at": locked.now, "done_by": staff_name}
            closed = [item.id for item in left if item.reason not in ALARMS]
            locked.connection.execute(update(desk_items).where(desk_items.c.id.in_(closed)).values(**done))
            return len(closed) == len(left)

        return await self._change(conversation_id, work)

    async def closed(self, limit: int = 100) -> list[ClosedChat]:
        """The chats that went back to the assistant or were closed, the newest first."""
        return await self._database.read(lambda connection: _closed(connection, limit))

    # talking

    async def reply(self, conversation_id: str, staff_id: int, text: str, key: str) -> Event:
        """Say something to the patient. The same key again says it only once, and gives the first event."""
        client_key = f"{DESK}-{staff_id}-{key}"

        def work(locked: Locked) -> Event:
            if said := locked.known(client_key):
                if said.body["text"] != text:
                    raise KeyReused(key)
                return said
            handoff = _mine(locked, staff_id)
            replied = func.coalesce(table.c.replied_at, locked.now)
            handoffs.change(locked.connection, conversation_id, waiting_since=None, replied_at=replied, alerts=0)
            if handoff.contact and "@" in handoff.contact:
                mail(locked, "answer")
            body: Body = {**self._words(locked.conversation).notice(text).body, "name": handoff.staff_name}
            body["handoff"] = {"state": "person", "name": handoff.staff_name}
            (said,) = locked.add(
                Draft("staff", "message", body), client_key=client_key, desk_seen=locked.conversation.last_seq
            )
            return said

        return await self._change(conversation_id, work)

    async def draft_answer(self, conversation_id: str) -> DraftAnswer:
        """What the assistant would answer to the patient's last message, for the desk to approve. Nothing is sent.

        NoMessage without a message; EngineUnavailable if the engine gives no answer.
        """
        conversation = await self._store.conversation(conversation_id)
        message = await self._database.read(lambda connection: _last_message(connection, conversation_id))
        if message is None:
            raise NoMessage(conversation_id)
        asked = message.body["text"]
        reply = await self._engine.ask(Asked(conversation_id, asked, slots=dict(conversation.slots)))
        drafts = self._replies.decided(reply, asked)
        body = drafts[0].body
        text = "\n\n".join(draft.body["text"] for draft in drafts)
        return DraftAnswer(
            message.seq, asked, drafts[0].kind, tuple(body["topics"]), text, float(body["confidence"] or 0)
        )

    # seeing

    async def transcript(self, conversation_id: str) -> list[Event]:
        """All events in order."""
        said: list[Event] = []
        await self._store.conversation(conversation_id)
        while page := await self._store.history(conversation_id, after=said[-1].seq if said else 0):
            said += page
        return said

    async def has(self, conversation_id: str, staff_id: int) -> bool:
        """Whether this person has the chat."""

        def work(connection: Connection) -> bool:
            handoff = handoffs.current(connection, conversation_id)
            return handoff is not None and handoff.state == "person" and handoff.staff_id == staff_id

        return await self._database.read(work)

    async def seen(self, conversation_id: str, staff_id: int, seq: int) -> bool:
        """This person has read the chat up to this event, and what there is to look at was opened. Whether they have
        the chat.
        """

        def work(locked: Locked) -> bool:
            mine = {"conversation_id": conversation_id, "staff_id": staff_id}
            read = locked.connection.execute(select(desk_reads.c.seq).filter_by(**mine)).scalar()
            if read is None:
                locked.connection.execute(insert(desk_reads), {**mine, "seq": seq})
            elif read < seq:
                locked.connection.execute(update(desk_reads).filter_by(**mine).values(seq=seq))
            here = update(desk_items).where(desk_items.c.conversation_id == conversation_id, UNOPENED)
            opened = locked.connection.execute(here.values(opened_at=locked.now)).rowcount
            return bool(opened) or read is None or read < seq

        if await self._store.within(conversation_id, work):
            self._signals.send(DESK)
        return await self.has(conversation_id, staff_id)

    async def context(self, conversation_id: str) -> ChatCard:
        """The context card of a chat."""
        conversation = await self._store.conversation(conversation_id)
        said = await self.transcript(conversation_id)

        def work(connection: Connection) -> tuple[Row[Any] | None, list[Item]]:
            return handoffs.current(connection, conversation_id), _items(connection, conversation_id, done=True)

        handoff, items = await self._database.read(work)
        mentions = await self._mentioned.within(said)
        return ChatCard(
            conversation_id=conversation_id,
            state=conversation.holder,
            staff_id=handoff and handoff.staff_id,
            staff_name=handoff and handoff.staff_name,
            question=_question(said, items, handoff),
            answers=tuple(_answers(said)),
            conditions=mentions.conditions,
            contraindications=mentions.contraindications,
            screening=_shared(said),
            red_flags=tuple(item for item in items if item.reason in LEVELS),
            items=tuple(item for item in items if not item.done),
            finished=tuple(item for item in items if item.done and item.done_by),
            started_at=said[0].created_at if said else None,
            record=conversation.record,
            language=conversation.language,
            asked_at=handoff and handoff.asked_at,
            waiting_since=handoff and handoff.waiting_since,
            contact=handoff and handoff.contact,
        )

    async def search(self, text: str, limit: int = 50) -> list[Hit]:
        """Where these words stand in the chats that are kept, the newest first; then where words like them stand."""
        return await self._database.read(
            lambda connection: [
                Hit(row.conversation_id, row.seq, row.role, row.text, row.created_at)
                for row in search.find(search.newest(connection), text, limit)
            ]
        )

    async def note(self, conversation_id: str, staff_id: int, staff_name: str, text: str) -> None:
        """Write a private note. Patients never see it, not in their transcript either; it goes with the chat."""

        def work(locked: Locked) -> None:
            row = {"conversation_id": conversation_id, "staff_id": staff_id, "staff_name": staff_name}
            locked.connection.execute(insert(desk_notes), {**row, "text": text, "created_at": locked.now})

        await self._change(conversation_id, work)

    async def notes(self, conversation_id: str) -> list[Note]:
        """The private notes about a chat, oldest first."""
        query = select(desk_notes).where(desk_notes.c.conversation_id == conversation_id).order_by(desk_notes.c.id)
        return await self._database.read(
            lambda connection: [
                Note(row.staff_id, row.staff_name, row.text, row.created_at) for row in connection.execute(query)
            ]
        )


# inside a transaction


def _mine(locked: Locked, staff_id: int) -> Row[Any]:
    """The handoff that this person has; NotYours if they have not."""
    handoff = handoffs.current(locked.connection, locked.conversation.id)
    if handoff is None or handoff.state != "person" or handoff.staff_id != staff_id:
        raise NotYourChat
    return handoff


def to_queue(locked: Locked) -> None:
    """Nobody has the chat any more, and the patient goes on waiting."""
    waits = func.coalesce(table.c.waiting_since, locked.now)
    nobody = {"staff_id": None, "staff_name": None, "waiting_since": waits}
    handoffs.change(locked.connection, locked.conversation.id, state="waiting", **nobody)


def waiting(locked: Locked) -> Json:
    """What the conversation is when it is back in the queue."""
    return {**_silent_so_far(locked), "holder": "waiting"}


def _silent_so_far(locked: Locked) -> Json:
    """The assistant answers what comes from here on."""
    return {"answers_after": locked.conversation.last_seq, "desk_seen": locked.conversation.last_seq}


def mail(locked: Locked, kind: str) -> None:
    """Have an e-mail sent about this chat, one of a kind at a time."""
    row = {"conversation_id": locked.conversation.id, "kind": kind}
    waiting = select(desk_mails.c.id).filter_by(**row)
    if locked.connection.execute(waiting).first() is None:
        locked.connection.execute(insert(desk_mails), {**row, "created_at": locked.now})


def _queue(connection: Connection, limit: int, reader: int = 0) -> list[QueueRow]:
    open_handoffs = {row.conversation_id: row for row in connection.execute(select(table).where(handoffs.OPEN))}
    items: dict[str, list[Row[Any]]] = {}
    query = select(desk_items).where(desk_items.c.state == "open").order_by(desk_items.c.created_at, desk_items.c.id)
    for row in connection.execute(query):
        items.setdefault(row.conversation_id, []).append(row)
    rows = []
    for conversation_id in {**open_handoffs, **items}:
        handoff, own = open_handoffs.get(conversation_id), items.get(conversation_id, [])
        reasons = [*([handoff.reason] if handoff else []), *(item.reason for item in own)]
        since = handoff.waiting_since if handoff else own[0].created_at
        unopened = tuple(_item(item) for item in own if item.opened_at is None and item.reason not in REQUESTS)
        rows.append((since, conversation_id, handoff, tuple(dict.fromkeys(reasons)), unopened))
    rows.sort(key=lambda row: (_urgency(row[3]), row[0] is None, row[0] or datetime.min, row[1]))
    rows = rows[:limit]
    read = _unread(connection, [row[1] for row in rows], reader)
    return [
        QueueRow(
            conversation_id=conversation_id,
            state=handoff.state if handoff else "assistant",
            staff_id=handoff.staff_id if handoff else None,
            staff_name=handoff.staff_name if handoff else None,
            waiting_since=since,
            reasons=reasons,
            unread=int(read[conversation_id].unread),
            last_words=_last_typed(connection, read[conversation_id]),
            red_flag=next((alarm for alarm in LEVELS if alarm in reasons), None),
            alerts=handoff.alerts if handoff else 0,
            contact=handoff.contact if handoff else None,
            after_hours=bool(handoff and handoff.after_hours),
            started_at=read[conversation_id].created_at,
            language=read[conversation_id].language,
            record=read[conversation_id].record,
            unopened=unopened,
            handoff=f"{handoff.id}-{handoff.alerts}-{handoff.claimed_at or ''}" if handoff else "",
            last_seq=read[conversation_id].last or 0,
        )
        for since, conversation_id, handoff, reasons, unopened in rows
    ]


def _closed(connection: Connection, limit: int) -> list[ClosedChat]:
    query = (
        select(table, conversations.c.created_at, conversations.c.record)
        .join(conversations, conversations.c.id == table.c.conversation_id)
        .where(table.c.ended_at.is_not(None))
        .order_by(table.c.ended_at.desc())
        .limit(limit)
    )
    newest = {row.conversation_id: row for row in reversed(connection.execute(query).all())}
    read = _unread(connection, list(newest), 0)
    return [
        ClosedChat(
            conversation_id=row.conversation_id,
            started_at=row.created_at,
            record=row.record,
            last_words=_last_typed(connection, read[row.conversation_id]),
            ended_at=row.ended_at,
            ended=row.ended,
            closed_as=row.closed_as,
            staff_name=row.staff_name,
        )
        for row in reversed(newest.values())
    ]


def _last_typed(connection: Connection, row: Row[Any]) -> str:
    """The patient's last words; a button that was pressed after them, or a card, says less than they do."""
    if row.body and not _pressed(row.body):
        return row.body["text"][:WORDS]
    query = select(events.c.body).where(events.c.conversation_id == row.id, events.c.role == "patient")
    before = connection.execute(query.order_by(events.c.seq.desc()).limit(LOOKED_BACK)).scalars()
    last = row.body["text"][:WORDS] if row.body else ""
    return next((body["text"][:WORDS] for body in before if not _pressed(body)), last)


def _pressed(body: Body) -> bool:
    return bool(body.get("choice") or body.get("card"))


def _urgency(reasons: Sequence[str]) -> int:
    """0 for the worst alarm; all that is none comes last."""
    return next((place for place, alarm in enumerate(ALARMS) if alarm in reasons), len(ALARMS))


def _unread(connection: Connection, conversation_ids: Sequence[str], reader: int) -> dict[str, Row[Any]]:
    """By conversation: how much of the patient this reader has not read, the patient's last words, and what is known.

    What somebody of the desk has answered, or given back, is dealt with for all; what one has only read is not.
    """
    patient = events.c.role == "patient"
    mine = (desk_reads.c.conversation_id == conversations.c.id) & (desk_reads.c.staff_id == reader)
    new = (events.c.seq > conversations.c.desk_seen) & (events.c.seq > func.coalesce(desk_reads.c.seq, 0))
    counted = (
        select(
            conversations.c.id,
            func.coalesce(func.sum(case((new, 1), else_=0)), 0).label("unread"),
            func.max(events.c.seq).label("last"),
        )
        .select_from(conversations)
        .outerjoin(events, (events.c.conversation_id == conversations.c.id) & patient)
        .outerjoin(desk_reads, mine)
        .where(conversations.c.id.in_(conversation_ids))
        .group_by(conversations.c.id)
        .subquery()
    )
    known = conversations.c.created_at, conversations.c.language, conversations.c.record
    query: Select[Any] = (
        select(counted.c.id, counted.c.unread, counted.c.last, events.c.body, *known)
        .join(conversations, conversations.c.id == counted.c.id)
        .outerjoin(events, (events.c.conversation_id == counted.c.id) & (events.c.seq == counted.c.last))
    )
    return {row.id: row for row in connection.execute(query)}


def _items(connection: Connection, conversation_id: str, *, done: bool = False) -> list[Item]:
    query = _items_of(conversation_id).order_by(desk_items.c.id)
    if not done:
        query = query.where(desk_items.c.state == "open")
    return [_item(row) for row in connection.execute(query)]


def _items_of(conversation_id: str) -> Select[Any]:
    return select(desk_items).where(desk_items.c.conversation_id == conversation_id)


def _item(row: Row[Any]) -> Item:
    given = {name: row._mapping[name] for name in Item.__dataclass_fields__ if name != "done"}
    return Item(**given, done=row.state == "done")


def _last_message(connection: Connection, conversation_id: str) -> Row[Any] | None:
    query = (
        select(events)
        .where(events.c.conversation_id == conversation_id, events.c.role == "patient")
        .order_by(events.c.seq.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def _question(said: Sequence[Event], items: Sequence[Item], handoff: Row[Any] | None) -> str:
    """The patient's last words before they asked for a person; those of the request itself if there are no others."""
    patient = [event for event in said if event.role == "patient" and not event.body.get("card")]
    requests = {item.seq for item in items if item.reason in ("asked", "screening")}
    before = [event for event in patient if handoff is None or event.created_at <= handoff.asked_at]
    own = [event for event in before if event.seq not in requests] or before or patient
    return str(own[-1].body["text"]) if own else ""


def _answers(said: Sequence[Event]) -> list[SeenAnswer]:
    return [
        SeenAnswer(event.seq, topic, event.body.get("title", ""), event.body["version"], event.rating)
        for event in said
        if event.role == "assistant" and event.body.get("version") and (topic := event.body["topic"] or "") != "human"
    ]


def _shared(said: Sequence[Event]) -> Json | None:
    """The result of the safety questions as the patient sent it to the desk."""
    sent = [event.body["result"] for event in said if event.kind == "handoff" and event.body.get("result")]
    return sent[-1] if sent else None
