"""That somebody writes, and has read: told both ways while a person has the chat, and kept nowhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.chat.follow import Place, follow
from gateway.live import stream
from gateway.live.moments import WRITING, Moment, Moments, listened, told
from gateway.live.peers import Alone, Peers
from gateway.live.signals import LocalSignals
from gateway.settings import Settings
from gateway.staff.accounts import Accounts
from tests.gateway.conftest import Chat, Gateway, until
from tests.gateway.test_desk_console import act, at_desk, say, waiting
from tests.support.staff import Browser

Json = dict[str, Any]


@pytest.fixture
async def ana(gateway: Gateway, people: Accounts) -> Browser:
    return await at_desk(gateway, people)


@pytest.fixture
def moments(gateway: Gateway) -> Moments:
    frame: Any = gateway.app.state.exchange._frame
    return frame.moments


async def tell(chat: Chat, **now: Any) -> int:
    reply = await chat.client.post(f"/api/conversations/{chat.id}/moment", json=now, headers=chat.headers)
    return reply.status_code


@asynccontextmanager
async def heard_by(parts: AsyncIterator[str]) -> AsyncIterator[list[Json]]:
    """What a stream tells of the moment."""
    found: list[Json] = []

    async def read() -> None:
        async for part in parts:
            if part.startswith("event: moment\n"):
                found.append(json.loads(part.split("data: ")[1]))

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    yield found
    reading.cancel()


def seen_by_patient(gateway: Gateway, chat: Chat, moments: Moments) -> AsyncIterator[str]:
    return follow(gateway.store, gateway.app.state.signals, chat.id, Place(), 30, "gone", moments=moments)


async def test_the_patient_is_told_that_the_person_writes_and_has_read(
    gateway: Gateway, ana: Browser, moments: Moments
) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "claim")
    asked = (await chat.send("are you there?")).json()["seq"]
    async with heard_by(seen_by_patient(gateway, chat, moments)) as found:
        await ana.client.get(f"/desk/chats/{chat.id}/log", params={"after": 0, "seen": True})
        await until(lambda: found == [{"writing": False, "seen": asked}])
        page = f"/desk/chats/{chat.id}"
        assert (await ana.post(f"{page}/moment", page, writing="true")).status_code == 204
        await until(lambda: found[-1] == {"writing": True, "seen": asked})


async def test_the_desk_is_told_that_the_patient_writes_and_has_read(
    gateway: Gateway, ana: Browser, moments: Moments
) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "claim")
    _, said = await say(ana, chat, "Hello, how can I help?")
    aside = told(moments, chat.id, "patient")
    assert await tell(chat, seen=said["seq"]) == 204
    assert json.loads(str(aside.tell()).split("data: ")[1]) == {"writing": False, "seen": said["seq"]}
    assert await tell(chat, writing=True) == 204
    assert json.loads(str(aside.tell()).split("data: ")[1]) == {"writing": True, "seen": said["seq"]}


async def test_it_counts_only_while_a_person_has_the_chat_and_only_of_that_person(
    gateway: Gateway, ana: Browser, people: Accounts, moments: Moments
) -> None:
    ben = await at_desk(gateway, people, "ben")
    chat = await waiting(gateway)
    assert await tell(chat, writing=True, seen=1) == 204
    assert moments.of(chat.id, "patient") == Moment()
    await act(ana, chat, "claim")
    page = f"/desk/chats/{chat.id}"
    await ben.post(f"{page}/moment", page, writing="true")
    await ben.client.get(f"{page}/log", params={"seen": True})
    assert not moments.of(chat.id, "staff").writing
    assert await tell(chat, seen=10**6) == 204
    assert moments.of(chat.id, "patient").seen == (await chat.history())[-1]["seq"], "no more than there is"


async def test_others_cannot_say_it_and_nothing_else_can_be_said(gateway: Gateway, ana: Browser) -> None:
    chat, other = await waiting(gateway), await gateway.chat()
    other.id = chat.id
    assert await tell(other, writing=True) == 404
    assert await tell(chat, writing="half a sentence that is not sent yet") == 422


async def test_nothing_of_it_is_stored(gateway: Gateway, ana: Browser, moments: Moments, settings: Settings) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "claim")

    def written() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in settings.var.rglob("*") if path.is_file()}

    before, events = written(), await chat.history()
    for _ in range(3):
        await tell(chat, writing=True, seen=len(events))
    assert moments.of(chat.id, "patient").writing
    assert (written(), await chat.history()) == (before, events)


async def test_who_has_sent_it_writes_no_more(gateway: Gateway, ana: Browser, moments: Moments) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "claim")
    await tell(chat, writing=True)
    await tell(chat, seen=1)
    assert moments.of(chat.id, "patient").writing, "to have read something is not to stop"
    await chat.send("are you there?")
    assert not moments.of(chat.id, "patient").writing
    page = f"/desk/chats/{chat.id}"
    await ana.post(f"{page}/moment", page, writing="true")
    assert moments.of(chat.id, "staff").writing
    await say(ana, chat, "Yes.")
    assert not moments.of(chat.id, "staff").writing


def test_who_stops_counts_as_writing_for_some_seconds_only() -> None:
    time = [0.0]
    moments = Moments(LocalSignals(), Alone(), lambda: time[0])
    moments.note("chat", "patient", writing=True)
    assert moments.of("chat", "patient").writing
    time[0] += WRITING
    assert not moments.of("chat", "patient").writing


async def test_it_reaches_who_listens_at_another_gateway() -> None:
    class Other(Alone):
        def tell(self, what: str, key: str) -> None:
            there[what](key)

    class Here(Alone):
        def hear(self, what: str, handler: Any) -> None:
            there[what] = handler

    there: dict[str, Any] = {}
    here: Peers = Here()
    moments = Moments(LocalSignals(), here)
    Moments(LocalSignals(), Other()).note("chat", "staff", writing=True, seen=7)
    assert moments.of("chat", "staff") == Moment(True, 7)


async def test_what_is_told_aside_asks_for_no_news_and_holds_no_heartbeat_back() -> None:
    signals = LocalSignals()
    moments = Moments(signals, Alone())
    asked = 0

    async def news() -> AsyncIterator[str]:
        nonlocal asked
        asked += 1
        return
        yield ""

    said: list[str] = []

    async def read() -> None:
        aside = told(moments, "chat", "staff")
        async for part in stream.stream(signals, ["chat"], news, heartbeat=0.3, aside=aside):
            said.append(part)

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    for _ in range(4):
        moments.note("chat", "staff", writing=True)
        await asyncio.sleep(0.01)
    assert (asked, sum("moment" in part for part in said)) == (1, 4)
    for _ in range(20):
        signals.send(listened("chat"))
        await asyncio.sleep(0.02)
    assert asked > 1, "it is asked for news as often as ever"
    reading.cancel()


def test_the_same_is_told_once_however_often_it_is_asked_for() -> None:
    moments = Moments(LocalSignals(), Alone())
    aside = told(moments, "chat", "staff")
    assert aside.tell() is None
    moments.note("chat", "staff", writing=True)
    assert [bool(aside.tell()) for _ in range(3)] == [True, False, False], "a message that came since is not undone"
    moments.note("chat", "staff", writing=True)
    assert aside.tell()
