"""Rate limits: token buckets, one a conversation and one an address. Whoever is too quick is told for how long."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.problems import Refused
from knowledge import Knowledge


@dataclass
class _Bucket:
    level: float
    at: float


class TokenBuckets:
    """For each key `burst` at once, then `rate` a second."""

    def __init__(
        self, burst: float, rate: float, clock: Callable[[], float] = time.monotonic, remembered: int = 10_000
    ) -> None:
        self._burst = burst
        self._rate = rate
        self._clock = clock
        self._remembered = remembered
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: str) -> float:
        """Take one; returns 0, or the seconds after which there will be one again."""
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._remembered:
                self._forget(now)
            bucket = self._buckets[key] = _Bucket(self._burst, now)
        bucket.level = min(self._burst, bucket.level + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.level >= 1:
            bucket.level -= 1
            return 0.0
        return (1 - bucket.level) / self._rate

    def _forget(self, now: float) -> None:
        """Full buckets are like new ones; if none is full, the oldest half goes."""
        full = [key for key, b in self._buckets.items() if b.level + (now - b.at) * self._rate >= self._burst]
        for key in full or sorted(self._buckets, key=lambda key: self._buckets[key].at)[: self._remembered // 2]:
            del self._buckets[key]


class RateLimits:
    """The limits of the public API."""

    def __init__(self, conversations: TokenBuckets, addresses: TokenBuckets, knowledge: Knowledge) -> None:
        self._conversations = conversations
        self._addresses = addresses
        self._knowledge = knowledge

    def conversation(self, conversation_id: str) -> None:
        """Count a message in this conversation; Refused if there were too many."""
        self._check(self._conversations.take(conversation_id))

    def address(self, host: str | None) -> None:
        """Count a request from this address; Refused if there were too many. This machine itself is not limited."""
        if host and not is_loopback(host):
            self._check(self._addresses.take(host))

    def _check(self, wait: float) -> None:
        if wait:
            seconds = math.ceil(wait)
            message = self._knowledge.wording("too_many_messages", seconds=seconds)
            raise Refused(429, "too_many_messages", message, {"Retry-After": str(seconds)})


def is_loopback(host: str) -> bool:
    """Whether an address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
