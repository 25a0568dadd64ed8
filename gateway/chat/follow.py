"""A conversation as server-sent events: first what was missed, then all that comes, each with its number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.clock import utc_now
from gateway.live import stream
from gateway.live.moments import Moments, told
from gateway.live.signals import Signals
from gateway.storage.records import Event
from gateway.storage.store import Store

PAGE = 100
RESET = stream.event({}, "reset")


@dataclass(frozen=True)
class Place:
    """The last event that a listener has: its number, and its mark where the listener says it."""

    seq: int = 0
    mark: str = ""

    @classmethod
    def read(cls, written: str | None) -> Place | None:
        """From `Last-Event-ID`, which is a number, or a number and a mark; None for anything else."""
        number, _, mark = (written or "").partition("-")
        good = number.isascii() and number.isdigit() and len(number) < 10
        return cls(int(number), mark) if good else None

    def holds(self, event: Event) -> bool:
        """Whether this event is the one that the listener has."""
        return self.seq == event.seq and self.mark in ("", event.mark)


def follow(
    store: Store,
    signals: Signals,
    conversation_id: str,
    place: Place,
    heartbeat: float,
    gone: str,
    ended: asyncio.Event | None = None,
    moments: Moments | None = None,
) -> AsyncIterator[str]:
    """The text of the stream from the event after `place` on, and between them, whether somebody of the staff writes
    and how far they have read (`moment`).

    If the conversation is deleted, the last event says so (kind `deleted`, text `gone`) and the stream ends. If what
    the listener has is not in the log any more, because the database went back in time, the last event is `reset`:
    the listener has to read the conversation again.
    """

    async def tell() -> AsyncIterator[str | None]:
        nonlocal place
        while True:
            # With what the listener has, to see that it still stands there.
            found = await store.history(conversation_id, max(place.seq - 1, 0), limit=PAGE + 1)
            if place.seq and not (found and place.holds(found[0])):
                there = await store.exists(conversation_id)
                yield RESET if there else as_text(_deleted(conversation_id, place.seq + 1, gone))
                yield None
            missed = found[1:] if place.seq else found
            for event in missed:
                yield as_text(event)
            if not missed:
                return
            place = Place(missed[-1].seq, missed[-1].mark)

    aside = told(moments, conversation_id, "staff") if moments else None
    return stream.stream(signals, [conversation_id], tell, heartbeat=heartbeat, ended=ended, aside=aside)


def as_text(event: Event) -> str:
    """An event as the stream has it."""
    return stream.event(event.public(), "message", event.seq)


def _deleted(conversation_id: str, seq: int, gone: str) -> Event:
    return Event(conversation_id, seq, "system", "deleted", {"text": gone}, {}, None, None, utc_now())
