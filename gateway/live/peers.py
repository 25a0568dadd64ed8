"""The other gateways of the same clinic, over Redis (`IMS_REDIS`): who answers a chat, what is new, who hurries.

The database alone decides what was said and in which order; Redis only makes it quick and spares double work. So losing
Redis loses nothing: each gateway then looks into the database every second, counts floods for itself, and finds Redis
again by itself. Nothing that was typed goes through it, and nothing in it is kept on disk by us.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol

from gateway.errors import WRONG_SHAPE, describe
from gateway.live.signals import LocalSignals
from gateway.web.rate_limits import TokenBuckets

CHANNEL = "ims:peers"
LEASE = 10.0  # seconds that a gateway may take for one answer before another one may try
AGAIN = 1.0  # seconds between two attempts to reach Redis
PATIENCE = 2.0  # seconds that Redis may take
log = logging.getLogger(__name__)


class Peers(Protocol):
    """What a gateway shares with the others."""

    def tell(self, what: str, key: str) -> None:
        """Tell the others; a message that is lost does no harm."""
        ...

    def hear(self, what: str, handler: Callable[[str], object]) -> None:
        """Call this when another gateway tells of `what`."""
        ...

    def missed(self, handler: Callable[[], None]) -> None:
        """Call this again and again while the others can't be heard, and once when they can again."""
        ...

    def answering(self, conversation_id: str) -> AbstractAsyncContextManager[None]:
        """Held while one message is answered, by one gateway at a time."""
        ...


class Alone:
    """One gateway: nobody to share with."""

    def tell(self, what: str, key: str) -> None:
        """Nobody hears it."""

    def hear(self, what: str, handler: Callable[[str], object]) -> None:
        """Nobody tells anything."""

    def missed(self, handler: Callable[[], None]) -> None:
        """Nothing is ever missed."""

    @asynccontextmanager
    async def answering(self, conversation_id: str) -> AsyncIterator[None]:
        """`Conversations` has one worker a chat, which is enough."""
        yield


class RedisPeers:
    """Several gateways on one Redis."""

    def __init__(self, url: str) -> None:
        from redis.asyncio import Redis

        self.name = secrets.token_hex(8)
        self._redis: Any = Redis.from_url(
            url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            health_check_interval=5,
            decode_responses=True,
        )
        self._handlers: dict[str, Callable[[str], object]] = {}
        self._missed: list[Callable[[], None]] = []
        self._outbox: asyncio.Queue[str] = asyncio.Queue(10_000)
        self._tasks: list[asyncio.Task[None]] = []
        self._heard = True  # until it turns out otherwise

    def tell(self, what: str, key: str) -> None:
        """Tell the others, soon."""
        with suppress(asyncio.QueueFull):
            self._outbox.put_nowait(json.dumps([self.name, what, key]))

    def hear(self, what: str, handler: Callable[[str], object]) -> None:
        """One handler for each kind of news."""
        self._handlers[what] = handler

    def missed(self, handler: Callable[[], None]) -> None:
        """Called about once a second while Redis is away."""
        self._missed.append(handler)

    @asynccontextmanager
    async def answering(self, conversation_id: str) -> AsyncIterator[None]:
        """Without Redis it is held by whoever asks: the store settles each message once all the same."""
        lock = self._redis.lock(
            f"ims:answering:{conversation_id}", timeout=LEASE, sleep=0.05, blocking_timeout=2 * LEASE
        )
        held = False
        try:
            held = await lock.acquire()
        except self._away():
            self._lost()
        try:
            yield
        finally:
            if held:
                with suppress(*self._away()):
                    await lock.release()

    async def start(self) -> None:
        """Begin to hear and to tell."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._publish())]

    async def close(self) -> None:
        """Leave the others."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(*self._away()):
            await self._redis.aclose()

    async def ready(self) -> str:
        """`ok`, or that this gateway works without the others."""
        try:
            await self._redis.ping()
        except self._away():
            return "does not answer; this gateway works alone"
        return "ok"

    async def _publish(self) -> None:
        while True:
            message = await self._outbox.get()
            try:
                await self._redis.publish(CHANNEL, message)
            except self._away():
                self._lost()
                await asyncio.sleep(AGAIN)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as news:
                    await news.subscribe(CHANNEL)
                    if not self._heard:
                        self._heard = True
                        log.info("Redis answers again")
                    self._look()
                    while True:
                        if message := await news.get_message(ignore_subscribe_messages=True, timeout=PATIENCE / 2):
                            self._take(message["data"])
            except UnicodeDecodeError:  # somebody else writes into the channel
                log.warning("another program told something that can't be read")
            except self._away():
                self._lost()
            self._look()
            await asyncio.sleep(AGAIN)

    def _take(self, message: str) -> None:
        try:
            name, what, key = json.loads(message)
            handler = self._handlers[what]
        except WRONG_SHAPE as error:
            log.warning("another gateway told something that can't be read (%s)", describe(error))
            return
        if name != self.name:
            handler(str(key))

    def _look(self) -> None:
        for handler in self._missed:
            handler()

    def _lost(self) -> None:
        if self._heard:
            self._heard = False
            log.error("Redis does not answer; this gateway works alone until it does")

    @staticmethod
    def _away() -> tuple[type[Exception], ...]:
        from redis.exceptions import RedisError

        return (RedisError, OSError)


class SharedSignals(LocalSignals):
    """Signals that reach the listeners at all gateways."""

    def __init__(self, peers: Peers) -> None:
        super().__init__()
        self._peers = peers
        peers.hear("news", super().send)
        peers.missed(self.wake_all)

    def send(self, conversation_id: str) -> None:
        """Wake everybody who listens to this conversation, here and elsewhere."""
        super().send(conversation_id)
        self._peers.tell("news", conversation_id)


class SharedBuckets(TokenBuckets):
    """Token buckets that also count what the other gateways let through. `name` tells these buckets from others."""

    def __init__(self, name: str, peers: Peers, burst: float, rate: float) -> None:
        super().__init__(burst, rate)
        self._name = name
        self._peers = peers
        peers.hear(name, super().take)

    def take(self, key: str) -> float:
        """Take one here, and tell the others."""
        wait = super().take(key)
        if not wait:
            self._peers.tell(self._name, key)
        return wait
