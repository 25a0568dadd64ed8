"""The statements that each message needs, made once: what SQLAlchemy works out of a statement stays with it.

`:chat` is the id of a conversation, `:number` that of an event in it.
"""

from __future__ import annotations

from sqlalchemy import BindParameter, bindparam, func, or_, select, text, update

from gateway.storage import screening_slots
from gateway.storage.tables import conversations, events
from safety import LEVELS, READ_TOGETHER

CHAT: BindParameter[str] = bindparam("chat")
NUMBER: BindParameter[int] = bindparam("number")
# Written out, so that SQLite sees that the small index of unanswered messages is enough.
RECEIVED = events.c.state == text("'received'")
_of_chat = events.c.conversation_id == CHAT
_cards = events.c.kind == screening_slots.KINDS[0]
_asks = events.c.body["asks"].as_string()

CONVERSATION = select(conversations).where(conversations.c.id == CHAT)
CONVERSATION_ALONE = CONVERSATION.with_for_update()
EVENT = select(events).where(_of_chat, events.c.seq == NUMBER)
WITH_KEY = select(events).where(_of_chat, events.c.client_key == bindparam("key"))  # that its client gave it
WAITING = select(events).where(_of_chat, RECEIVED).order_by(events.c.seq).limit(2)

# The newest card of the safety questions, and the newest before an event.
LAST_CARD = (
    select(events)
    .where(_of_chat, _cards, events.c.body["card"]["id"].as_string().is_not(None))
    .order_by(events.c.seq.desc())
    .limit(1)
)
LAST_CARD_BEFORE = LAST_CARD.where(events.c.seq < NUMBER)

# What of the safety questions was asked last before an event.
ASKED_BEFORE = (
    select(_asks)
    .where(_of_chat, _cards, _asks.is_not(None), events.c.seq < NUMBER)
    .order_by(events.c.seq.desc())
    .limit(1)
)

# What a patient sent in the two turns before an event, since the last alarm; newest first.
_alarmed = select(func.max(events.c.in_reply_to)).where(_of_chat, events.c.kind.in_(LEVELS))
SENT_JUST_BEFORE = (
    select(events.c.body)
    .where(
        _of_chat,
        events.c.role == "patient",
        events.c.kind == "message",
        events.c.seq < NUMBER,
        events.c.seq > func.coalesce(_alarmed.scalar_subquery(), 0),
    )
    .order_by(events.c.seq.desc())
    .limit(READ_TOGETHER - 1)
)

# A message and what was answered to it.
WITH_ANSWER = (
    select(events)
    .where(_of_chat, events.c.seq >= NUMBER, or_(events.c.seq == NUMBER, events.c.in_reply_to == NUMBER))
    .order_by(events.c.seq)
)

# What was said between a message of the patient and the one before it, not in answer to it.
_last = select(func.coalesce(func.max(events.c.seq), 0)).where(
    _of_chat, events.c.seq < NUMBER, events.c.role == "patient"
)
SAID_BEFORE = (
    select(events)
    .where(_of_chat, events.c.seq < NUMBER, events.c.seq > _last.scalar_subquery(), events.c.in_reply_to.is_(None))
    .order_by(events.c.seq)
)

# Whoever answers a message marks it; what its ticks said is in the engine's hands then.
ANSWERED = (
    update(events)
    .where(_of_chat, events.c.seq == NUMBER, events.c.state == "received")
    .values(state=bindparam("becomes"), choices=None)
)
