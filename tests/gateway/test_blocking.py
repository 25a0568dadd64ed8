"""Blocking whoever abuses the chat: told kindly once, out of reach of the desk for a while, and never without help."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from gateway.desk.blocking import NoReason
from gateway.desk.service import NotYourChat
from gateway.settings import Settings
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.storage.tables import desk_blocks
from knowledge import Knowledge
from tests.gateway.conftest import NOW, Chat, Gateway
from tests.gateway.test_desk_console import act, at_desk, waiting
from tests.support.desk_chat import Clinic, Clock, clinic_at_work, texts
from tests.support.fake_engine import FakeEngine
from tests.support.staff import Browser
from tests.support.studio_site import page

WHY = "abuse"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def clinic(settings: Settings, knowledge: Knowledge, engine: FakeEngine, clock: Clock) -> AsyncIterator[Clinic]:
    async with clinic_at_work(settings, knowledge, engine, clock) as running:
        yield running


@pytest.fixture
async def ana(gateway: Gateway, people: Accounts) -> Browser:
    return await at_desk(gateway, people)


async def begun_after(clinic: Gateway, chat: Chat, token: str = "") -> Chat:
    """A new chat in the browser that had this one."""
    before = {"id": chat.id, "token": token or chat.token}
    started = (await clinic.client.post("/api/conversations", json={"before": before})).json()
    return Chat(clinic.client, started["id"], started["token"])


async def test_who_is_blocked_is_told_once_and_reaches_nobody_but_the_assistant(
    clinic: Clinic, knowledge: Knowledge
) -> None:
    chat = await clinic.waiting()
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    said = texts(await chat.history())
    assert said.count(knowledge.wording("handoff_blocked")) == 1 and said[-1] == knowledge.wording("handoff_blocked")
    assert await clinic.desk.queue() == []
    (answer,) = await chat.ask("will I be sore?")
    assert answer["topic"] == "soreness"
    (told,) = await chat.ask("I want a person")
    assert told["text"] == knowledge.wording("handoff_still_blocked")
    assert (await clinic.handoff(chat, "POST")).json()["state"] == "assistant"
    assert await clinic.desk.queue() == [], "no request of theirs comes to the desk"


async def test_words_of_danger_are_answered_and_ring_all_the_same(clinic: Clinic) -> None:
    chat = await clinic.chat()
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    (alarm,) = await chat.ask("I cannot breathe")
    assert alarm["kind"] == "emergency"
    (row,) = await clinic.desk.queue()
    assert row.alarm and row.conversation_id == chat.id


async def test_an_alarm_that_is_open_stays_open(clinic: Clinic) -> None:
    chat = await clinic.chat()
    await chat.ask("I cannot breathe")
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    assert [item.reason for item in await clinic.desk.items(chat.id)] == ["emergency"]


async def test_an_answer_that_looks_wrong_still_counts_and_does_not_ring(clinic: Clinic, knowledge: Knowledge) -> None:
    chat = await clinic.chat()
    await chat.ask("will I be sore?")
    answer = (await chat.history())[-1]["seq"]
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    wrong = {"seq": answer, "verdict": "looks_wrong", "note": "an insult"}
    address = f"/api/conversations/{chat.id}/feedback"
    assert (await chat.client.post(address, json=wrong, headers=chat.headers)).status_code == 200
    assert await clinic.desk.queue() == []
    assert texts(await chat.history())[-1] == knowledge.wording("handoff_blocked"), "and no person is offered"


async def test_a_new_chat_of_the_same_browser_is_blocked_as_long_as_the_first(clinic: Clinic, clock: Clock) -> None:
    chat = await clinic.chat()
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    first = await clinic.blocking.of(chat.id)
    clock.pass_(days=1)
    other = await begun_after(clinic, chat)
    block = await clinic.blocking.of(other.id)
    assert block and block == first
    third = await begun_after(clinic, other)
    assert (await clinic.handoff(third, "POST")).json()["state"] == "assistant"


async def test_nobody_else_is_blocked_with_them(clinic: Clinic) -> None:
    chat, free = await clinic.chat(), await clinic.chat()
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    for other in (await begun_after(clinic, chat, token="guessed"), await begun_after(clinic, free), free):
        assert await clinic.blocking.of(other.id) is None
    gone = Chat(clinic.client, "no-such-chat", "x")
    assert (await clinic.handoff(await begun_after(clinic, gone), "POST")).json()["state"] == "waiting"


async def test_it_ends_by_itself_and_goes_with_the_chat(clinic: Clinic, clock: Clock, knowledge: Knowledge) -> None:
    chat = await clinic.chat()
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    clock.pass_(days=knowledge.desk.block_days)
    assert await clinic.blocking.of(chat.id) is None
    assert (await clinic.handoff(chat, "POST")).json()["state"] == "waiting"
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    await clinic.store.forget(chat.id)
    kept = await clinic.store._database.read(lambda connection: connection.execute(select(desk_blocks)).all())
    assert kept == []


async def test_it_is_taken_back_and_the_patient_is_told(clinic: Clinic, knowledge: Knowledge) -> None:
    chat = await clinic.chat()
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    for _ in range(2):
        await clinic.blocking.unblock(chat.id)
    assert texts(await chat.history()).count(knowledge.wording("handoff_unblocked")) == 1
    assert (await clinic.handoff(chat, "POST")).json()["state"] == "waiting"


async def test_a_blocked_chat_can_still_be_taken_by_the_desk(clinic: Clinic) -> None:
    chat = await clinic.chat()
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    await clinic.desk.claim(chat.id, 1, "Ana")
    await clinic.desk.reply(chat.id, 1, "Let us begin again.", "k")
    assert texts(await chat.history())[-1] == "Let us begin again."


async def test_nobody_is_blocked_without_a_reason_or_in_the_chat_of_a_colleague(clinic: Clinic) -> None:
    chat = await clinic.waiting()
    await clinic.desk.claim(chat.id, 2, "Ben")
    with pytest.raises(NotYourChat):
        await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    with pytest.raises(NoReason):
        await clinic.blocking.block(chat.id, 2, "Ben", "because")
    assert await clinic.blocking.of(chat.id) is None


async def test_in_a_french_window_it_is_told_in_french(clinic: Clinic, knowledge: Knowledge) -> None:
    chat = await clinic.chat("fr")
    await clinic.blocking.block(chat.id, 1, "Ana", WHY)
    assert texts(await chat.history())[-1] == knowledge.wording_in("fr", "handoff_blocked")


async def test_the_desk_blocks_sees_why_and_unblocks_and_the_record_has_it(
    gateway: Gateway, ana: Browser, knowledge: Knowledge
) -> None:
    chat = await waiting(gateway)
    words = knowledge.desk.blocking[WHY]
    here = f"/desk/chats/{chat.id}"
    assert words in await page(ana, here)
    assert "problem=why_blocked" in await act(ana, chat, "block", why="because")
    await act(ana, chat, "block", why=WHY)
    shown = await page(ana, here)
    assert "blocked until" in shown and f"by Ana: {words}" in shown and "Unblock" in shown
    assert f"blocked: {words}" in await page(ana, "/desk?show=closed")
    await act(ana, chat, "unblock")
    assert "blocked until" not in await page(ana, here)
    audit = Audit(gateway.store._database, lambda: NOW)
    done = [entry.action for entry in await audit.entries()]
    assert {"chat_blocked", "chat_unblocked"} <= set(done)
