"""The clock jumps: nobody is locked out, nobody waits in silence, nothing is kept or erased wrongly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.chat.retention import Retention
from gateway.chat.trusted_time import TrustedTime
from gateway.live.signals import LocalSignals
from gateway.settings import Settings
from gateway.staff.accounts import AccountError, Accounts
from gateway.storage.database import Database
from gateway.storage.records import Draft
from gateway.storage.store import Store
from knowledge import Knowledge
from tests.gateway.conftest import Chat
from tests.support.desk_chat import OPEN, Clinic, Clock, clinic_at_work, texts
from tests.support.fake_engine import FakeEngine
from tests.support.staff import PASSWORD, ready


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def clinic(settings: Settings, knowledge: Knowledge, engine: FakeEngine, clock: Clock) -> AsyncIterator[Clinic]:
    async with clinic_at_work(settings, knowledge, engine, clock) as clinic:
        yield clinic


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'clock.sqlite3'}")
    await database.upgrade()
    yield database
    await database.close()


JUMPS = [timedelta(days=400), timedelta(hours=2), -timedelta(hours=2), -timedelta(days=400)]


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_chat_goes_on_in_order_over_a_jump(clinic: Clinic, clock: Clock, jump: timedelta) -> None:
    chat = await clinic.chat()
    await chat.ask("will I be sore?")
    clock.now += jump
    assert (await chat.ask("hello"))[0]["kind"] == "chat"
    events = await chat.history()
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5]
    assert [event["in_reply_to"] for event in events] == [None, None, 2, None, 4]


async def test_what_was_written_while_the_clock_was_ahead_is_not_kept_for_longer(
    database: Database, clock: Clock
) -> None:
    store = Store(database, clock)
    retention = Retention(store, database, LocalSignals(), clock)
    clock.now += timedelta(days=3650)
    await store.open(Draft("assistant", "chat", {"text": "hi"}))
    clock.now = OPEN
    assert await retention.purge(30) == 0
    clock.pass_(days=31)
    assert await retention.purge(30) == 1


async def test_chats_are_not_erased_because_the_clock_was_set_forward_by_mistake(
    database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(database, clock)
    conversation, _, _ = await store.open(Draft("assistant", "chat", {"text": "hi"}))
    right = False
    time = TrustedTime(None, clock, lambda: right)
    retention = Retention(store, database, LocalSignals(), clock, pause=0.05, time=time)
    with caplog.at_level(logging.ERROR, "gateway.chat.trusted_time"):
        retention.start(30)
        await asyncio.sleep(0.02)  # it has looked, and looks again later
        clock.pass_(days=60)
        while caplog.text.count("nothing is erased") < 3:  # however long the clock stays there
            await asyncio.sleep(0.005)
        assert await store.exists(conversation.id)
        right = True  # a time server says so
        while await store.exists(conversation.id):
            await asyncio.sleep(0.02)
    await retention.close()


@pytest.mark.parametrize("wrong", [timedelta(days=3), timedelta(days=400), timedelta(days=40_000)])
async def test_a_start_with_the_clock_ahead_erases_nothing_however_often_it_is_tried(
    database: Database, clock: Clock, tmp_path: Path, wrong: timedelta
) -> None:
    store = Store(database, clock)
    await store.open(Draft("assistant", "chat", {"text": "hi"}))
    clock.now += wrong
    for _ in range(3):  # each a start of its own, with a chat under the wrong clock
        time = TrustedTime(tmp_path / "time", clock, lambda: False)
        assert not time.believed(await store.newest())
        await store.open(Draft("assistant", "chat", {"text": "hi"}))
        clock.pass_(days=1)
        assert not time.believed(await store.newest()), "nor a day later"
    TrustedTime(tmp_path / "time", clock).confirm()
    assert TrustedTime(tmp_path / "time", clock, lambda: False).believed(await store.newest()), "a person said so"


async def test_a_start_on_the_next_day_erases_what_is_due(database: Database, clock: Clock, tmp_path: Path) -> None:
    store = Store(database, clock)
    assert TrustedTime(tmp_path / "time", clock, lambda: False).believed(await store.newest())
    clock.pass_(hours=40)
    assert TrustedTime(tmp_path / "time", clock, lambda: False).believed(await store.newest())
    (tmp_path / "time").write_text("nonsense")
    assert TrustedTime(tmp_path / "time", clock, lambda: False).believed(await store.newest())


async def test_a_session_from_the_future_has_ended_and_its_owner_signs_in_again(
    database: Database, clock: Clock
) -> None:
    accounts = Accounts(database, clock)
    await ready(accounts)
    clock.now += timedelta(days=400)
    person = await accounts.prove("ana", PASSWORD, "")
    assert person
    token = await accounts.open_session(person, "a browser")
    assert await accounts.of_session(token)
    clock.now = OPEN
    assert await accounts.of_session(token) is None
    assert await accounts.sessions(person) == []
    again = await accounts.prove("ana", PASSWORD, "")
    assert again and await accounts.of_session(await accounts.open_session(again, "a browser"))


async def test_a_link_from_the_future_sets_no_password(database: Database, clock: Clock) -> None:
    accounts = Accounts(database, clock)
    await accounts.add("ana", "Ana", ["desk"])
    clock.now += timedelta(days=400)
    code, _ = await accounts.link("ana")
    clock.now = OPEN
    with pytest.raises(AccountError, match="too old"):
        await accounts.set_password(code, PASSWORD)


@pytest.mark.parametrize("jump", JUMPS)
async def test_who_works_here_can_sign_in_after_a_jump(database: Database, clock: Clock, jump: timedelta) -> None:
    accounts = Accounts(database, clock)
    await ready(accounts)
    clock.now += jump
    assert await accounts.prove("ana", PASSWORD, "")


async def test_who_waits_is_looked_after_when_the_clock_was_set_back(clinic: Clinic, clock: Clock) -> None:
    clock.now += timedelta(days=7)
    chat = await clinic.waiting()
    clock.now = OPEN
    await clinic.alerts.look()  # the wait is counted from here
    clock.pass_(minutes=20)
    before = await chat.history()
    await clinic.alerts.look()
    assert len(await chat.history()) == len(before) + 1
    assert [row.alerts for row in await clinic.desk.queue()] == [3]


async def test_a_jump_forward_is_one_word_to_who_waits(clinic: Clinic, clock: Clock) -> None:
    chat = await clinic.waiting()
    before = await chat.history()
    clock.pass_(days=7)
    for _ in range(3):
        await clinic.alerts.look()
    assert len(texts((await chat.history())[len(before) :])) == 1


async def test_no_wait_is_told_as_less_than_nothing(clinic: Clinic, clock: Clock) -> None:
    chat = await clinic.waiting()
    clock.now -= timedelta(hours=1)
    await clinic.desk.claim(chat.id, 1, "Robin")
    await clinic.desk.reply(chat.id, 1, "Hello", "k")
    assert (await clinic.desk.availability()).usual_wait is None


async def test_hours_are_those_of_the_clock_that_there_is(clinic: Clinic, clock: Clock) -> None:
    assert (await clinic.desk.availability()).here
    clock.pass_(hours=11)  # 10 in the evening
    assert not (await clinic.desk.availability()).here
    clock.now = OPEN
    assert (await clinic.desk.availability()).here


async def test_another_time_zone_moves_the_hours_and_nothing_that_was_said(
    settings: Settings, knowledge: Knowledge, engine: FakeEngine, clock: Clock
) -> None:
    """The clinic moves, or its time zone was wrong: the gateway starts again with another one."""
    from zoneinfo import ZoneInfo

    moved = replace(knowledge, clinic=replace(knowledge.clinic, timezone=ZoneInfo("Asia/Tokyo")))
    async with clinic_at_work(settings, knowledge, engine, clock) as clinic:
        chat: Chat = await clinic.waiting()
        before = await chat.history()
        assert (await clinic.desk.availability()).here
    async with clinic_at_work(settings, moved, engine, clock) as clinic:
        chat.client = clinic.client
        assert (await chat.history())[: len(before)] == before
        there = await clinic.desk.availability()
        assert (there.here, there.now.hour) == (False, 3)
        assert [row.conversation_id for row in await clinic.desk.queue()] == [chat.id]
