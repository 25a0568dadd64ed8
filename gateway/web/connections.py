"""Connections of clients that send the head of a request too slowly, or without end, are closed.

uvicorn waits for the end of the headers as long and as much as it takes: a few sleepy clients could hold all
connections, one could fill the memory. The body of a request has its own limits (`guards.BodyLimit`).
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class HttpConnection(HttpToolsProtocol):
    """A connection whose requests must have their headers complete within `seconds` and about `limit` bytes."""

    seconds: float
    limit: int
    _deadline: asyncio.TimerHandle | None = None
    _received = 0
    _in_body = False  # also after an early reply: what still comes of a body is no header

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Take what came; refuse it when the headers grow too long."""
        free = self.cycle is None or self.cycle.response_complete
        if self._deadline is None and free and not self._in_body:
            self._expect_headers()
        super().data_received(data)
        if self._deadline is not None:
            self._received += len(data)
            if self._received > self.limit and not self.transport.is_closing():
                self.transport.write(TOO_LARGE)
                self.transport.close()

    def on_headers_complete(self) -> None:
        """The application has it from here on."""
        self._stop_waiting()
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes next is another request."""
        self._in_body = False
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client, or we, closed the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        self._received = 0
        self._deadline = self.loop.call_later(self.seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def connection_class(seconds: float, limit: int) -> type[Any]:
    """The class of connections with these limits, as uvicorn takes it."""
    return type("LimitedHttpConnection", (HttpConnection,), {"seconds": seconds, "limit": limit})
