"""Several engines as one: a chat stays with its engine, and goes to another one while that is dead.

`IMS_ENGINE_URL` lists them. A tracker lives in one engine; the gateway carries the slots with every message, so an
engine that meets a chat for the first time knows what counts.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence

from gateway.engine import Engine, EngineReply, EngineUnavailable, Json

REST = 5.0  # seconds in which an engine that failed is asked last


class SeveralEngines:
    """Picks the engine for each message."""

    def __init__(self, engines: Sequence[Engine], clock: Callable[[], float] = time.monotonic) -> None:
        self._engines = engines
        self._clock = clock
        self._failed: dict[int, float] = {}

    async def ask(self, sender: str, text: str, choice: Json | None, slots: Json | None) -> EngineReply:
        """Have the chat's own engine decide, or the next one if that did not even take the message.

        An engine that was slow or failed may have heard the message: it is not asked again by another one, as the
        patient has waited long enough.
        """
        order = self._order(sender)
        for place, number in enumerate(order):
            try:
                reply = await self._engines[number].ask(sender, text, choice, slots)
            except EngineUnavailable as error:
                self._failed[number] = self._clock()
                if error.reason != "refused" or place == len(order) - 1:
                    raise
            else:
                self._failed.pop(number, None)
                return reply
        raise EngineUnavailable("refused")

    async def ready(self) -> str:
        """`ok` while one of them works; otherwise what the first one says."""
        states = await asyncio.gather(*(engine.ready() for engine in self._engines))
        return "ok" if "ok" in states else states[0]

    def _order(self, sender: str) -> list[int]:
        """The engines in the order of this sender (rendezvous hashing), those that failed just now last."""
        now = self._clock()

        def rank(number: int) -> tuple[bool, bytes]:
            resting = now - self._failed.get(number, -REST) < REST
            return resting, hashlib.blake2b(f"{number} {sender}".encode(), digest_size=8).digest()

        return sorted(range(len(self._engines)), key=rank)
