"""What gateways share over Redis: news, floods, and who answers a chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.live.peers import RedisPeers, SharedBuckets, SharedSignals
from tests.support.services import Redis
from tests.support.system import needs

pytestmark = needs("redis")


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not what():
            await asyncio.sleep(0.01)


@pytest.fixture
async def two(redis: Redis) -> AsyncIterator[tuple[RedisPeers, RedisPeers]]:
    peers = RedisPeers(redis.url), RedisPeers(redis.url)
    met: set[str] = set()
    for one in peers:
        one.hear("hello", met.add)
        await one.start()
    while met != {"0", "1"}:  # both hear each other
        for number, one in enumerate(peers):
            one.tell("hello", str(number))
        await asyncio.sleep(0.01)
    yield peers
    for one in peers:
        await one.close()


async def test_one_gateway_at_a_time_answers_a_chat(two: tuple[RedisPeers, RedisPeers]) -> None:
    inside: list[int] = []

    async def answer(number: int) -> None:
        async with two[number % 2].answering("chat"):
            inside.append(number)
            assert len(inside) == 1
            await asyncio.sleep(0.02)
            inside.remove(number)

    await asyncio.gather(*(answer(number) for number in range(6)))


async def test_another_chat_does_not_wait(two: tuple[RedisPeers, RedisPeers]) -> None:
    async with two[0].answering("one-chat"), asyncio.timeout(5), two[1].answering("another-chat"):
        pass


async def test_what_one_gateway_lets_through_counts_at_the_others(two: tuple[RedisPeers, RedisPeers]) -> None:
    first, second = (SharedBuckets("test", peers, burst=4, rate=1e-6) for peers in two)
    assert [first.take("203.0.113.9") for _ in range(4)] == [0, 0, 0, 0]
    await until(lambda: "203.0.113.9" in second._buckets)
    await until(lambda: second._buckets["203.0.113.9"].level < 1)
    assert second.take("203.0.113.9") > 0
    assert second.take("203.0.113.10") == 0


async def test_listeners_at_other_gateways_are_woken(two: tuple[RedisPeers, RedisPeers]) -> None:
    here, there = SharedSignals(two[0]), SharedSignals(two[1])
    with there.listen("chat") as news, there.listen("another") as other:
        news.clear()
        other.clear()
        here.send("chat")
        await until(news.is_set)
        assert not other.is_set()


async def test_what_nobody_here_understands_is_not_taken(two: tuple[RedisPeers, RedisPeers]) -> None:
    heard: list[str] = []
    two[1].hear("known", heard.append)
    two[0].tell("unknown", "x")
    await two[0]._redis.publish("ims:peers", "not json")
    two[0].tell("known", "y")
    await until(lambda: heard == ["y"])


async def test_without_redis_listeners_are_woken_to_look_and_answering_goes_on(redis: Redis) -> None:
    peers = RedisPeers(redis.url)
    signals = SharedSignals(peers)
    await peers.start()
    await asyncio.to_thread(redis.stop)
    try:
        with signals.listen("chat") as news:
            for _ in range(2):
                news.clear()
                await until(news.is_set)
        async with peers.answering("chat"):
            pass
        assert "alone" in await peers.ready()
    finally:
        await asyncio.to_thread(redis.start)
    async with asyncio.timeout(20):
        while await peers.ready() != "ok":
            await asyncio.sleep(0.05)
    await peers.close()
