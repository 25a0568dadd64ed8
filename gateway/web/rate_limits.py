"""Rate limits: token buckets per conversation and per address. Whoever is too fast is told how long to wait."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.web.callers import address_of, is_this_machine, network_of
from gateway.web.error_replies import Refused
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


class Addresses:
    """How much may come from one place. This machine itself is not limited, where it is `trusted`."""

    def __init__(self, requests: TokenBuckets, chats: TokenBuckets, *, trusted: bool) -> None:
        self._requests = requests
        self._chats = chats
        self._trusted = trusted

    def request(self, request: Request) -> float:
        """Count a request; seconds to wait if there were too many, else 0."""
        return self._take(self._requests, request)

    def chat(self, request: Request) -> float:
        """Count a new chat, in the same way."""
        return self._take(self._chats, request)

    def place(self, request: Request) -> str | None:
        """What a request is counted against; None for this machine, which is not limited."""
        return None if self._trusted and is_this_machine(request) else network_of(address_of(request))

    def _take(self, buckets: TokenBuckets, request: Request) -> float:
        place = self.place(request)
        return 0.0 if place is None else buckets.take(place)


class RateLimits:
    """The limits of what everybody may use, with the words for whoever is too quick."""

    def __init__(self, conversations: TokenBuckets, addresses: Addresses, knowledge: Knowledge) -> None:
        self._conversations = conversations
        self._addresses = addresses
        self._knowledge = knowledge

    def conversation(self, conversation_id: str) -> None:
        """Count a message in this conversation; Refused if there were too many."""
        self._check(self._conversations.take(conversation_id))

    def place(self, request: Request) -> str | None:
        """What a request is counted against; None for what is not limited."""
        return self._addresses.place(request)

    def new_chat(self, request: Request) -> None:
        """Count a chat that somebody begins; Refused if there were too many from there."""
        self._check(self._addresses.chat(request))

    def request(self, request: Request) -> None:
        """Count a request; Refused if there were too many from where it came."""
        self._check(self._addresses.request(request))

    def _check(self, wait: float) -> None:
        if wait:
            seconds = math.ceil(wait)
            message = self._knowledge.wording("too_many_messages", seconds=seconds)
            raise Refused(429, "too_many_messages", message, {"Retry-After": str(seconds)})


# Files cost next to nothing, `/health` neither; what the staff may see is counted where nobody is signed in.
NOT_COUNTED = ("/static/", "/widget/", "/widget.js", "/pictures/", "/health", "/desk", "/studio", "/staff")


class CountedRequests:
    """Middleware: counts each request that everybody may send, whatever it asks for."""

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(NOT_COUNTED):
            try:
                self._limits.request(Request(scope))
            except Refused as refused:
                await refused.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)
