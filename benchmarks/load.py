"""Load on a running assistant: reply times of many chats at once, memory, and what an idle event stream costs."""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx

TURNS = 8  # messages of a chat, then a new one begins: no reply pays for a long conversation
Json = dict[str, Any]


def allow_many_files() -> None:
    """Each connection is an open file, here and in what is started from here; systems begin with few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def percentile(times: Sequence[float], share: float) -> float:
    """The time within which this share of the replies came."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def many_chats(url: str, chats: int, seconds: float, texts: Sequence[str]) -> Json:
    """So many chats at once, each sending its next message when it has its answer, through Rasa's REST channel."""
    times: list[float] = []
    failed = 0
    until = time.perf_counter() + seconds
    texts_in_turn = itertools.cycle(texts)

    async def chat(client: httpx.AsyncClient) -> None:
        nonlocal failed
        while time.perf_counter() < until:
            sender = uuid.uuid4().hex
            for _ in range(TURNS):
                began = time.perf_counter()
                if began >= until:
                    return
                message = {"sender": sender, "message": next(texts_in_turn)}
                try:
                    reply = await client.post(url, json=message)
                except httpx.HTTPError:
                    failed += 1
                    continue
                failed += reply.status_code != 200
                times.append((time.perf_counter() - began) * 1e3)

    began = time.perf_counter()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(chat(client) for _ in range(chats)))
    took = time.perf_counter() - began
    return {
        "chats": chats,
        "messages": len(times),
        "failed": failed,
        "per_second": round(len(times) / took, 1),
        **{f"p{share}_ms": round(percentile(times, share / 100), 1) for share in (50, 95, 99)},
    }


def throughput(levels: Sequence[Json], limit_ms: float = 300) -> float:
    """Messages a second at the best level whose p95 stays below the limit; 0 if none does."""
    return max((level["per_second"] for level in levels if level["p95_ms"] < limit_ms), default=0.0)


def processes(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in file.read_text().split():
            yield from processes(int(child))


def memory_mb(pid: int) -> float:
    """Resident memory of a process and all that it started; what they share is counted once a process (Linux)."""
    total = 0
    for one in processes(pid):
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return round(total / 1024, 1)


def cpu_seconds(pid: int) -> float:
    """Processor seconds that a process and all that it started have used so far (Linux): what else the machine does
    changes them little.
    """
    ticks = 0
    for one in processes(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(field) for field in fields[11:15])  # its own, and those of children that have ended
    return ticks / os.sysconf("SC_CLK_TCK")


async def idle_streams(url: str, count: int, pid: int) -> Json:
    """Megabytes that this many open, silent event streams cost the processes of `pid`."""
    limits = httpx.Limits(max_connections=None)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=60, limits=limits, trust_env=False))
        chats = [(await client.post(f"{url}/api/conversations")).json() for _ in range(count)]
        before = memory_mb(pid)
        for chat in chats:
            headers = {"Authorization": f"Bearer {chat['token']}"}
            path = f"{url}/api/conversations/{chat['id']}/events"
            stream = await stack.enter_async_context(client.stream("GET", path, headers=headers))
            await anext(stream.aiter_bytes())
        after = memory_mb(pid)
    return {"streams": count, "before_mb": before, "after_mb": after, "cost_mb": round(after - before, 1)}
