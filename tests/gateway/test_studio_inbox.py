"""The studio's inbox, overview and dry run: teaching with one click, and what a change would do, in words."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.desk.proposals import Proposals
from gateway.engine.command import NotMeasured, finished
from gateway.evaluation.compare import Difference
from gateway.staff.audit import Audit
from gateway.studio.errors import StudioError
from gateway.studio.meaning import Meaning
from gateway.studio.pages.overview import LiveModel
from gateway.studio.trying.alike import Alike
from gateway.studio.trying.dry_run import Alarm, DryRun, DryRuns
from tests.gateway.conftest import NOW, Start
from tests.support.staff import BASE, Browser
from tests.support.studio_site import Studio, encode, page, studio_at_work

INBOX = "/studio/inbox"
SORE = ["does it ache on day 77 or so", "does it ache on day 78 or so", "how much is the parking <b>here</b>"]


@pytest.fixture
async def studio(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    monkeypatch.setattr(Meaning, "_by_engine", lambda _, texts: encode(texts))
    async with studio_at_work(start, tmp_path) as running:
        yield running


async def test_the_overview_names_the_model_that_patients_talk_to(
    studio: Studio, kim: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        LiveModel("ims-1", NOW, True): "It knows everything that is saved here.",
        LiveModel("ims-1", NOW, False): "Something was saved after it was made",
        LiveModel(problem="models/x is not the model that was trained here."): "is not the model that was trained here",
    }
    for model, sentence in told.items():
        monkeypatch.setattr("gateway.studio.pages.overview.live_model", lambda _, model=model: model)
        assert sentence in await page(kim, "/studio")


@pytest.fixture
async def kim(studio: Studio) -> Browser:
    return await studio.person("kim")


async def groups(studio: Studio, person: Browser) -> list[tuple[str, list[str]]]:
    """The groups of the page: the typical message and the ids of all."""
    text = await page(person, INBOX)
    sections = text.split('<section class="group"')[1:]
    return [
        (re.search(r"<h2[^>]*>(.*?)</h2>", part)[1], re.findall(r'name="ids" value="(\d+)"', part.split("</form>")[0]))  # type: ignore[index]
        for part in sections
    ]


async def decide(person: Browser, action: str, ids: list[str], **fields: str) -> Any:
    data = {"csrf": await person.token("/studio"), "ids": ids, **fields}
    return await person.client.post(f"{INBOX}/{action}", data=data, headers={"origin": BASE})


async def test_messages_that_ask_the_same_are_taught_with_one_click(studio: Studio, kim: Browser) -> None:
    assert await studio.work.inbox.bring(SORE) == 3
    found = await groups(studio, kim)
    assert [len(ids) for _, ids in found] == [2, 1]
    text = await page(kim, INBOX)
    assert re.search(
        r'name="topic" value="soreness" title="Most alike: [^"]*">Will I be sore\? <small>0\.\d\d</small>', text
    )
    assert "how much is the parking &lt;b&gt;here&lt;/b&gt;" in text and "<b>here" not in text
    reply = await decide(kim, "teach", found[0][1], topic="soreness")
    assert "2 new examples for" in await page(kim, reply.headers["location"])
    assert studio.data.load().topics["soreness"].examples[-2:] == tuple(SORE[:2])
    assert studio.work.topics().history.of("soreness")[0].author == "Kim"
    assert len(await groups(studio, kim)) == 1


async def test_some_of_a_group_can_be_left_out(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    (_, ids), _ = await groups(studio, kim)
    assert (await decide(kim, "teach", ids[:1], topic="soreness")).status_code == 303
    assert len(await groups(studio, kim)) == 2


async def test_a_new_topic_begins_with_the_messages_of_a_group(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    _, (_, ids) = await groups(studio, kim)
    reply = await decide(kim, "new", ids)
    assert reply.headers["location"].startswith("/studio/topics/much_parking_b_here?begun=")
    assert studio.work.topics().open("much_parking_b_here").examples == [SORE[2]]
    assert "how much is the parking &lt;b&gt;here" in await page(kim, reply.headers["location"])


async def test_a_group_can_be_put_aside(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    for _, ids in await groups(studio, kim):
        assert (await decide(kim, "dismiss", ids)).status_code == 303
    assert "Nothing waits." in await page(kim, INBOX)


async def undo(person: Browser, location: str) -> Any:
    """Press the undo button on the page that a decision led to."""
    text = await page(person, location)
    (id,) = re.findall(r'name="done" value="(\w+)"', text)
    return await person.post(f"{INBOX}/undo", location, done=id)


def files(studio: Studio) -> dict[str, bytes]:
    """All files that teaching may change."""
    folder = studio.data.folder.parent
    found = [*(folder / "data").rglob("*.yml"), *(folder / "drafts").glob("*.yml")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


async def test_a_click_on_the_wrong_topic_is_undone(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring([*SORE, "does it ache on day 5"])
    known = studio.data.load().topics["soreness"].examples
    assert "does it ache on day 5" in known
    before, waiting = files(studio), await groups(studio, kim)
    taught = await decide(kim, "teach", waiting[0][1], topic="soreness")
    assert "data/regressions/soreness.yml" in files(studio)

    undone = await undo(kim, taught.headers["location"])

    assert "Will I be sore? is as it was. 3 messages wait here again." in undone.text
    assert files(studio) == before and await groups(studio, kim) == waiting
    again = await kim.post(f"{INBOX}/undo", INBOX, done=taught.headers["location"].split("=")[1])
    assert again.status_code == 409 and "undone already" in again.text


async def test_what_others_did_meanwhile_outlives_an_undo(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    taught = await decide(kim, "teach", (await groups(studio, kim))[0][1], topic="soreness")
    lee = studio.work.topics("Lee")
    lee.teach("soreness", ["is the ache bad"])
    lee.edit("soreness", lambda file: file.remove_example(SORE[0]), "removed")
    await undo(kim, taught.headers["location"])
    left = studio.data.load().topics["soreness"].examples
    assert "is the ache bad" in left and not set(SORE) & set(left)
    assert "is the ache bad" in (studio.data.folder / "regressions" / "soreness.yml").read_text("utf-8")


async def test_putting_aside_and_a_new_draft_are_undone(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    before = files(studio)
    for action in ("dismiss", "new"):
        _, (_, ids) = await groups(studio, kim)
        done = await decide(kim, action, ids)
        assert "1 message waits here again." in (await undo(kim, done.headers["location"])).text
        assert files(studio) == before and len(await groups(studio, kim)) == 2


async def test_a_draft_that_was_worked_on_is_not_undone(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    _, (_, ids) = await groups(studio, kim)
    begun = await decide(kim, "new", ids)
    studio.work.topics("Lee").edit("much_parking_b_here", lambda file: file.set_title("Parking?"), "title")
    reply = await undo(kim, begun.headers["location"])
    assert reply.status_code == 409 and "was worked on since it was begun" in reply.text
    assert studio.work.topics().open("much_parking_b_here").title == "Parking?"


@pytest.mark.parametrize("kept", ["{", "[1]", '[{"id": "a"}]', '{"a": 1}'])
async def test_damaged_decisions_are_as_none(studio: Studio, kim: Browser, kept: str) -> None:
    file = studio.work.settings.var / "studio" / "decisions.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(kept)
    await studio.work.inbox.bring(SORE)
    taught = await decide(kim, "teach", (await groups(studio, kim))[0][1], topic="soreness")
    assert (await undo(kim, taught.headers["location"])).status_code == 200


async def test_a_reply_of_the_front_desk_becomes_the_answer_of_a_draft(studio: Studio, kim: Browser) -> None:
    store = studio.gateway.store
    id = (await store.open())[0].id
    proposals = Proposals(store._database, lambda: NOW)
    reply = "Yes, bring it along.\n\nCall Gurpreet Brar at 604-555-0182. <b>Soon</b>"
    await proposals.add(id, "can my dog come along", reply, "ana")
    ((question, ids),) = await groups(studio, kim)
    assert "The front desk answered: “Yes, bring it along." in await page(kim, INBOX)
    begun = await decide(kim, "new", ids)
    draft = studio.work.topics().open("dog_come_along")
    assert (question, draft.examples) == ("can my dog come along", ["can my dog come along"])
    assert draft.more == "Yes, bring it along.\n\nCall [name] at [phone]. ‹b>Soon‹/b>"
    assert "and what the front desk answered" in await page(kim, begun.headers["location"])


async def test_what_is_left_is_shown_at_once_after_a_decision(
    studio: Studio, kim: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    await studio.work.inbox.bring(SORE)
    (_, ids), (parking, _) = await groups(studio, kim)
    go_on = threading.Event()
    monkeypatch.setattr(studio.work.meaning, "_encode", lambda texts: (go_on.wait(20), encode(texts))[1])
    await decide(kim, "teach", ids[:1], topic="soreness")
    left = await groups(studio, kim)
    go_on.set()
    assert [(text, len(own)) for text, own in left] == [(SORE[1], 1), (parking, 1)]


async def test_what_somebody_else_has_taught_is_not_taught_again(studio: Studio, kim: Browser) -> None:
    lee = await studio.person("lee")
    await studio.work.inbox.bring(SORE)
    (_, ids), _ = await groups(studio, kim)
    assert (await decide(lee, "dismiss", ids)).status_code == 303
    before = studio.file()
    for action, fields in (("teach", {"topic": "soreness"}), ("new", {}), ("dismiss", {})):
        reply = await decide(kim, action, ids, **fields)
        assert reply.status_code == 409 and "somebody else may have taught them" in reply.text
    assert studio.file() == before


@pytest.mark.parametrize("topic", ["", "nowhere", "../clinic"])
async def test_messages_taught_to_no_topic_stay_in_the_inbox(studio: Studio, kim: Browser, topic: str) -> None:
    await studio.work.inbox.bring(SORE)
    (_, ids), _ = await groups(studio, kim)
    assert (await decide(kim, "teach", ids, topic=topic)).status_code == 409
    assert len(await groups(studio, kim)) == 2


async def test_a_group_taught_to_a_broken_file_stays_in_the_inbox(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    (_, ids), _ = await groups(studio, kim)
    broken = studio.data.write("answers/soreness.yml", "nlu: [\n")
    reply = await decide(kim, "teach", ids, topic="soreness")
    assert reply.status_code == 409 and "not valid YAML" in reply.text
    assert broken.read_text() == "nlu: [\n"
    assert len(await studio.work.inbox.open()) == 3


async def test_a_slow_encoder_does_not_hold_up_the_page(
    studio: Studio, kim: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    go_on = threading.Event()
    monkeypatch.setattr("gateway.studio.inbox.inbox_groups.PATIENCE", 0.05)
    monkeypatch.setattr(studio.work.meaning, "_encode", lambda texts: (go_on.wait(20), encode(texts))[1])
    await studio.work.inbox.bring(SORE)
    assert "The messages are being grouped." in await page(kim, INBOX)
    go_on.set()
    for _ in range(100):
        shown = await page(kim, "/studio/parts/inbox")
        if "being grouped" not in shown:
            break
        await asyncio.sleep(0.05)
    assert "does it ache on day 7" in shown


async def test_an_encoder_that_fails_is_told_and_tried_again(
    studio: Studio, kim: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(texts: Any) -> Any:
        raise StudioError("The encoder could not be run.")

    await studio.work.inbox.bring(SORE)
    with monkeypatch.context() as patch:
        patch.setattr(studio.work.meaning, "_encode", fails)
        assert "The encoder could not be run." in await page(kim, INBOX, 503)
    assert len(await groups(studio, kim)) == 2


async def test_what_is_done_in_the_studio_is_recorded(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    (_, ids), _ = await groups(studio, kim)
    await decide(kim, "teach", ids, topic="soreness")
    entries = await Audit(studio.gateway.store._database, lambda: NOW).entries()
    assert ("kim", "inbox_taught", "soreness") in [(entry.login, entry.action, entry.target) for entry in entries]


async def test_the_overview_tells_what_waits_and_what_is_not_signed(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    studio.work.topics().new("cupping", ["what is cupping"])
    text = " ".join(re.sub(r"<[^>]+>", " ", await page(kim, "/studio")).split())
    assert "Messages waiting in the inbox 3 from 3 patients" in text
    assert "Drafts 1" in text and "Topics nobody has signed 2 of 2" in text
    assert "Something was saved after it was made" in text or "There is no trained model" in text or "was not" in text


async def test_what_is_not_ticked_is_not_taught_to_another_topic_either(studio: Studio, kim: Browser) -> None:
    await studio.work.inbox.bring(SORE)
    shown = await page(kim, INBOX)
    part = next(each for each in shown.split('<section class="group"')[1:] if each.count('type="checkbox"') == 2)
    assert part.count("<form") == 1 and 'type="hidden" name="ids"' not in part
    ticked, unticked = re.findall(r'name="ids" value="(\d+)"', part)

    reply = await decide(kim, "teach", [ticked], topic="", other="human")

    assert reply.status_code == 303
    assert int(unticked) in {message.id for message in await studio.work.inbox.open()}


# the dry run

RESULT = DryRun(
    new=2,
    alike=(
        Alike("soreness", "let me <i>talk</i>", "human", "let me talk", 0.97),
        Alike("soreness", "sore now", "soreness", "now sore", 0.95),
    ),
    alarms=(Alarm("soreness", "i cannot breathe", "E01"),),
    overall=Difference(
        "training examples", "right", 0.91, 0.90, (-0.02, 0.01), 50, 2, "no difference that can be told from chance"
    ),
    changes=(Difference("human", "right", 0.9, 0.7, (-0.35, -0.05), 25, 0, "worse"),),
    right=45,
    examples=50,
)


async def test_a_dry_run_is_started_watched_and_read_in_words(
    studio: Studio, kim: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    go_on = threading.Event()

    def run(_: DryRuns, say: Any, stop: Any) -> DryRun:
        say("Trying each example on a model that has not seen it")
        go_on.wait(20)
        return RESULT

    monkeypatch.setattr(DryRuns, "run", run)
    assert "There was no dry run yet." in await page(kim, "/studio/dry-run")
    for _ in range(2):  # the second one does not start another
        assert (await kim.post("/studio/dry-run", "/studio/dry-run")).status_code == 303
    shown = await page(kim, "/studio/parts/dry-run")
    assert "Trying each example" in shown and "<progress" in shown
    go_on.set()
    assert await studio.work.dry_run._work.wait(5)  # type: ignore[union-attr]
    shown = await page(kim, "/studio/dry-run")
    assert "As a whole: no clear difference" in shown
    assert "90.0 % after 91.0 % before: a difference this small may be chance" in shown
    assert "“i cannot breathe”" in shown and "Much like an example of another topic (1)" in shown
    assert "Nearly the same within a topic (1)" in shown and "let me &lt;i&gt;talk" in shown
    assert "-35 to -5 points" in shown and ">worse</td>" in shown
    assert "1 of 1 changed topics differ by more than chance" in shown
    text = (studio.work.settings.var / "studio" / "dry-run.json").read_text("utf-8")
    assert json.loads(text)["by"] == "Kim"
    studio.work.dry_run._work = None  # as after a restart
    assert "-35 to -5 points" in await page(kim, "/studio/dry-run")
    assert "no clear difference" in await page(kim, "/studio")


async def test_a_dry_run_is_cancelled_and_the_one_before_it_still_shown(
    studio: Studio, kim: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, job = "/studio/dry-run", studio.work.dry_run
    assert (await kim.post(f"{place}/cancel", place)).headers["location"] == place  # none goes on
    monkeypatch.setattr(DryRuns, "run", lambda _, say, stop: RESULT)
    await kim.post(place, place)
    assert await job._work.wait(5)  # type: ignore[union-attr]
    lasting = ["-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(DryRuns, "run", lambda _, say, stop: finished(studio.work.settings, lasting, stop=stop))
    await kim.post(place, place)
    assert f'action="{place}/cancel"' in await page(kim, place)

    reply = await kim.post(f"{place}/cancel", place)

    assert job.running is None
    shown = await page(kim, reply.headers["location"])
    assert "The dry run was cancelled. The result of the one before is below." in shown
    assert "-35 to -5 points" in shown


@pytest.mark.parametrize(
    "error", [NotMeasured("The engine stopped."), StudioError("It is broken."), OSError(28, "full")]
)
async def test_a_dry_run_that_fails_says_why(
    studio: Studio, kim: Browser, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(_: DryRuns, say: Any, stop: Any) -> DryRun:
        raise error

    monkeypatch.setattr(DryRuns, "run", fails)
    await kim.post("/studio/dry-run", "/studio/dry-run")
    assert await studio.work.dry_run._work.wait(5)  # type: ignore[union-attr]
    shown = await page(kim, "/studio/dry-run")
    assert str(error.args[-1]) in shown and 'role="alert"' in shown


async def test_a_result_that_was_damaged_on_disk_is_as_none(studio: Studio, kim: Browser) -> None:
    file = studio.work.settings.var / "studio" / "dry-run.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    for text in ("{", '{"result": {}}', "[]"):
        file.write_text(text)
        assert "There was no dry run yet." in await page(kim, "/studio/dry-run")
