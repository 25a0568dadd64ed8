"""Work that takes a while, in a thread that no request and no shutdown waits for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Work(Generic[T]):
    """One piece of work from its start on. `step` says in words what is done now; `do` is given a way to set it."""

    def __init__(self, do: Callable[[Callable[[str], None]], T]) -> None:
        self.step = ""
        self.result: T | None = None
        self.error: Exception | None = None
        self._began = time.monotonic()
        self._do = do
        self._done = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def running(self) -> bool:
        return not self._done.is_set()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    async def wait(self, seconds: float) -> bool:
        """Whether it is done, at the latest after this time."""
        end = time.monotonic() + seconds
        while self.running and time.monotonic() < end:
            await asyncio.sleep(0.02)
        return not self.running

    def _run(self) -> None:
        try:
            self.result = self._do(self._say)
        except Exception as error:  # whoever looks at the work tells it
            self.error = error
        self._done.set()

    def _say(self, step: str) -> None:
        self.step = step
