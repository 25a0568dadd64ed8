"""Live events: who listens to a conversation is woken when something new is in its log, and reads it there.

A signal carries no content, so losing one, or hearing it twice, loses and doubles nothing: the log decides. That is
also all that several gateways have to share (for example over Redis).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


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
