"""Measures the front desk: `python -m benchmarks.desk`.

`ims run` with the trained model serves 200 chats that have asked the assistant something and wait for a person now. It
prints how long it takes from a patient's message to the fresh queue on a console, from a claim to the patient seeing
the name, and how much memory all of it has: gateway, engine, and what starts them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.bench import free_port, serving
from benchmarks.load import memory_mb
from gateway.staff.accounts import Accounts
from gateway.storage.database import Database
from tests.support.staff import Browser, ready

AT_ONCE = 8
PATIENCE = 60.0  # seconds; what takes longer has failed


async def measure(base: str, address: str, pid: int, chats: int, rounds: int) -> dict[str, float]:
    """All figures of the assistant at `base` with its database at `address`; `pid` started all of it."""
    database = Database(address)
    await ready(Accounts(database, lambda: datetime.now(UTC)), "ana")
    await database.close()
    at_rest = memory_mb(pid)
    to: dict[str, Any] = {"base_url": base, "timeout": 300.0}  # slow is measured, not an error
    async with httpx.AsyncClient(**to) as patients, httpx.AsyncClient(**to) as desk:
        staff = Browser(desk, base)
        assert (await staff.login()).status_code == 303
        csrf = {"origin": base, "x-csrf-token": await staff.token("/desk")}
        some = asyncio.Semaphore(AT_ONCE)
        opened = await asyncio.gather(*(waiting(patients, some) for _ in range(chats)))
        updates: list[float] = []
        claims: list[float] = []
        async with lines(desk, "/desk/events", {}) as heard:
            for id, token in opened[:rounds]:
                drain(heard)
                words = f"Are you there? {len(updates)}"
                began = time.perf_counter()
                await say(patients, id, token, words)
                async with asyncio.timeout(PATIENCE):
                    while words not in (page := await fresh_queue(desk, heard)):
                        pass
                updates.append(time.perf_counter() - began)
                # Those who asked while the engine was starting wait there too.
                assert all(f'data-chat="{other}"' in page for other, _ in opened), "a chat is missing in the queue"
        for id, token in opened[:rounds]:
            async with lines(patients, f"/api/conversations/{id}/events", bearer(token)) as seen:
                drain(seen)
                began = time.perf_counter()
                claim = await desk.post(f"/desk/chats/{id}/claim", headers=csrf)
                assert claim.headers["location"] == f"/desk/chats/{id}", "the claim was refused"
                async with asyncio.timeout(PATIENCE):
                    while "Ana" not in await seen.get():
                        pass
                claims.append(time.perf_counter() - began)
    return {
        "open chats": chats,
        "update p50 ms": 1e3 * statistics.median(updates),
        "update p95 ms": 1e3 * p95(updates),
        "claim to name p50 ms": 1e3 * statistics.median(claims),
        "claim to name p95 ms": 1e3 * p95(claims),
        "memory of all, at rest MB": at_rest,
        "memory of all MB": memory_mb(pid),
    }


async def waiting(client: httpx.AsyncClient, some: asyncio.Semaphore) -> tuple[str, str]:
    """A patient who waits for a person."""
    async with some:
        started = (await client.post("/api/conversations")).json()
        await say(client, started["id"], started["token"], "will I be sore afterwards?")
        await say(client, started["id"], started["token"], choice="person")  # needs no engine, however busy it is
        address, headers = f"/api/conversations/{started['id']}/handoff", bearer(started["token"])
        async with asyncio.timeout(PATIENCE):
            while (await client.get(address, headers=headers)).json()["state"] != "waiting":
                await asyncio.sleep(0.05)
        return started["id"], started["token"]


async def fresh_queue(desk: httpx.AsyncClient, heard: asyncio.Queue[str]) -> str:
    """The queue as a console reads it when it has heard that there is something new."""
    await heard.get()
    return (await desk.get("/desk/parts/queue")).raise_for_status().text


async def say(
    client: httpx.AsyncClient, id: str, token: str, text: str | None = None, choice: str | None = None
) -> None:
    body = {"key": uuid.uuid4().hex, "text": text, "choice": choice}
    reply = await client.post(f"/api/conversations/{id}/messages", json=body, headers=bearer(token))
    reply.raise_for_status()


@asynccontextmanager
async def lines(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> AsyncIterator[asyncio.Queue[str]]:
    """The data of an event stream, as it comes; the first has come when this opens."""
    found: asyncio.Queue[str] = asyncio.Queue()

    async def read() -> None:
        async with client.stream("GET", path, headers=headers, timeout=None) as reply:
            async for line in reply.aiter_lines():
                if line.startswith("data: "):
                    await found.put(line[6:])

    reading = asyncio.create_task(read())
    async with asyncio.timeout(PATIENCE):
        await found.get()
    await asyncio.sleep(0.3)
    try:
        yield found
    finally:
        reading.cancel()


def drain(queue: asyncio.Queue[str]) -> None:
    while not queue.empty():
        queue.get_nowait()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def p95(times: list[float]) -> float:
    return sorted(times)[-(-len(times) * 95 // 100) - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base, address = f"http://localhost:{free_port()}", f"sqlite:///{Path(folder) / 'ims.sqlite3'}"
        environment = {
            **os.environ,
            "IMS_PORT": base.rpartition(":")[2],
            "IMS_ENGINE_URL": f"http://127.0.0.1:{free_port()}",
            "IMS_DATABASE": address,
            "IMS_TRUST_LOCAL": "yes",
        }
        command = [sys.executable, "-m", "gateway.cli", "run", "--no-train"]
        with serving(command, environment, f"{base}/webhooks/rest/webhook") as started:
            figures = asyncio.run(measure(base, address, started.pid, given.chats, given.rounds))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
