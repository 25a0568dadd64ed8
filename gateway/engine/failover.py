"""Several engines as one: messages are spread over them, and go to another one while theirs is busy or dead.

`IMS_ENGINE_URL` lists them, or `IMS_ENGINE_WORKERS` says how many there are. None of them remembers anything, so any of
them may answer any message.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence

from gateway.engine.client import Asked, Engine, EngineReply, EngineUnavailable

ANYTHING = Asked("", "hello", judged=True)  # whoever works has an answer to this
REST = 5.0  # seconds in which an engine that failed is asked last


async def _works(engine: Engine) -> str:
    """Whether an engine does what it is there for: it may be up and fail at each message."""
    if (state := await engine.ready()) != "ok":
        return state
    try:
        await engine.ask(ANYTHING)
    except EngineUnavailable as error:
        return str(error)
    return "ok"


class SeveralEngines:
    """Picks the engine for each message."""

    def __init__(self, engines: Sequence[Engine], clock: Callable[[], float] = time.monotonic) -> None:
        self._engines = engines
        self._clock = clock
        self._failed: dict[int, float] = {}
        self._under_way = [0] * len(engines)

    async def ask(self, asked: Asked) -> EngineReply:
        """Ask the engine with the least to do, preferring the chat's own; or the next one if it refused the connection.

        What an engine was slow with, or failed at, is not asked of another one: the patient has waited long enough.
        """
        order = self._order(asked.chat)
        for place, number in enumerate(order):
            self._under_way[number] += 1
            try:
                reply = await self._engines[number].ask(asked)
            except EngineUnavailable as error:
                self._failed[number] = self._clock()
                if error.reason != "refused" or place == len(order) - 1:
                    raise
            else:
                self._failed.pop(number, None)
                return reply
            finally:
                self._under_way[number] -= 1
        raise EngineUnavailable("refused")

    async def ready(self) -> str:
        """`ok` while one of them works; otherwise what the first one says."""
        states = await asyncio.gather(*(engine.ready() for engine in self._engines))
        return "ok" if "ok" in states else states[0]

    async def all_ready(self) -> str:
        """`ok` if each of them answers a message; otherwise how many do not, and why the first of these does not."""
        states = await asyncio.gather(*map(_works, self._engines))
        silent = [state for state in states if state != "ok"]
        if len(silent) < len(states) and silent:
            return f"{len(silent)} of {len(states)} does not work: {silent[0]}"
        return silent[0] if silent else "ok"

    def _order(self, chat: str) -> list[int]:
        """The engines by what they have to do, then in the order of this chat (rendezvous hashing); those that failed
        just now last.
        """
        now = self._clock()

        def rank(number: int) -> tuple[bool, int, bytes]:
            resting = now - self._failed.get(number, -REST) < REST
            return (
                resting,
                self._under_way[number],
                hashlib.blake2b(f"{number} {chat}".encode(), digest_size=8).digest(),
            )

        return sorted(range(len(self._engines)), key=rank)
