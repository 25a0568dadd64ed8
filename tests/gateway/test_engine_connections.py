"""The connections to an engine: kept open, opened again, and never used again with half an answer in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.engine.client import Asked, EngineUnavailable, HttpEngine
from gateway.engine.kept_open import KeptOpen

OK = b'{"kind": "answer"}'


def answer(content: bytes = OK, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(content)}\r\n\r\n".encode() + content


class Server:
    """Says to each request what it is told, and counts connections."""

    def __init__(self) -> None:
        self.says: Callable[[], bytes] = answer
        self.closes = False
        self.pause = 0.0
        self.heard: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                self.heard.append(head + await reader.readexactly(length))
                await asyncio.sleep(self.pause)
                writer.write(self.says())
                if self.closes:
                    break
        except (EOFError, ConnectionError):
            pass
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield made
    listening.close()


@pytest.fixture
async def engine(server: Server) -> AsyncIterator[HttpEngine]:
    connections = KeptOpen(server.url)
    yield HttpEngine(connections, "a token", timeout=0.5)
    await connections.aclose()


ASKED = Asked("chat", "will it hurt? é")


async def test_one_connection_serves_one_message_after_the_other(server: Server, engine: HttpEngine) -> None:
    for _ in range(3):
        assert (await engine.ask(ASKED)).kind == "answer"
    assert server.connections == 1
    first = server.heard[0]
    assert first.startswith(b"POST /webhooks/gateway/webhook HTTP/1.1\r\n")
    assert b"authorization: Bearer a token\r\n" in first and b"will it hurt?" in first
    assert await engine.ready() == "ok"


async def test_messages_at_once_have_a_connection_each(server: Server, engine: HttpEngine) -> None:
    server.pause = 0.05
    await asyncio.gather(*(engine.ask(ASKED) for _ in range(4)))
    await asyncio.gather(*(engine.ask(ASKED) for _ in range(4)))
    assert server.connections == 4


async def test_a_connection_that_was_closed_meanwhile_is_opened_again(server: Server, engine: HttpEngine) -> None:
    server.closes = True
    for _ in range(3):
        assert (await engine.ask(ASKED)).kind == "answer"
        await asyncio.sleep(0.02)
    assert server.connections == 3


async def test_a_connection_that_dies_under_a_message_is_opened_again(server: Server, engine: HttpEngine) -> None:
    await engine.ask(ASKED)
    answers = iter([b"", answer()])
    server.says, server.closes = lambda: next(answers), True
    assert (await engine.ask(ASKED)).kind == "answer"


async def test_a_late_answer_is_not_taken_for_that_of_the_next_message(server: Server, engine: HttpEngine) -> None:
    await engine.ask(ASKED)
    server.pause, server.says = 0.8, lambda: answer(b'{"kind": "late"}')
    with pytest.raises(EngineUnavailable, match="slow"):
        await engine.ask(ASKED)
    server.pause, server.says = 0.0, answer
    await asyncio.sleep(0.5)
    assert (await engine.ask(ASKED)).kind == "answer"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "refused"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", "refused"),
        (b"SSH-2.0\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}", "malformed"),
        (b"HTTP/1.1 200 OK\r\n" + b"x" * 100_000, "malformed"),
        (answer(b"not JSON"), "malformed"),
        (answer(b"[" * 100_000), "malformed"),
        (answer(status="500 Internal Server Error"), "status"),
    ],
)
async def test_what_is_no_answer_has_its_reason(server: Server, engine: HttpEngine, said: bytes, reason: str) -> None:
    server.says, server.closes = lambda: said, True
    with pytest.raises(EngineUnavailable, match=reason):
        await engine.ask(ASKED)


async def test_nobody_there_is_refused() -> None:
    engine = HttpEngine(KeptOpen("http://127.0.0.1:1"), "a token", timeout=0.5)
    with pytest.raises(EngineUnavailable, match="refused"):
        await engine.ask(ASKED)
    assert await engine.ready() == "not running, or still loading"


async def test_an_engine_that_closes_after_its_answer_is_believed(server: Server, engine: HttpEngine) -> None:
    server.says = lambda: answer(more="Connection: close\r\n")
    await engine.ask(ASKED)
    await engine.ask(ASKED)
    assert server.connections == 2
