"""Slow and endless clients are cut off; the others are served meanwhile."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from starlette.types import Message

from gateway.web.guards import BodyLimit
from tests.support.processes import Processes

pytestmark = pytest.mark.slow  # starts processes of its own


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    processes = Processes(tmp_path_factory.mktemp("site") / "var")
    os.environ["IMS_HEADER_SECONDS"] = "1"
    try:
        processes.start_gateway()
        yield processes
    finally:
        del os.environ["IMS_HEADER_SECONDS"]
        processes.close()


def connected(site: Processes) -> socket.socket:
    return socket.create_connection(("127.0.0.1", site.port), timeout=20)


def whole_reply(client: socket.socket) -> bytes:
    """Read one reply by its length; fails where the connection ends before."""
    reply = b""
    while True:
        head, end, body = reply.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if end and length and len(body) >= int(length[1]):
            return reply
        received = client.recv(10_000)
        assert received, f"the connection ended after {reply!r}"
        reply += received


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: y\r\n"])
def test_headers_that_do_not_come_are_not_waited_for(site: Processes, sent: bytes) -> None:
    with connected(site) as client:
        client.sendall(sent)
        assert client.recv(100) == b""  # closed by the gateway


def test_a_byte_now_and_then_does_not_keep_a_connection(site: Processes) -> None:
    with connected(site) as client:
        client.sendall(b"GET /health HTTP/1.1\r\n")
        with pytest.raises(OSError):  # broken pipe
            for _ in range(200):
                client.sendall(b"X-A: b\r\n")
                time.sleep(0.05)


def test_endless_headers_are_refused(site: Processes) -> None:
    with connected(site) as client:
        client.sendall(b"GET /health HTTP/1.1\r\n" + b"X-A: " + b"b" * 40_000)
        assert client.recv(1000).startswith(b"HTTP/1.1 431 ")


def test_the_next_request_of_a_connection_has_the_same_limits(site: Processes) -> None:
    with connected(site) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert whole_reply(client).startswith(b"HTTP/1.1 200 ")
        client.sendall(b"GET /health HTTP/1.1\r\n" + b"X-A: " + b"b" * 40_000)
        assert client.recv(1000).startswith(b"HTTP/1.1 431 ")


def test_the_rest_of_a_body_that_was_refused_is_not_taken_for_headers(site: Processes) -> None:
    with httpx.Client(base_url=site.url) as client:
        for _ in range(3):
            assert client.post("/api/conversations", content=b"x" * 3_000_000).status_code == 413
            assert client.get("/health").status_code == 200


def test_others_are_served_while_many_connections_sleep(site: Processes) -> None:
    with ExitStack() as many:
        for _ in range(300):
            many.enter_context(connected(site)).sendall(b"GET / HTTP/1.1\r\n")
        started = httpx.post(f"{site.url}/api/conversations", timeout=20)
        assert started.status_code == 201


def test_an_event_stream_outlives_the_limit(site: Processes) -> None:
    started = httpx.post(f"{site.url}/api/conversations").json()
    headers = {"Authorization": f"Bearer {started['token']}"}
    url = f"{site.url}/api/conversations/{started['id']}/events"
    with httpx.stream("GET", url, headers=headers, timeout=20) as stream:
        signs = 0
        for line in stream.iter_lines():
            signs += line == ": still here"
            if signs == 6:  # 0.3 s each, so longer than the second that headers have
                break
    assert signs == 6


async def test_a_body_that_does_not_come_is_answered_with_an_error() -> None:
    sent: list[Message] = []

    async def app(scope: object, receive: object, send: object) -> None:
        raise AssertionError("the application must not see it")

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.request", "body": b"", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "method": "POST", "headers": [], "path": "/", "app": None}
    await BodyLimit(app, limit=100, seconds=0.05)(scope, receive, send)
    assert sent[0]["status"] == 408
