"""`/studio/publish`: what is new and what is missing, the job and its cancel, the second person, and the way back."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from gateway.studio.publishing import publishing
from gateway.studio.publishing.publish_job import run
from gateway.studio.publishing.publishing import DONE, Publishing
from knowledge import Knowledge
from safety import Finding, Net
from tests.gateway.conftest import Start
from tests.support.publishing_site import UNTIL, Site, all_right
from tests.support.studio_site import Studio, page, studio_at_work

HERE = "/studio/publish"


@dataclass
class Desk:
    """The studio, with models of its own and jobs that run at once instead of in a process."""

    studio: Studio
    site: Site

    def edit(self) -> None:
        self.studio.work.topics("Kim").edit("soreness", lambda file: file.set_title("Does it ache?"), "edited")

    def sign(self) -> None:
        topics = self.studio.work.topics("Kim")
        topics.edit("soreness", lambda file: file.sign("Dr Ada", date.today(), UNTIL), "signed by Dr Ada")


@pytest.fixture
async def desk(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(publishing, "understood_by", all_right)
    async with studio_at_work(start, tmp_path) as studio:
        site = Site(tmp_path)
        site.models.train()
        ours = studio.work.publishing
        ours.models = site.models
        ours.clearances._models = site.models

        def at_once(what: str, by: str, *about: str) -> None:
            own = Publishing(site.settings, site.models)
            thread = threading.Thread(target=lambda: run(own, what, by, about))
            thread.start()
            thread.join()

        monkeypatch.setattr(studio.work.jobs, "start", at_once)
        yield Desk(studio, site)


async def test_nobody_else_comes_in(desk: Desk) -> None:
    person = await desk.studio.person("dee", "desk")
    await page(person, HERE, 403)


async def test_what_is_missing_is_shown_and_nothing_is_published(desk: Desk) -> None:
    desk.edit()
    kim = await desk.studio.person("kim")
    shown = await page(kim, HERE)
    assert "its text is not signed by a clinical reviewer" in shown
    assert '<button id="publish" disabled>' in shown

    reply = await kim.post(HERE, HERE)

    assert reply.status_code == 409
    assert desk.site.publishing.last() is None


async def test_a_signed_change_is_published_and_taken_back(desk: Desk) -> None:
    desk.edit()
    desk.sign()
    kim = await desk.studio.person("kim")
    first = desk.site.models.in_use()
    assert (await kim.post(HERE, HERE)).status_code == 303
    job = desk.site.publishing.last()
    assert job and (job.state, job.by) == (DONE, "Kim")
    shown = await page(kim, HERE)
    assert "No topic has changed" in shown
    assert first and first.name in shown and "Go back to the version of" in shown

    assert (await kim.post(f"{HERE}/rollback", HERE)).status_code == 303

    assert desk.site.models.in_use() == first


async def test_rules_need_two_people(desk: Desk) -> None:
    rules = desk.studio.data.folder / "wording.yml"
    rules.write_text(rules.read_text("utf-8") + "\n# other\n", "utf-8")
    ana = await desk.studio.person("ana", "trainer", "clinical_reviewer")
    ben = await desk.studio.person("ben", "clinical_reviewer")
    change = desk.site.publishing.clearances.look().change
    assert "This change is mine" in await page(ana, HERE)
    assert (await ana.post(f"{HERE}/rules/put-forward", HERE, change=change)).status_code == 303
    assert "approve it</button>" not in await page(ana, HERE)
    assert (await ana.post(f"{HERE}/rules/approve", HERE, change=change)).status_code == 409
    assert "approve it</button>" in await page(ben, HERE)
    assert (await ben.post(f"{HERE}/rules/approve", HERE, change="0" * 16)).status_code == 409
    assert (await ben.post(f"{HERE}/rules/approve", HERE, change=change)).status_code == 303
    assert "approved by Ben" in await page(ana, HERE)
    assert (await ana.post(HERE, HERE)).status_code == 303


async def test_cancel_and_candidate_say_when_there_is_nothing_to_do(desk: Desk) -> None:
    kim = await desk.studio.person("kim")
    assert (await kim.post(f"{HERE}/cancel", HERE)).status_code == 409
    reply = await kim.post(f"{HERE}/shadow", HERE, model="ims-1")
    assert reply.status_code == 409
    assert (await kim.post(f"{HERE}/rules/approve", HERE, change="x")).status_code == 409


async def test_what_is_typed_is_escaped_and_forms_need_their_token(desk: Desk) -> None:
    desk.studio.work.topics("Kim").edit("soreness", lambda file: file.set_title("Is 1 < 2 & 3?"), "edited")
    kim = await desk.studio.person("kim")
    assert html.escape("Is 1 < 2 & 3?") in await page(kim, HERE)
    reply = await kim.client.post(HERE, data={"csrf": "0"}, headers={"origin": kim.base})
    assert reply.status_code == 403


async def test_the_part_about_the_job_is_shown_by_itself(desk: Desk) -> None:
    kim = await desk.studio.person("kim")
    await kim.post(f"{HERE}/rollback", HERE)
    assert "There is no earlier model" in await page(kim, "/studio/parts/publish")


class Breath:
    """A net of one rule, for both states of the data."""

    fault = None

    def check(self, text: str) -> Finding | None:
        return Finding("emergency", "E01", ("E01",), "Call {emergency} now.") if "breathe" in text else None


async def test_who_approves_sees_the_change_and_what_patients_would_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Net, "load", lambda data: Breath())
    data = desk.studio.data
    data.replace("clinic.yml", 'emergency: "911"', 'emergency: "119"')
    data.write("lexicon/danger/E01.txt", "i cant breathe since the needle\nmy chest hurts\n")
    ana, ben = await desk.studio.person("ana", "trainer"), await desk.studio.person("ben", "clinical_reviewer")
    change = desk.site.publishing.clearances.look().change
    await ana.post(f"{HERE}/rules/put-forward", HERE, change=change)

    shown = await page(ben, HERE)

    rules = shown[shown.index('id="rules"') :]
    assert "Numbers, BC, emergency" in rules
    assert re.search(r"removed: </span> 911<.*added: </span> 119<", rules, re.S)
    assert "<strong>1 message</strong>, such as “i cant breathe since the needle”" in rules
    assert "emergency: Call 911 now." in rules and "emergency: Call 119 now." in rules
    assert "I have read every change above and approve it" in rules


async def test_every_changed_file_is_shown_before_it_goes_out(desk: Desk) -> None:
    desk.studio.data.replace("groups.yml", "After a visit", "Later")
    kim = await desk.studio.person("kim")
    shown = await page(kim, HERE)
    assert re.search(r"Groups of topics: 1 change.*groups\.yml", shown)
    assert '<button id="publish">' in shown


async def test_one_topic_goes_out_and_another_stays(desk: Desk) -> None:
    desk.edit()
    desk.sign()
    desk.studio.work.topics("Kim").edit("human", lambda file: file.set_title("Who is there?"), "edited")
    kim = await desk.studio.person("kim")
    assert '<button id="publish" disabled>' in await page(kim, HERE)
    for topics in ([], ["nothing"], ["human"]):
        assert (await kim.post(f"{HERE}/topics", HERE, topic=topics)).status_code == 409

    reply = await kim.post(f"{HERE}/topics", HERE, topic=["soreness"])

    assert reply.status_code == 303, reply.text
    live = desk.site.models.in_use()
    data = live and desk.site.models.data_of(live)
    assert data
    published = Knowledge.load(data).topics
    assert published["soreness"].title == "Does it ache?" and published["human"].title != "Who is there?"
    shown = await page(kim, HERE)
    assert "Who is there?" in shown and "Does it ache?" not in shown[shown.index('id="new"') : shown.index('id="back"')]


async def test_a_topic_that_cannot_stand_alone_says_why(desk: Desk) -> None:
    desk.studio.work.topics("Kim").retire("soreness")  # patients still have a group that lists it
    kim = await desk.studio.person("kim")
    reply = await kim.post(f"{HERE}/topics", HERE, topic=["soreness"])
    assert (reply.status_code, "These cannot go out without the rest" in reply.text) == (409, True)


async def test_a_version_that_was_live_is_live_again_and_no_other(desk: Desk) -> None:
    first = desk.site.models.in_use()
    assert first
    candidate = desk.site.models.train(promote=False)
    desk.edit()
    desk.sign()
    kim = await desk.studio.person("kim")
    await kim.post(HERE, HERE)
    shown = await page(kim, "/studio/models")
    assert shown.count("Go back to it</button>") == 1 and "Never live." in shown
    refused = await kim.post("/studio/models", "/studio/models", model=candidate.name)
    assert refused.status_code == 409 and "never live here" in refused.text

    assert (await kim.post("/studio/models", "/studio/models", model=first.name)).status_code == 303

    assert desk.site.models.in_use() == first
    assert f"{first.name} is in use" in await page(kim, HERE)
