"""A conversation as server-sent events: first what was missed, then all that comes, each with its number."""

from __future__ import annotations

from collections.abc import AsyncIterator

from gateway.clock import utc_now
from gateway.live import stream
from gateway.live.signals import Signals
from gateway.storage.records import Event
from gateway.storage.store import Store


def follow(
    store: Store, signals: Signals, conversation_id: str, after: int, heartbeat: float, gone: str
) -> AsyncIterator[str]:
    """The text of the stream from the event after number `after` on.

    If the conversation is deleted, the last event says so (kind `deleted`, text `gone`) and the stream ends.
    """

    async def tell() -> AsyncIterator[str | None]:
        nonlocal after
        while missed := await store.history(conversation_id, after, limit=100):
            for event in missed:
                yield as_text(event)
            after = missed[-1].seq
        if not await store.exists(conversation_id):
            now = utc_now()
            yield as_text(Event(conversation_id, after + 1, "system", "deleted", {"text": gone}, {}, None, None, now))
            yield None

    return stream.stream(signals, [conversation_id], tell, heartbeat=heartbeat)


def as_text(event: Event) -> str:
    """An event as the stream has it."""
    return stream.event(event.public(), "message", event.seq)
