"""Whether the clock can be believed before something is erased by it.

A dead battery, a resumed machine or a wrong time server may set it ahead by years. So it is compared with the last
time that was believed, which is kept in a file; where it is far beyond, the kernel has to say that a time server keeps
it, or a person has to (`ims purge`).
"""

from __future__ import annotations

import ctypes
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from gateway.files import write_whole

RUNNING = timedelta(hours=12)  # that the clock may be ahead of the time that passed
STOPPED = timedelta(days=2)  # and after a time of which nothing is known: what ran yesterday may go on
UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
log = logging.getLogger(__name__)


def kept_by_a_server() -> bool:
    """Whether the kernel says that the clock is kept right from outside."""
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(1024))  # all zero: only asks
    except (OSError, AttributeError):
        return False
    return 0 <= state < UNSYNCHRONISED


class TrustedTime:
    """Remembers the last time that was believed, in `file` where there is one."""

    def __init__(
        self, file: Path | None, now: Callable[[], datetime], kept: Callable[[], bool] = kept_by_a_server
    ) -> None:
        self._file = file
        self._now = now
        self._kept = kept
        self._last: datetime | None = None
        self._since = time.monotonic()
        self._slack = STOPPED

    def believed(self, newest: datetime | None) -> bool:
        """Whether the clock is right as far as can be known. `newest` is the time of the newest thing that is kept."""
        if self._last is None:
            self._last = self._read() or newest
            self._write()
        passed = timedelta(seconds=time.monotonic() - self._since)
        ahead = self._now() - self._last - passed if self._last else timedelta(0)
        if ahead > self._slack and not self._kept():
            log.error("the clock is %.0f hours ahead of what is known: nothing is erased", ahead / timedelta(hours=1))
            return False
        self.confirm()
        return True

    def confirm(self) -> None:
        """The clock is right now."""
        self._last, self._since, self._slack = self._now(), time.monotonic(), RUNNING
        self._write()

    def _read(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self._file.read_text("utf-8").strip()) if self._file else None
        except (OSError, ValueError):
            return None

    def _write(self) -> None:
        if self._file and self._last:
            write_whole(self._file, f"{self._last.isoformat()}\n")
