"""What the store keeps and hands out: a conversation, its events, and what a message leads to."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Required, TypedDict

from safety import Level

Json = dict[str, Any]
Role = Literal["patient", "assistant", "staff", "system"]
Holder = Literal["assistant", "waiting", "person"]  # who has the chat; `waiting` for a person
HandoffReason = Literal["asked", "screening", "desk"]  # `desk`: the front desk took the chat by itself
# Why the desk should look.
Reason = HandoffReason | Level | Literal["engine_down", "failed", "looks_wrong", "net_failed"]
# What an event is. An engine may send kinds of its own (of a handler in another assistant); they pass through.
Kind = (
    Literal["message", "chat", "answer", "clarify", "unknown", "handoff", "deleted", "screening", "screening_result"]
    | Level
)
REQUESTS = ("asked", "screening")  # reasons that are about the handoff itself; all others are something to look at
LESS_THAN_DANGER = (*REQUESTS, "engine_down", "failed", "looks_wrong")  # all that is no alarm
OWN = "own"  # among the choices of a patient's message: what it tells the engine besides its words, and what was seen


class Button(TypedDict, total=False):
    """A button under a message: it has an `id` to choose it by, or a number to call or to send a text message to."""

    label: Required[str]
    id: str
    tel: str
    sms: str
    opens: str  # the page that a window may open instead


class Body(TypedDict, total=False):
    """What an event holds, as it is stored and as a chat window reads it. A patient's message has the first part."""

    text: Required[str]
    choice: str  # the id of the button that was pressed
    card: Json  # of the assistant: a card to tick; of a patient: what was ticked

    topic: str | None
    topics: list[str]
    answer: str | None  # the specific answer that was given
    answers: list[str | None]  # one for each of `topics`
    things: list[str]  # that the patient named and that were named back
    links: list[Json]  # phone numbers, addresses and pages in the text, with their places
    offered: list[str]
    confidence: float
    sources: list[Json]
    see_also: list[Json]
    buttons: list[Button]
    more: bool  # whether there is a longer answer
    link: str | None
    title: str
    version: str
    reviewed: bool
    withheld: bool
    picture: Json
    tables: list[Json]  # prices and hours that the text names
    reach: list[Json]  # buttons that call, or open the booking page
    home: bool  # whether a conversation begins with it
    result: Json  # of the safety questions
    asks: str  # id of the card or question that is asked
    docked: bool  # a card that stays in sight while questions are answered
    handoff: Json  # how it stands
    language: str
    name: str  # of the person who writes


@dataclass(frozen=True)
class Conversation:
    """What is known of a conversation besides its events."""

    id: str
    holder: Holder
    last_seq: int
    slots: Json
    red_flag: Json | None
    token_hash: str | None
    language: str | None = None
    answers_after: int = 0
    desk_seen: int = 0
    record: Json | None = None  # what is known of the chat; chat/record.py

    @property
    def text_only(self) -> bool:
        """Whether it is held where no cards can be shown: in the REST channel."""
        return self.token_hash is None

    def silent_about(self, seq: int) -> bool:
        """Whether the assistant may not answer this message: a person has the chat, or had it then."""
        return self.holder == "person" or seq <= self.answers_after

    def opens_with(self, token: str) -> bool:
        """Whether this token is the one that its browser was given."""
        return self.token_hash is not None and hmac.compare_digest(self.token_hash, hashed(token))


@dataclass(frozen=True)
class Draft:
    """An event that has no number yet. `choices` says what the ids in its buttons do; it never leaves the server."""

    role: Role
    kind: Kind
    body: Body
    choices: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """One numbered thing that was said or happened in a conversation."""

    conversation_id: str
    seq: int
    role: Role
    kind: Kind
    body: Body
    choices: Json
    client_key: str | None
    in_reply_to: int | None
    created_at: datetime
    rating: str | None = None

    @property
    def mark(self) -> str:
        """Tells this event from another one that had its number before the database went back in time."""
        made = f"{self.created_at.timestamp():.6f} {self.role} {self.client_key}"
        return hashed(made)[:12]

    def public(self) -> Json:
        """The event as the outside sees it. A button's id names its event, so that it can be found again."""
        body: Json = {**self.body, "kind": self.kind, **({"rating": self.rating} if self.rating else {})}
        for name in ("buttons", "see_also"):
            if name in body:
                body[name] = [{**it, "id": f"{self.seq}-{it['id']}"} if "id" in it else it for it in body[name]]
        return {
            "seq": self.seq,
            "mark": self.mark,
            "role": self.role,
            "time": self.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "key": self.client_key,
            "in_reply_to": self.in_reply_to,
            "body": body,
        }


@dataclass(frozen=True)
class Handoff:
    """Why a person is needed, and whether the patient was told that nobody is there now."""

    reason: HandoffReason
    after_hours: bool


@dataclass(frozen=True)
class TurnOutcome:
    """All that one message of a patient leads to; written as a whole or not at all."""

    replies: tuple[Draft, ...] = ()
    desk: tuple[Reason, ...] = ()  # reasons why the front desk should look
    slots: Json | None = None  # None: as they were
    record: Json | None = None  # what is known of the chat from now on; None: as it was
    red_flag: Json = field(default_factory=dict)  # what the net found in this message; empty: nothing
    small_talk: bool = False  # not gone on with after a red flag
    screening_gone: Body | None = None  # what stands from now on for the safety questions, if their answers went
    alarm_note: str | None = None  # what the patient answered to an alarm, for the front desk
    handoff: Handoff | None = None  # a person is needed
    contact: str | None = None  # an address or number that who waits has typed
    cancel_handoff: bool = False  # no person is needed any more
    near: tuple[str, ...] = ()  # topics and answers that the message came near to; it is not stored
    heard: Any = None  # what the engine was asked and said, for a candidate that runs beside it; it is not stored


@dataclass(frozen=True)
class Turn:
    """A patient's message that waits for its answer, with what is needed to give it."""

    conversation: Conversation
    message: Event
    does: Json | None  # what the button does, if the message was one
    card: Json | None = None  # body of the last card before it
    on_screen: str | None = None  # id of the card or question that was asked last when it was written
    before: tuple[str, ...] = ()  # what the patient wrote just before, oldest first, since the last alarm
    more: bool = False  # another message waits behind it
    typed: str | None = None  # what was typed, where personal details were left out of what is stored


@dataclass(frozen=True)
class DeskItem:
    """Something the front desk should look at."""

    conversation_id: str
    seq: int
    reason: Reason
    state: str
    created_at: datetime
    note: str | None = None


class UnknownConversation(LookupError):
    """There is no conversation of this id."""


class ChatFull(Exception):
    """The conversation holds as much as one may hold."""


class KeyReused(ValueError):
    """The client key was used before, for another message."""


def hashed(token: str) -> str:
    """A token as it is stored."""
    return hashlib.sha256(token.encode()).hexdigest()
