"""Several engines as one: the idle one first, else sticky, and over to the next one when one is dead."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from gateway.engine.client import Asked, EngineReply, EngineUnavailable
from gateway.engine.failover import REST, SeveralEngines


class Stub:
    """An engine that fails for a reason, or answers."""

    def __init__(self) -> None:
        self.reason = ""
        self.heard: list[str] = []
        self.free = asyncio.Event()
        self.free.set()

    async def ask(self, asked: Asked) -> EngineReply:
        self.heard.append(asked.chat)
        await self.free.wait()
        if self.reason:
            raise EngineUnavailable(self.reason)
        return EngineReply("answer")

    async def ready(self) -> str:
        return self.reason or "ok"


class Three:
    """Three engines behind one, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.each = [Stub(), Stub(), Stub()]
        self.all = SeveralEngines(self.each, lambda: self.now)

    async def ask(self, chat: str) -> EngineReply:
        return await self.all.ask(Asked(chat, "hello"))

    def home(self, chat: str) -> Stub:
        (found,) = [engine for engine in self.each if chat in engine.heard]
        return found


@pytest.fixture
def three() -> Three:
    return Three()


async def test_a_chat_stays_with_its_engine(three: Three) -> None:
    for _ in range(5):
        await three.ask("chat-1")
    assert three.home("chat-1").heard == ["chat-1"] * 5


async def test_chats_are_spread(three: Three) -> None:
    for number in range(300):
        await three.ask(f"chat-{number}")
    counts = Counter({place: len(engine.heard) for place, engine in enumerate(three.each)})
    assert min(counts.values()) > 60


async def test_what_an_engine_has_under_way_sends_the_next_message_to_an_idle_one(three: Three) -> None:
    for engine in three.each:
        engine.free.clear()
    asked = [asyncio.create_task(three.ask("chat-1")) for _ in range(3)]
    await asyncio.sleep(0)
    assert [engine.heard for engine in three.each] == [["chat-1"]] * 3
    for engine in three.each:
        engine.free.set()
    await asyncio.gather(*asked)


async def test_one_silent_engine_is_told_while_the_others_work(three: Three) -> None:
    assert await three.all.all_ready() == "ok"
    three.each[2].reason = "refused"
    assert (await three.all.ready(), await three.all.all_ready()) == ("ok", "1 of 3 does not work: refused")


async def test_an_engine_that_is_up_and_fails_at_each_message_is_told_too(three: Three) -> None:
    async def up() -> str:
        return "ok"

    three.each[1].ready = up  # type: ignore[method-assign]
    three.each[1].reason = "status"
    told = "1 of 3 does not work: the engine gave no answer (status)"
    assert (await three.all.ready(), await three.all.all_ready()) == ("ok", told)


async def test_a_dead_engine_is_replaced_within_the_message_and_asked_last_for_a_while(three: Three) -> None:
    await three.ask("chat-1")
    home = three.home("chat-1")
    home.reason = "refused"
    assert (await three.ask("chat-1")).kind == "answer"
    asked = len(home.heard)
    assert (await three.ask("chat-1")).kind == "answer"
    assert len(home.heard) == asked
    home.reason = ""
    three.now += REST
    await three.ask("chat-1")
    assert len(home.heard) == asked + 1


@pytest.mark.parametrize("reason", ["slow", "status", "malformed"])
async def test_what_an_engine_failed_at_is_not_asked_of_another(three: Three, reason: str) -> None:
    await three.ask("chat-1")
    three.home("chat-1").reason = reason
    with pytest.raises(EngineUnavailable, match=reason):
        await three.ask("chat-1")
    assert (await three.ask("chat-1")).kind == "answer"  # the next message goes elsewhere


async def test_with_all_dead_it_says_so_and_tries_again(three: Three) -> None:
    for engine in three.each:
        engine.reason = "refused"
    with pytest.raises(EngineUnavailable):
        await three.ask("chat-1")
    assert await three.all.ready() == "refused"
    three.each[1].reason = ""
    assert (await three.ask("chat-1")).kind == "answer"
    assert await three.all.ready() == "ok"
