"""`/studio/regressions`: messages that must stay understood are listed, asked, added and retired in the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from gateway.editions.models import Manifest, Models
from gateway.studio.topics import cases
from gateway.studio.topics.regressions import read_cases
from gateway.studio.understanding import Understood
from tests.gateway.conftest import Start
from tests.support.publishing_site import Site
from tests.support.studio_site import Studio, page, small_data, studio_at_work

HERE = "/studio/regressions"


def half_right(models: Models, manifest: Manifest, messages: Sequence[str]) -> list[Understood]:
    """A model that takes everything for soreness."""
    return [Understood(("soreness",), (), "faq/soreness") for _ in messages]


@pytest.fixture
async def studio(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    monkeypatch.setattr(cases, "understood_by", half_right)
    async with studio_at_work(start, tmp_path) as running:
        site = Site(tmp_path)
        site.models.train()
        running.work.publishing.models = site.models
        yield running


async def test_a_message_is_added_without_details_and_asked_of_the_live_model(studio: Studio) -> None:
    kim = await studio.person("kim")
    for topic, message in (("soreness", "why is it sore"), ("human", "ring me at 250-555-0199")):
        assert (await kim.post(HERE, HERE, topic=topic, message=message)).status_code == 303
    active, _ = read_cases(studio.data.folder)
    assert [(case.topic, case.by) for case in active] == [("human", "Kim"), ("soreness", "Kim")]
    assert not any("0199" in case.message for case in active)

    assert (await kim.post(f"{HERE}/check", HERE)).status_code == 303

    shown = await page(kim, HERE)
    assert "<strong>1 of 2</strong> are understood" in shown
    assert 'data-label="Is taken for">Will I be sore?' in shown


async def test_a_case_is_retired_with_a_reason_alone(studio: Studio) -> None:
    kim = await studio.person("kim")
    await kim.post(HERE, HERE, topic="soreness", message="why is it sore")
    assert (await kim.post(f"{HERE}/retire", HERE, message="why is it sore", why=" ")).status_code == 409
    assert (await kim.post(f"{HERE}/retire", HERE, message="why is it sore", why="two topics")).status_code == 303
    active, retired = read_cases(studio.data.folder)
    assert not active and retired[0].why.startswith("two topics (Kim")
    assert "Retired (1)" in await page(kim, HERE)


async def test_what_cannot_be_added_is_told(studio: Studio) -> None:
    kim = await studio.person("kim")
    for topic, message in (("nothing", "why"), ("soreness", "  ")):
        reply = await kim.post(HERE, HERE, topic=topic, message=message)
        assert reply.status_code == 409, (topic, message)
    await page(await studio.person("dee", "desk"), HERE, 403)


def test_the_same_words_make_one_case_with_its_day(tmp_path: Path) -> None:
    folder = small_data(tmp_path / "data").folder
    added = cases.Cases(folder, tmp_path / "var", "Kim")
    assert added.add("soreness", ["why is it sore", "Why is it sore?"], date(2026, 11, 27)) == 1
    assert added.add("soreness", ["why is it  sore"], date(2026, 11, 28)) == 0
    assert read_cases(folder)[0][0].since == "2026-11-27"
