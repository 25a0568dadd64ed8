"""`/studio/try`: one message tried out, now and with what is saved, with the reasons, and nothing of it kept."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.storage.tables import conversations
from gateway.studio.meaning import Meaning
from tests.gateway.conftest import Start
from tests.support.fake_engine import FakeEngine
from tests.support.staff import BASE, Browser
from tests.support.studio_site import HTML, Studio, encode, page, studio_at_work

HERE = "/studio/try"


@pytest.fixture
async def studio(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    monkeypatch.setattr(Meaning, "_by_engine", lambda _, texts: encode(texts))
    async with studio_at_work(start, tmp_path) as running:
        for name in ("wording.yml", "interface/en.yml"):  # a reply says more than an answer
            shutil.copy(Path("data") / name, running.data.folder / name)
        yield running


async def tried(person: Browser, message: str, before: str = "", status: int = 200) -> str:
    data = {"csrf": await person.token(HERE), "message": message, "before": before}
    reply = await person.client.post(HERE, data=data, headers={"origin": BASE, **HTML})
    assert reply.status_code == status, reply.text
    return reply.text


async def test_both_replies_and_the_reasons_are_shown(studio: Studio, engine: FakeEngine) -> None:
    engine.topics = ["soreness"]
    kim = await studio.person("kim")

    shown = await tried(kim, "something about a topic")

    now, saved = shown[shown.index('id="now"') : shown.index('id="saved"')], shown[shown.index('id="saved"') :]
    assert "You may ache for a day or two. Call 250-555-0100" in saved
    assert "You may ache for a day or two. Call 250-555-0100" not in now
    assert "The safety check found no danger" in shown
    assert "does it ache on day" in shown[shown.index("most similar") :]


async def test_a_saved_wording_is_shown_before_it_is_published(studio: Studio, engine: FakeEngine) -> None:
    engine.topics = ["soreness"]
    studio.work.topics("Kim").edit("soreness", lambda file: file.set_short("It aches like after a long run."), "edited")
    kim = await studio.person("kim")
    shown = await tried(kim, "something about a topic")
    assert "It aches like after a long run." in shown[shown.index('id="saved"') :]


async def test_danger_is_told_and_rings_nowhere(studio: Studio, engine: FakeEngine) -> None:
    kim = await studio.person("kim")
    heard = len(engine.heard)
    shown = await tried(kim, "i cannot breathe")
    assert "The safety check sounds the alarm:</strong> emergency, sign E01" in shown
    assert "Call 911 now." in shown
    assert len(engine.heard) == heard
    rows = await studio.work.database.read(lambda connection: connection.execute(select(conversations.c.id)).all())
    assert rows == []


async def test_a_dead_engine_an_empty_message_and_markup_are_told(studio: Studio, engine: FakeEngine) -> None:
    kim = await studio.person("kim")
    assert "<b>bold" not in await tried(kim, "<b>bold</b> words")
    await tried(kim, "   ", status=400)
    engine.mode = "dead"
    assert "is not answering right now" in await tried(kim, "will i be sore")


async def test_only_people_of_the_studio_may_try(studio: Studio) -> None:
    await page(await studio.person("dee", "desk"), HERE, 403)
