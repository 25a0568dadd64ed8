"""`/studio/topics/<id>/organise`: topics are renamed, split, merged and retired in the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.conftest import Start
from tests.support.studio_site import Studio, page, studio_at_work

HERE = "/studio/topics/soreness/organise"


@pytest.fixture
async def studio(start: Start, tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio_at_work(start, tmp_path) as running:
        yield running


async def test_a_topic_is_renamed_wherever_it_is_named(studio: Studio) -> None:
    kim = await studio.person("kim")
    reply = await kim.post(f"{HERE}/rename", HERE, new="Aches and pain")
    assert reply.headers["location"] == "/studio/topics/aches_and_pain"
    topics = studio.work.topics()
    assert "soreness" not in topics.names and "aches_and_pain" in topics.names
    assert topics.history.of("aches_and_pain")[0].author == "Kim"


async def test_some_examples_go_to_a_draft_of_their_own(studio: Studio) -> None:
    kim = await studio.person("kim")
    reply = await kim.post(f"{HERE}/split", HERE, title="Does it ache on day 3?", words="3, 7")
    draft = studio.work.topics().open(reply.headers["location"].rpartition("/")[2])
    assert draft.title == "Does it ache on day 3?"
    assert {example.rpartition(" ")[2].strip("?") for example in draft.examples} == {"3", "7"}
    assert (await kim.post(f"{HERE}/split", HERE, title="Other", words="zebra")).status_code == 409


async def test_a_topic_is_merged_only_where_that_is_meant(studio: Studio) -> None:
    kim = await studio.person("kim")
    examples = set(studio.work.topics().open("soreness").examples)
    assert (await kim.post(f"{HERE}/merge", HERE, into="human")).status_code == 400
    reply = await kim.post(f"{HERE}/merge", HERE, into="human", sure="true")
    assert reply.headers["location"] == "/studio/topics/human"
    topics = studio.work.topics()
    assert topics.names == ["human"] and examples <= set(topics.open("human").examples)


async def test_a_retired_topic_is_brought_back_from_its_history(studio: Studio) -> None:
    kim = await studio.person("kim")
    assert (await kim.post(f"{HERE}/retire", HERE)).status_code == 400
    reply = await kim.post(f"{HERE}/retire", HERE, sure="true")
    history = reply.headers["location"]
    assert "soreness" not in studio.work.topics().names
    assert "Restore this version" in await page(kim, history)
    await page(kim, HERE, 404)


async def test_what_cannot_be_done_is_told_and_nothing_is_changed(studio: Studio) -> None:
    kim = await studio.person("kim")
    before = studio.file()
    for act, fields in (
        ("rename", {"new": "human"}),
        ("rename", {"new": "<b>"}),
        ("merge", {"into": "nothing", "sure": "true"}),
        ("merge", {"into": "soreness", "sure": "true"}),
    ):
        reply = await kim.post(f"{HERE}/{act}", HERE, **fields)
        assert reply.status_code == 409 and "<b>" not in reply.text, act
    assert studio.file() == before
    await page(await studio.person("dee", "desk"), HERE, 403)
