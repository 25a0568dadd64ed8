"""Live events: who listens to a conversation is woken when something new is in its log, and reads it there.

A signal carries no content, so losing one, or hearing it twice, loses and doubles nothing: the log decides. That is
also all that several gateways have to share (for example over Redis).
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Protocol

from gateway.store import Event, Store


class Signals(Protocol):
    """Tells listeners of a conversation that there is something new."""

    def send(self, conversation_id: str) -> None: ...

    def listen(self, conversation_id: str) -> AbstractContextManager[asyncio.Event]: ...

    @property
    def closed(self) -> bool: ...


class LocalSignals:
    """Signals inside one process."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._closed = False

    def send(self, conversation_id: str) -> None:
        """Wake everybody who listens to this conversation."""
        for listener in self._listeners.get(conversation_id, ()):
            listener.set()

    @contextmanager
    def listen(self, conversation_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is something new; the listener clears it before it looks."""
        listener = asyncio.Event()
        self._listeners[conversation_id].add(listener)
        try:
            yield listener
        finally:
            self._listeners[conversation_id].discard(listener)
            if not self._listeners[conversation_id]:
                del self._listeners[conversation_id]

    @property
    def closed(self) -> bool:
        """Whether the gateway is stopping; streams end then."""
        return self._closed

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        self.wake_all()

    def wake_all(self) -> None:
        """Wake everybody who listens: something may have been missed."""
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.set()


async def stream(
    store: Store, signals: Signals, conversation_id: str, after: int, heartbeat: float, gone: str
) -> AsyncIterator[str]:
    """Server-sent events of a conversation: first what was missed, then all that comes, each with its number.

    If the conversation is deleted, the last event says so (kind `deleted`, text `gone`) and the stream ends.
    """
    with signals.listen(conversation_id) as news:
        yield "retry: 2000\n\n"
        while not signals.closed:
            news.clear()
            while missed := await store.history(conversation_id, after, limit=100):
                for event in missed:
                    yield _sse(event)
                after = missed[-1].seq
            if not await store.exists(conversation_id):
                now = datetime.now(UTC)
                yield _sse(Event(conversation_id, after + 1, "system", "deleted", {"text": gone}, {}, None, None, now))
                return
            try:
                async with asyncio.timeout(heartbeat):
                    await news.wait()
            except TimeoutError:
                yield ": still here\n\n"


def _sse(event: Event) -> str:
    # json.dumps leaves no line break in the data, whatever the patient typed.
    return f"id: {event.seq}\nevent: message\ndata: {json.dumps(event.public())}\n\n"
