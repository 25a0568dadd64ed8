"""Work that is repeated alongside the requests, and stopped with the gateway."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from gateway.errors import describe

log = logging.getLogger(__name__)


class Repeating:
    """Does `work` every so many seconds, from `start` to `close`. If it fails, `failed` is logged and it goes on."""

    def __init__(self, work: Callable[[], Awaitable[object]], failed: str) -> None:
        self._work = work
        self._failed = failed
        self._running: asyncio.Task[None] | None = None

    def start(self, seconds: float, *, at_once: bool = True) -> None:
        """Begin, now or after the first pause."""
        self._running = asyncio.create_task(self._repeat(seconds, at_once))

    async def close(self) -> None:
        """Stop; what is being done is broken off."""
        running, self._running = self._running, None
        await ended(running)

    async def _repeat(self, seconds: float, at_once: bool) -> None:
        while True:
            if at_once:
                try:
                    await self._work()
                except Exception as error:
                    log.error("%s (%s)", self._failed, describe(error))
            at_once = True
            await asyncio.sleep(seconds)


async def ended(task: asyncio.Task[None] | None) -> None:
    """Break a task off, and wait until it has ended."""
    if task:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
