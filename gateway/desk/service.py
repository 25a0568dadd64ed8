"""The staff's side of a handoff: the queue, claiming a chat, answering, handing back, and all that the desk sees.

Each change is one transaction with its event for the patient, so that the assistant, the staff and the patient never
disagree about who has the chat. `signals.send("desk")` wakes every console; they then read the queue again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, select, update

from actions.reading import mentioned
from gateway.database import Database
from gateway.desk import handoffs
from gateway.desk.front_desk import Availability, FrontDesk
from gateway.desk.side import DESK, Side
from gateway.engine import ALARMS, Engine
from gateway.live import Signals
from gateway.replies import Replies
from gateway.store import Draft, Event, Json, KeyReused, Locked, Store
from gateway.tables import conversations, desk_items, desk_mails, desk_notes, events
from gateway.tables import handoffs as table
from knowledge import Knowledge

WORDS = 200  # of the patient's last words, in characters


class AlreadyClaimed(Exception):
    """Somebody else has the chat: `by`."""

    def __init__(self, by: str) -> None:
        super().__init__("somebody else has this chat")
        self.by = by


class NotYours(Exception):
    """Only who has the chat can do that."""


class NoMessage(LookupError):
    """The patient has said nothing that could be answered."""


@dataclass(frozen=True)
class QueueRow:
    """A chat that the front desk should know of."""

    conversation_id: str
    state: str  # assistant, waiting or person
    staff_id: int | None
    staff_name: str | None
    waiting_since: datetime | None  # of who waits for a person, or of the oldest item
    reasons: tuple[str, ...]  # asked, screening, desk, emergency, urgent, crisis, engine_down, failed, looks_wrong
    unread: int
    last_words: str
    red_flag: str | None  # the worst alarm that was not looked at yet
    alerts: int  # how often this wait was reminded of
    contact: str | None
    after_hours: bool


@dataclass(frozen=True)
class Item:
    """One thing about a chat that the desk has to look at."""

    id: int
    seq: int
    reason: str
    note: str | None
    created_at: datetime


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
class Context:
    """All that is known of a chat, for who takes it over."""

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
    language: str | None
    asked_at: datetime | None
    waiting_since: datetime | None
    contact: str | None


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

    # what there is to do

    async def queue(self, limit: int = 500) -> list[QueueRow]:
        """Chats that wait for a person, that a person has, or that hold something to look at; oldest wait first."""
        return await self._database.read(lambda connection: _queue(connection, limit))

    async def items(self, conversation_id: str) -> list[Item]:
        """What is to be looked at in this chat, oldest first."""
        return await self._database.read(lambda connection: _items(connection, conversation_id))

    async def done(self, item_id: int) -> bool:
        """Something was looked at; whether it had not been before."""
        query = update(desk_items).where(desk_items.c.id == item_id, desk_items.c.state == "open").values(state="done")
        done = await self._database.write(lambda connection: connection.execute(query).rowcount > 0)
        self._signals.send(DESK)
        return done

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
                handoffs.change(locked.connection, conversation_id, state="person", **mine)
            locked.add(self._words(locked.conversation).joined(staff_name), holder="person")

        await self._change(conversation_id, work)

    async def release(self, conversation_id: str, staff_id: int) -> None:
        """Give the chat back to the queue; the patient goes on waiting for a person."""

        def work(locked: Locked) -> None:
            handoff = _mine(locked, staff_id)
            to_queue(locked)
            locked.add(self._words(locked.conversation).left(handoff.staff_name), **waiting(locked))

        await self._change(conversation_id, work)

    async def transfer(self, conversation_id: str, staff_id: int, to_id: int, to_name: str) -> None:
        """Give the chat to somebody else."""

        def work(locked: Locked) -> None:
            handoff = _mine(locked, staff_id)
            if to_id == staff_id:
                return
            waits = func.coalesce(table.c.waiting_since, locked.now)
            new = {"staff_id": to_id, "staff_name": to_name, "waiting_since": waits, "alerts": 0}
            handoffs.change(locked.connection, conversation_id, **new)
            locked.add(self._words(locked.conversation).passed_on(handoff.staff_name, to_name))

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
            body = {**self._words(locked.conversation).notice(text).body, "name": handoff.staff_name}
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
        # A tracker of its own: the conversation's does not hear of it.
        sender = f"{conversation_id}-{DESK}-{message.seq}"
        reply = await self._engine.ask(sender, asked, None, dict(conversation.slots))
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

    async def seen(self, conversation_id: str, seq: int) -> None:
        """The desk has read the chat up to this event."""
        query = (
            update(conversations)
            .where(conversations.c.id == conversation_id, conversations.c.desk_seen < seq)
            .values(desk_seen=seq)
        )
        if await self._database.write(lambda connection: connection.execute(query).rowcount):
            self._signals.send(DESK)

    async def context(self, conversation_id: str) -> Context:
        """The context card of a chat."""
        conversation = await self._store.conversation(conversation_id)
        said = await self.transcript(conversation_id)

        def work(connection: Connection) -> tuple[Row[Any] | None, list[Item]]:
            return handoffs.current(connection, conversation_id), _items(connection, conversation_id, done=True)

        handoff, items = await self._database.read(work)
        return Context(
            conversation_id=conversation_id,
            state=conversation.holder,
            staff_id=handoff and handoff.staff_id,
            staff_name=handoff and handoff.staff_name,
            question=_question(said, items, handoff),
            answers=tuple(_answers(said)),
            **self._mentions(said),
            screening=_shared(said),
            red_flags=tuple(item for item in items if item.reason in ALARMS),
            items=tuple(await self.items(conversation_id)),
            language=conversation.language,
            asked_at=handoff and handoff.asked_at,
            waiting_since=handoff and handoff.waiting_since,
            contact=handoff and handoff.contact,
        )

    def _mentions(self, said: Sequence[Event]) -> dict[str, tuple[str, ...]]:
        conditions: dict[str, None] = {}
        reasons: dict[str, None] = {}
        for event in said:
            if event.role != "patient" or event.body.get("choice"):
                continue
            text = event.body["text"]
            for mention in self._knowledge.conditions.find(text):
                if mention.kind == "condition":
                    conditions[self._knowledge.conditions.conditions[mention.id].name] = None
            # Also what is asked about is worth a look: "is it safe with warfarin?"
            for question, answer in mentioned(text.replace("?", "."), self._knowledge.screening).items():
                if answer != "no":
                    reasons[self._knowledge.screening.questions[question].label] = None
        return {"conditions": tuple(conditions), "contraindications": tuple(reasons)}

    async def search(self, text: str, limit: int = 50) -> list[Hit]:
        """Where these words stand in the chats that are kept, the newest first."""
        if not (words := text.strip()):
            return []
        query = (
            select(events)
            .where(events.c.body["text"].as_string().icontains(words, autoescape=True))
            .order_by(events.c.created_at.desc(), events.c.seq.desc())
            .limit(limit)
        )
        return await self._database.read(
            lambda connection: [
                Hit(row.conversation_id, row.seq, row.role, row.body["text"], row.created_at)
                for row in connection.execute(query)
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
        raise NotYours
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
    """The assistant answers what comes from here on, with a tracker that has not heard what the person was told."""
    conversation = locked.conversation
    return {
        "answers_after": conversation.last_seq,
        "engine_epoch": conversation.engine_epoch + 1,
        "engine_turns": 0,
        "desk_seen": conversation.last_seq,
    }


def mail(locked: Locked, kind: str) -> None:
    """Have an e-mail sent about this chat, one of a kind at a time."""
    row = {"conversation_id": locked.conversation.id, "kind": kind}
    waiting = select(desk_mails.c.id).filter_by(**row)
    if locked.connection.execute(waiting).first() is None:
        locked.connection.execute(insert(desk_mails), {**row, "created_at": locked.now})


def _queue(connection: Connection, limit: int) -> list[QueueRow]:
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
        rows.append((since, conversation_id, handoff, tuple(dict.fromkeys(reasons))))
    rows.sort(key=lambda row: (row[0] is None, row[0] or datetime.min, row[1]))
    rows = rows[:limit]
    read = _unread(connection, [conversation_id for _, conversation_id, _, _ in rows])
    return [
        QueueRow(
            conversation_id=conversation_id,
            state=handoff.state if handoff else "assistant",
            staff_id=handoff.staff_id if handoff else None,
            staff_name=handoff.staff_name if handoff else None,
            waiting_since=since,
            reasons=reasons,
            unread=read[conversation_id][0],
            last_words=read[conversation_id][1],
            red_flag=next((alarm for alarm in ALARMS if alarm in reasons), None),
            alerts=handoff.alerts if handoff else 0,
            contact=handoff.contact if handoff else None,
            after_hours=bool(handoff and handoff.after_hours),
        )
        for since, conversation_id, handoff, reasons in rows
    ]


def _unread(connection: Connection, conversation_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """How many messages of the patient the desk has not read, and the patient's last words, by conversation."""
    patient = events.c.role == "patient"
    counted = (
        select(
            conversations.c.id,
            func.coalesce(func.sum(case((events.c.seq > conversations.c.desk_seen, 1), else_=0)), 0).label("unread"),
            func.max(events.c.seq).label("last"),
        )
        .select_from(conversations)
        .outerjoin(events, (events.c.conversation_id == conversations.c.id) & patient)
        .where(conversations.c.id.in_(conversation_ids))
        .group_by(conversations.c.id)
        .subquery()
    )
    query = select(counted.c.id, counted.c.unread, events.c.body).outerjoin(
        events, (events.c.conversation_id == counted.c.id) & (events.c.seq == counted.c.last)
    )
    return {
        row.id: (int(row.unread), row.body["text"][:WORDS] if row.body else "") for row in connection.execute(query)
    }


def _items(connection: Connection, conversation_id: str, *, done: bool = False) -> list[Item]:
    query = select(desk_items).where(desk_items.c.conversation_id == conversation_id).order_by(desk_items.c.id)
    if not done:
        query = query.where(desk_items.c.state == "open")
    return [Item(row.id, row.seq, row.reason, row.note, row.created_at) for row in connection.execute(query)]


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
    patient = [event for event in said if event.role == "patient"]
    requests = {item.seq for item in items if item.reason in ("asked", "screening")}
    before = [event for event in patient if handoff is None or event.created_at <= handoff.asked_at]
    own = [event for event in before if event.seq not in requests] or before or patient
    return str(own[-1].body["text"]) if own else ""


def _answers(said: Sequence[Event]) -> list[SeenAnswer]:
    return [
        SeenAnswer(event.seq, event.body["topic"], event.body.get("title", ""), event.body["version"], event.rating)
        for event in said
        if event.role == "assistant" and event.body.get("version") and event.body["topic"] != "human"
    ]


def _shared(said: Sequence[Event]) -> Json | None:
    """The result of the safety questions as the patient sent it to the desk."""
    sent = [event.body["result"] for event in said if event.kind == "handoff" and event.body.get("result")]
    return sent[-1] if sent else None
