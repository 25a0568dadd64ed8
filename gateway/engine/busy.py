"""Counts what is under way, so that its end can be waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.engine.client import Asked, Engine, EngineReply


class Busy:
    """`with busy.at_work()` around each piece of work; `over` waits for the last one that is under way."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._count += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._idle.set()

    async def over(self, most: float) -> bool:
        """Wait until nothing is under way, for this many seconds at most; whether that came about."""
        try:
            async with asyncio.timeout(most):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True


class CountedEngine:
    """An engine whose questions count as work under way."""

    def __init__(self, engine: Engine, busy: Busy) -> None:
        self._engine = engine
        self._busy = busy

    async def ask(self, asked: Asked) -> EngineReply:
        """Ask the engine."""
        with self._busy.at_work():
            return await self._engine.ask(asked)

    async def ready(self) -> str:
        """`ok`, or in a few words why not."""
        return await self._engine.ready()
