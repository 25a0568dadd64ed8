"""`/studio/withdrawn`: an answer is taken back and given again in the browser, and reports of patients are closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.answers.withdrawals import Withdrawals
from knowledge import Knowledge
from tests.gateway.conftest import NOW, Start
from tests.support.studio_site import Studio, page, studio_at_work

HERE = "/studio/withdrawn"


@pytest.fixture
async def studio(start: Start, tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio_at_work(start, tmp_path) as running:
        yield running


async def test_an_answer_is_withdrawn_at_once_and_a_reviewer_gives_it_again(studio: Studio) -> None:
    kim = await studio.person("kim")
    chat = await studio.gateway.chat()
    (before,) = await chat.ask("will I be sore?")

    reply = await kim.post(HERE, HERE, answer="soreness", reason="the numbers are doubted")

    assert reply.status_code == 303
    (after,) = await chat.ask("will I be sore?")
    assert after["withheld"] and not before.get("withheld")
    shown = await page(kim, HERE)
    assert "Withdrawn now (1)" in shown and "the numbers are doubted" in shown
    assert "Give it again" not in shown
    assert (await kim.post(f"{HERE}/restore", HERE, answer="soreness")).status_code == 403
    ben = await studio.person("ben", "clinical_reviewer")
    assert (await ben.post(f"{HERE}/restore", HERE, answer="soreness")).status_code == 303
    (again,) = await chat.ask("will I be sore?")
    assert not again.get("withheld")
    assert (await ben.post(f"{HERE}/restore", HERE, answer="soreness")).status_code == 409


async def test_without_a_reason_or_an_answer_nothing_is_withdrawn(studio: Studio) -> None:
    kim = await studio.person("kim")
    for fields in ({"answer": "soreness", "reason": "  "}, {"answer": "nothing", "reason": "wrong"}):
        reply = await kim.post(HERE, HERE, **fields)
        assert reply.status_code == 400 and "Nothing was changed" in reply.text
    assert "No answer is withdrawn" in await page(kim, HERE)
    await page(await studio.person("dee", "desk"), HERE, 403)


async def test_what_patients_report_is_listed_with_its_answer_until_it_is_closed(studio: Studio) -> None:
    chat = await studio.gateway.chat()
    await chat.ask("will I be sore?")
    answer = (await chat.history())[-1]["seq"]
    rated = await studio.gateway.client.post(
        f"/api/conversations/{chat.id}/feedback",
        json={"seq": answer, "verdict": "looks_wrong", "note": "it is Quentin"},
        headers=chat.headers,
    )
    assert rated.status_code == 200, rated.text
    kim = await studio.person("kim")
    shown = await page(kim, HERE)
    assert "Patients say these look wrong (1)" in shown
    assert f"{HERE}?answer=soreness#take" in shown and "Quentin" not in shown
    assert (await kim.post(f"{HERE}/close", HERE, ids=["1"])).status_code == 303
    assert "Nothing is reported" in await page(kim, HERE)
    assert (await kim.post(f"{HERE}/close", HERE, ids=["1"])).status_code == 409


async def test_a_specific_answer_is_withdrawn_alone(studio: Studio, knowledge: Knowledge) -> None:
    first, second, *_ = knowledge.topics["soreness"].answers.values()
    kim = await studio.person("kim")
    assert f'value="{first.name}" selected' in await page(kim, f"{HERE}?answer={first.name}")

    await kim.post(HERE, HERE, answer=first.name, reason="wrong")

    withdrawals = Withdrawals(studio.work.database, lambda: NOW)
    await withdrawals.refresh()
    assert withdrawals.withheld(first, NOW.date()) and not withdrawals.withheld(second, NOW.date())
