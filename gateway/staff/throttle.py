"""Slows down whoever guesses passwords, without letting them lock the staff out.

Failures are counted by account and place. A place is an address, or, for a browser in which this person has signed in
before, that browser: it has a count of its own, so nothing that others do anywhere makes it wait. All other places
have a count together besides.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

FREE = 5  # failures without a wait
FIRST, LONGEST = 2.0, 900.0  # seconds: doubled with each failure
ANYWHERE = "anywhere"  # all places where the person has not signed in before, together
LIMITS = {ANYWHERE: (20, 60.0)}  # failures without a wait, and the longest: guesses from many addresses are slow too
FORGOTTEN = 3600.0  # seconds after which a count starts again
REMEMBERED = 10_000


@dataclass
class _Count:
    failures: int
    at: float


class Throttle:
    """Counts failures and says how long to wait. `tell` is told of each, so that other gateways can count it too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, tell: Callable[[str], None] | None = None) -> None:
        self._clock = clock
        self._tell = tell
        self._counts: dict[str, _Count] = {}

    def wait(self, login: str, *places: str) -> float:
        """Seconds before this account may be tried again from here; 0: now."""
        return max(self._wait(_key(login, place), *LIMITS.get(place, (FREE, LONGEST))) for place in places)

    def failed(self, login: str, *places: str) -> None:
        """Count a failure."""
        for place in places:
            self.heard(key := _key(login, place))
            if self._tell:
                self._tell(key)

    def heard(self, key: str) -> None:
        """Count a failure that may have happened at another gateway."""
        now = self._clock()
        if len(self._counts) >= REMEMBERED:
            self._forget()
        count = self._counts.setdefault(key, _Count(0, now))
        if now - count.at > FORGOTTEN:
            count.failures = 0
        count.failures += 1
        count.at = now

    def succeeded(self, login: str, *places: str) -> None:
        """Start again."""
        for place in places:
            self._counts.pop(_key(login, place), None)

    def _wait(self, key: str, free: int, longest: float) -> float:
        count = self._counts.get(key)
        if count is None or count.failures < free:
            return 0.0
        pause = min(longest, FIRST * 2.0 ** min(count.failures - free, 20))
        return max(0.0, count.at + pause - self._clock())

    def _forget(self) -> None:
        oldest = sorted(self._counts, key=lambda key: self._counts[key].at)
        for key in oldest[: REMEMBERED // 2]:
            del self._counts[key]


def _key(login: str, place: str) -> str:
    return hashlib.sha256(f"{login.strip().lower()}\0{place}".encode()).hexdigest()
