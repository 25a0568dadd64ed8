"""Slows down whoever guesses passwords, without letting them lock the staff out.

Failures are counted by account and place. A place is an address, or, for a browser in which this person has signed in
before, that browser: it has a count of its own, so nothing that others do anywhere makes it wait.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

FREE = 5  # failures without a wait
FIRST, LONGEST = 2.0, 900.0  # seconds: doubled with each failure
FORGOTTEN = 3600.0  # seconds after which a count starts anew
REMEMBERED = 10_000


@dataclass
class _Count:
    failures: int
    at: float


class Throttle:
    """Counts failures and says how long to wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[str, _Count] = {}

    def wait(self, login: str, place: str) -> float:
        """Seconds before this account may be tried again from here; 0: now."""
        count = self._counts.get(_key(login, place))
        if count is None or count.failures < FREE:
            return 0.0
        pause = min(LONGEST, FIRST * 2.0 ** min(count.failures - FREE, 20))
        return max(0.0, count.at + pause - self._clock())

    def failed(self, login: str, place: str) -> None:
        """Count a failure."""
        now = self._clock()
        if len(self._counts) >= REMEMBERED:
            self._forget()
        count = self._counts.setdefault(_key(login, place), _Count(0, now))
        if now - count.at > FORGOTTEN:
            count.failures = 0
        count.failures += 1
        count.at = now

    def succeeded(self, login: str, place: str) -> None:
        """Start anew."""
        self._counts.pop(_key(login, place), None)

    def _forget(self) -> None:
        oldest = sorted(self._counts, key=lambda key: self._counts[key].at)
        for key in oldest[: REMEMBERED // 2]:
            del self._counts[key]


def _key(login: str, place: str) -> str:
    return hashlib.sha256(f"{login.strip().lower()}\0{place}".encode()).hexdigest()
