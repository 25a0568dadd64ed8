"""Work outside the event loop: what takes a while, in a thread that nothing waits for, and what reads files."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from gateway.studio.errors import StudioError

FILES = ThreadPoolExecutor(4, "studio-files")  # of the studio alone: a lock that is held holds up nobody else

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


async def off_loop(work: Callable[[], T]) -> T:
    """Do work with files outside the event loop. Raises StudioError, in a sentence for people, if the disk fails."""
    try:
        return await asyncio.get_running_loop().run_in_executor(FILES, work)
    except OSError as error:
        raise StudioError(
            f"The files could not be read or written ({error.strerror}). Nothing was changed.",
            "make room on the disk, or ask who runs the server to look at './ims doctor'.",
        ) from error
