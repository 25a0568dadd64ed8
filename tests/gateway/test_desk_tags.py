"""Tags at the desk: put on and taken off with one press, shown in the list, and seen by nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.staff.accounts import Accounts
from gateway.storage.tables import desk_tags
from knowledge import Knowledge
from tests.gateway.conftest import Chat, Gateway
from tests.support.staff import Browser, browser, ready
from tests.support.studio_site import page


@pytest.fixture
async def ana(gateway: Gateway, people: Accounts) -> Browser:
    await ready(people)
    here = browser(gateway)
    await here.login()
    return here


async def waiting(gateway: Gateway) -> Chat:
    chat = await gateway.chat()
    await chat.ask("will I be sore?")
    await gateway.client.post(f"/api/conversations/{chat.id}/handoff", headers=chat.headers, json={})
    return chat


async def turn(person: Browser, chat: Chat, tag: str) -> None:
    here = f"/desk/chats/{chat.id}"
    assert (await person.post(f"{here}/tag", here, tag=tag)).status_code == 303


async def test_a_tag_is_put_on_and_taken_off_again(gateway: Gateway, ana: Browser, knowledge: Knowledge) -> None:
    chat, other = await waiting(gateway), await waiting(gateway)
    tag, words = next(iter(knowledge.desk.tags.items()))
    row = f'<span class="tag own-tag">{words}</span>'
    assert row not in await page(ana, "/desk")
    await turn(ana, chat, tag)
    listed = await page(ana, "/desk")
    assert listed.count(row) == 1 and f"tag={tag}" in listed
    assert f'aria-pressed="true">{words}' in await page(ana, f"/desk/chats/{chat.id}")
    only = await page(ana, f"/desk?tag={tag}")
    assert chat.id in only and other.id not in only
    assert other.id in await page(ana, "/desk?tag=unknown")
    await turn(ana, chat, tag)
    assert row not in await page(ana, "/desk")


async def test_a_tag_that_the_clinic_does_not_have_is_not_kept(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await turn(ana, chat, "<b>")
    kept = await gateway.store._database.read(lambda connection: connection.execute(select(desk_tags)).all())
    assert kept == []


async def test_tags_stay_with_a_closed_chat_and_go_with_it(
    gateway: Gateway, ana: Browser, knowledge: Knowledge
) -> None:
    chat = await waiting(gateway)
    tag, words = next(iter(knowledge.desk.tags.items()))
    await turn(ana, chat, tag)
    here = f"/desk/chats/{chat.id}"
    assert (await ana.post(f"{here}/close", here, why="answered")).status_code == 303
    assert words in await page(ana, f"/desk?show=closed&tag={tag}")
    await gateway.store.forget(chat.id)
    kept = await gateway.store._database.read(lambda connection: connection.execute(select(desk_tags)).all())
    assert kept == []
    assert (await ana.post(f"{here}/tag", "/desk", tag=tag)).status_code == 404
