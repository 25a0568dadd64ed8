"""`/studio/numbers`: how each answer does, also in chats that are gone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.storage import answer_sums
from gateway.storage.answer_sums import AnswerCounts, week_of
from gateway.storage.tables import answer_sums as table
from tests.gateway.conftest import NOW, Chat, Start
from tests.support.fake_engine import FakeEngine
from tests.support.studio_site import Studio, page, studio_at_work

HERE = "/studio/numbers"


@pytest.fixture
async def studio(start: Start, tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio_at_work(start, tmp_path) as running:
        yield running


async def a_chat(studio: Studio, engine: FakeEngine, verdict: str = "", person: bool = False) -> Chat:
    """Somebody asks about soreness, says how the answer was, and may then want a person."""
    engine.topics = ["soreness"]
    chat = await studio.gateway.chat()
    await chat.ask("something about a topic")
    seq = (await chat.history())[-1]["seq"]
    if verdict:
        address, given = f"/api/conversations/{chat.id}/feedback", {"seq": seq, "verdict": verdict}
        assert (await chat.client.post(address, json=given, headers=chat.headers)).status_code == 200
    if person:
        assert (await chat.client.post(f"/api/conversations/{chat.id}/handoff", headers=chat.headers)).is_success
    return chat


async def numbers(studio: Studio) -> dict[str, AnswerCounts]:
    found = await studio.work.database.read(lambda connection: answer_sums.since(connection, NOW - timedelta(weeks=1)))
    assert {week for week, _ in found} <= {week_of(NOW)}
    return {name: counts for (_, name), counts in found.items()}


async def test_the_numbers_of_an_answer_stay_when_its_chats_go(studio: Studio, engine: FakeEngine) -> None:
    first = await a_chat(studio, engine, "helpful")
    await a_chat(studio, engine, "not_helpful", person=True)
    await a_chat(studio, engine)
    wanted = {"soreness": AnswerCounts(given=3, helpful=1, not_helpful=1, handed_over=1)}
    assert await numbers(studio) == wanted

    await studio.gateway.store.forget(first.id)
    assert await numbers(studio) == wanted
    await studio.gateway.store.purge(NOW + timedelta(days=1))

    assert await numbers(studio) == wanted
    rows = await studio.work.database.read(lambda connection: connection.execute(select(table)).all())
    assert [tuple(row) for row in rows] == [(week_of(NOW), "soreness", 3, 1, 1, 1)], "one sum, and nothing of a chat"


async def test_trainers_see_which_answers_were_not_enough(studio: Studio, engine: FakeEngine) -> None:
    kim = await studio.person("kim")
    assert "No answer was given" in await page(kim, HERE)
    await a_chat(studio, engine, "not_helpful")
    shown = await page(kim, HERE)
    assert f'href="{HERE}?topic=soreness"' in shown
    assert re.search(r'data-label="Given">1</td><td data-label="Helpful">0</td><td data-label="Not helpful">1<', shown)
    assert "(the topic in general)" in await page(kim, f"{HERE}?topic=soreness")
    assert f'scope="row">{week_of(NOW)}' in shown
    await page(kim, f"{HERE}?topic=nothing", 404)
    await page(await studio.person("dee", "desk"), HERE, 403)
