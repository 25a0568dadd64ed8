"""How much may come from one place, whatever it asks for, and who counts as this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.desk import mentioned
from gateway.settings import Settings
from gateway.staff.accounts import Accounts
from gateway.staff.throttle import ANYWHERE, Throttle
from gateway.storage.records import Draft
from gateway.web.callers import network_of
from knowledge import Knowledge
from safety import Finding
from tests.gateway.conftest import NOW, FakeNet, Gateway, Start
from tests.support.desk_chat import Clock, clinic_at_work
from tests.support.fake_engine import FakeEngine
from tests.support.staff import browser, ready

PATHS = (
    "/answers?q=sore",
    "/answers/soreness",
    "/answers/handout",
    "/",
    "/ready",
    "/sitemap.xml",
    "/openapi.json",
    "/desk",
    "/studio/topics",
)


def outside(gateway: Gateway, address: str = "203.0.113.9") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(gateway.app, raise_app_exceptions=False, client=(address, 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://clinic.example")


@pytest.mark.parametrize("path", PATHS)
async def test_no_page_is_given_without_end_to_one_address(start: Start, path: str) -> None:
    async with start(address_burst=3, address_rate=0.01) as gateway:
        codes = [(await outside(gateway).get(path)).status_code for _ in range(5)]
        assert 429 not in codes[:3]
        assert codes[3:] == [429, 429]
        assert (await outside(gateway, "203.0.113.10").get(path)).status_code != 429


async def test_the_staff_are_served_however_much_comes_from_their_address(start: Start) -> None:
    async with start(address_burst=20, address_rate=0.01) as gateway:
        await ready(Accounts(gateway.store._database, lambda: NOW))
        ana = browser(gateway, "203.0.113.9")
        assert (await ana.login()).status_code == 303
        while (await outside(gateway).get("/answers")).status_code != 429:
            pass
        assert (await ana.client.get("/desk")).status_code == 200


async def test_all_addresses_of_one_ipv6_network_are_counted_together(start: Start) -> None:
    async with start(address_burst=3, address_rate=0.01) as gateway:
        codes = [(await outside(gateway, f"2001:db8:0:7::{n:x}").get("/answers")).status_code for n in range(1, 6)]
        assert codes == [200] * 3 + [429] * 2
        assert (await outside(gateway, "2001:db8:0:8::1").get("/answers")).status_code == 200


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_the_place_that_an_address_belongs_to(address: str, place: str) -> None:
    assert network_of(address) == place


async def test_new_chats_of_one_address_are_counted_by_themselves(start: Start) -> None:
    async with start(chats_burst=2, chats_rate=0.01) as gateway:
        client = outside(gateway)
        replies = [await client.post("/api/conversations") for _ in range(3)]
        assert [reply.status_code for reply in replies] == [201, 201, 429]
        headers = {"Authorization": f"Bearer {replies[0].json()['token']}"}
        assert (await client.get(f"/api/conversations/{replies[0].json()['id']}/history", headers=headers)).is_success


async def test_many_searches_at_once_meet_the_net_one_by_one(
    start: Start, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    most, now = 0, 0
    check = FakeNet.check

    def watched(self: FakeNet, text: str, previous: Any = None, before: Sequence[str] = ()) -> Finding | None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        heard.append(text)
        threading.Event().wait(0.01)
        now -= 1
        return check(self, text, previous, before)

    monkeypatch.setattr(FakeNet, "check", watched)
    replies = await asyncio.gather(*(gateway.client.get("/answers", params={"q": "sore " * 400}) for _ in range(40)))
    assert most == 1
    assert {len(text) for text in heard} == {200}, "of a search that is a whole page the beginning is read"
    assert {reply.status_code for reply in replies} == {200, 429}
    assert "cannot breathe" not in heard
    assert "911" in (await gateway.client.get("/answers", params={"q": "I cannot breathe"})).text


# this machine


async def _rest(gateway: Gateway, **headers: str) -> int:
    sent = {"sender": "a", "message": "hello"}
    reply = await gateway.client.post("/webhooks/rest/webhook", json=sent, headers=headers)
    return reply.status_code


async def test_a_real_clinic_asks_programs_here_for_the_token_too(start: Start, knowledge: Knowledge) -> None:
    real = replace(knowledge, clinic=replace(knowledge.clinic, demo=False))
    async with start(knowledge=real, rest_token="secret") as gateway:
        assert await _rest(gateway) == 401
        assert await _rest(gateway, Authorization="Bearer secret") == 200
    async with start(knowledge=real) as gateway:
        assert await _rest(gateway) == 401
        assert (await gateway.client.get("/metrics")).status_code == 401
    async with start(knowledge=real, trust_local=True) as gateway:
        assert await _rest(gateway) == 200


async def test_where_there_is_a_public_address_nobody_is_this_machine_by_address(start: Start) -> None:
    async with start(public_url="https://chat.clinic.example", address_burst=3, address_rate=0.01) as gateway:
        assert await _rest(gateway) == 401
        codes = [(await gateway.client.get("/answers")).status_code for _ in range(4)]
        assert codes[-1] == 429, "a web server that hides addresses does not take the limits away"


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:8000", "10.0.0.1.nip.io"])
async def test_a_name_of_the_outside_that_leads_here_opens_nothing(gateway: Gateway, host: str) -> None:
    assert await _rest(gateway, Host=host) == 401
    assert (await gateway.client.get("/metrics", headers={"Host": host})).status_code == 401


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
async def test_a_program_here_that_calls_this_machine_by_its_name_is_let_in(gateway: Gateway, host: str) -> None:
    assert await _rest(gateway, Host=host) == 200


# guessing from many addresses


def test_guesses_from_many_addresses_get_slow_together() -> None:
    now = 0.0
    throttle = Throttle(clock=lambda: now)
    served = 0
    for number in range(10_000):
        now += 0.1
        places = (f"address 203.0.113.{number}", ANYWHERE)
        if not throttle.wait("ana", *places):
            served += 1
            throttle.failed("ana", *places)
    assert served < 50, "of ten thousand in a quarter of an hour"
    assert throttle.wait("ana", "device of hers") == 0
    now += 61
    assert throttle.wait("ana", "address 192.0.2.1", ANYWHERE) == 0, "a new browser waits a minute at most"


def test_guesses_at_another_gateway_count_here() -> None:
    here = Throttle(clock=lambda: 0.0)
    there = Throttle(clock=lambda: 0.0, tell=here.heard)
    for _ in range(5):
        there.failed("ana", "address 203.0.113.9")
    assert here.wait("ana", "address 203.0.113.9") > 0


# a long chat at the desk


async def test_the_desk_reads_each_message_of_a_chat_once_and_beside_the_loop(
    settings: Settings, knowledge: Knowledge, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def noted(text: str, screening: object) -> dict[str, str]:
        assert threading.current_thread() is not threading.main_thread()
        read.append(text)
        return {}

    monkeypatch.setattr(mentioned, "mentioned", noted)
    async with clinic_at_work(settings, knowledge, engine, Clock()) as clinic:
        chat = await clinic.waiting()
        for number in range(5):
            await clinic.store.append(chat.id, Draft("patient", "message", {"text": f"diabetes {number}"}))
        for _ in range(3):
            card = await clinic.desk.context(chat.id)
        assert len(read) == len(set(read)) == 6
        await clinic.store.append(chat.id, Draft("patient", "message", {"text": "one more"}))
        assert (await clinic.desk.context(chat.id)).conditions == card.conditions
        assert read[6:] == ["one more"]
