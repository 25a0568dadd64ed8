"""The studio in a real browser: taught by mouse, keyboard and thumb, and accessible on every page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.studio.topics.topics import Topics
from tests.browser.conftest import DESKTOP, PHONE
from tests.knowledge.conftest import Data
from tests.support.axe import violations
from tests.support.processes import START, Processes, eventually
from tests.support.studio_site import small_data
from tests.support.teaching import (
    PEOPLE,
    Answer,
    add_people,
    ask_in_vain,
    group,
    in_a_thread,
    sign,
    sign_in,
    teach_as_new_topic,
    teach_as_suggested,
)

MESSAGES = [
    "will it ache on day 40", "will it ache on day 41", "will it ache on day 42",
    "can my dog come in with me", "my dog can come in too with me", "is there a bus to you", "xylophone lessons",
]  # fmt: skip
DOG = Answer(
    "Can I bring my dog?",
    [f"may I bring my dog on visit {number}" for number in range(25)],
    "You may bring your dog if it is calm. Call {clinic_phone} first.",
    "You may bring your dog if it is calm.\n\n- Keep it on a leash.\n- Call {clinic_phone} first.",
    "Dry Needling",
)
LONG = [
    line
    for number in range(12)
    for line in (
        f"On day {number} you may ache. " * 12,
        f"- Walk on day {number}.",
        "- Call {clinic_phone} if it is bad.",
    )
]
OpenStudio = Callable[..., Page]


class StudioSite(Processes):
    """A gateway whose studio edits a small data/ folder."""

    @property
    def database(self) -> str:
        return f"sqlite:///{self.var / 'ims.sqlite3'}"

    def start_gateway(self) -> None:
        self._start("gateway", module="tests.support.serve_studio")
        eventually(lambda: httpx.get(f"{self.url}/health").status_code == 200, 3 * START)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioSite]:
    """The gateway that all tests of this file share, with people who can sign in."""
    folder = tmp_path_factory.mktemp("studio")
    small_data(folder / "data")
    site = StudioSite(folder / "var")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMS_DATA", str(folder / "data"))
        site.start_gateway()
    in_a_thread(lambda: add_people(site.database, PEOPLE))
    yield site
    site.close()


@pytest.fixture
def data(running: StudioSite) -> Data:
    """Its files, as they were at first."""
    folder = running.var.parent
    for gone in (folder / "data", folder / "drafts", running.var / "studio" / "versions"):
        shutil.rmtree(gone, ignore_errors=True)
    return small_data(folder / "data")


@pytest.fixture
def topics(data: Data) -> Topics:
    return Topics.opened(data.folder, data.folder.parent / "var")


@pytest.fixture
def site(running: StudioSite, data: Data) -> StudioSite:
    """With the messages of some patients."""
    in_a_thread(lambda: ask_in_vain(running.database, MESSAGES))
    return running


@pytest.fixture
def open_studio(chromium: Browser, site: StudioSite) -> Iterator[OpenStudio]:
    """Signs somebody in, in a browser of their own; fails if it complained about a page."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(login: str = "kim", path: str = "/studio/inbox", **options: Any) -> Page:
        context = chromium.new_context(base_url=site.url, **{"viewport": DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        return sign_in(page, login, path)

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_group_is_taught_to_the_suggested_topic_with_one_click(open_studio: OpenStudio, data: Data) -> None:
    page = open_studio()
    hands = teach_as_suggested(page, "will it ache on day")
    assert hands.clicks == 1
    assert set(data.load().topics["soreness"].examples) >= set(MESSAGES[:3])
    expect(group(page, "will it ache on day")).to_have_count(0)


def test_a_group_becomes_a_new_signed_topic_in_few_clicks(open_studio: OpenStudio, data: Data) -> None:
    hands = teach_as_new_topic(open_studio(), "dog", DOG)
    assert hands.clicks <= 9
    assert sign(open_studio("robin", "/studio"), DOG.title, "2027-05-01").clicks <= 4
    topic = next(topic for topic in data.load().topics.values() if topic.title == DOG.title)
    assert set(topic.examples) >= set(MESSAGES[3:5]) and topic.reviewer == "Robin"


def test_teaching_works_with_the_keyboard_alone(open_studio: OpenStudio, topics: Topics) -> None:
    page = open_studio()

    def tab_to(name: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.textContent + (document.activeElement.name ?? '')")
            if name in focused:
                return
        raise AssertionError(f"no way to {name} by Tab")

    tab_to("Will I be sore?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("3 new examples for Will I be sore?")
    tab_to("A new topic")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/studio/topics/"))
    tab_to("title")
    page.keyboard.press("Control+a")
    page.keyboard.type("May my dog come?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved: question above the answer")
    assert topics.open(topics.drafts[0]).title == "May my dog come?"


def test_teaching_works_on_a_phone(open_studio: OpenStudio, data: Data) -> None:
    for width in (320, 390):
        page = open_studio(viewport={"width": width, "height": 700}, has_touch=True, is_mobile=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    teach_as_suggested(page, "will it ache on day")
    teach_as_new_topic(page, "dog", DOG)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert any(topic.title == DOG.title for topic in data.load().topics.values())


def test_the_answer_is_checked_and_shown_while_it_is_written(open_studio: OpenStudio) -> None:
    page = open_studio(path="/studio/topics/soreness")
    page.get_by_label("Short answer").fill("This cures everybody. Call {clinic_phone}. <b>Bold</b>")
    expect(page.locator("#answer-check")).to_contain_text("contains HTML")
    expect(page.locator(".bubble")).to_contain_text("Call 250-555-0100. <b>Bold</b>")
    page.get_by_label("Short answer").fill("This cures everybody.")
    expect(page.locator("#answer-check")).to_contain_text("it is not known to")
    page.get_by_label("Examples: how patients ask it").fill("let me talk to person number 3\nI cannot breathe")
    expect(page.locator("#examples-check")).to_contain_text("2 examples: 23 more are needed")
    expect(page.locator("#examples-check")).to_contain_text("of the topic human")
    expect(page.locator("#examples-check")).to_contain_text("sounds like danger")


def test_unsaved_work_is_not_left_behind_without_a_word(open_studio: OpenStudio) -> None:
    page = open_studio(path="/studio/topics/soreness")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label("Short answer").press_sequentially(" More.")
    expect(page.locator("#unsaved")).to_have_text("Not saved yet.")
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Topics").click()
    assert asked == ["beforeunload"]
    expect(page.get_by_label("Short answer")).to_have_value(re.compile("More"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Saved: short answer")
    assert asked == ["beforeunload"]


def test_two_trainers_see_both_texts_and_one_chooses(open_studio: OpenStudio, data: Data) -> None:
    kim, lee = (open_studio(login, "/studio/topics/soreness") for login in ("kim", "lee"))
    for page, name in ((lee, "Lee"), (kim, "Kim")):
        page.get_by_label("Short answer").fill(f"You may ache for a day or two, says {name}.")
        page.get_by_role("button", name="Save", exact=True).click()
    clash = kim.get_by_role("alert")
    expect(clash).to_contain_text("says Lee")
    expect(clash).to_contain_text("says Kim")
    assert violations(kim) == []
    kim.get_by_label("Use the version that was saved in the meantime").check()
    kim.get_by_role("button", name="Save", exact=True).click()
    expect(kim.get_by_role("status").first).to_contain_text("Nothing to save")
    assert data.load().topics["soreness"].short.endswith("says Lee.")


def test_a_dry_run_shows_how_far_it_is_and_then_what_it_found(open_studio: OpenStudio) -> None:
    page = open_studio(path="/studio/dry-run")
    page.get_by_role("button", name="Start a dry run").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert violations(page) == []
    expect(page.get_by_role("heading", name="As a whole")).to_be_focused()
    expect(page.get_by_role("button", name="Start a dry run")).to_be_enabled()
    expect(page.get_by_role("cell", name="worse")).to_be_visible()


def test_a_dry_run_is_cancelled_with_the_keyboard(open_studio: OpenStudio) -> None:
    page = open_studio(path="/studio/dry-run", viewport=PHONE)
    page.get_by_role("button", name="Start a dry run").press("Enter")
    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()
    with page.expect_response("**/parts/dry-run"):
        pass
    page.wait_for_timeout(50)
    expect(cancel).to_be_focused()  # although the part was renewed
    cancel.press("Enter")
    expect(page.get_by_text("The dry run was cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Start a dry run")).to_be_enabled()
    assert violations(page) == []


def test_a_message_is_tried_out_with_the_keyboard(open_studio: OpenStudio, data: Data) -> None:
    for name in ("wording.yml", "interface/en.yml"):  # a reply says more than an answer
        shutil.copy(Path("data") / name, data.folder / name)
    page = open_studio(path="/studio/try", viewport=PHONE)
    page.get_by_label("The patient's message").fill("i cannot breathe")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The safety check sounds the alarm:")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_question_is_added_and_signed_with_the_keyboard(open_studio: OpenStudio, data: Data) -> None:
    page = open_studio(path="/studio/topics/soreness/questions")
    page.get_by_label("Question, as a patient would ask it").fill("May I swim?")
    page.get_by_label("Answer").last.fill("Yes, after a day.")
    page.get_by_label("Examples, one per line").fill("can i swim")
    page.get_by_role("button", name="Add").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    assert violations(page) == []
    robin = open_studio("robin", "/studio/review")
    robin.get_by_role("checkbox", name="May I swim?").press("Space")
    assert violations(robin) == []
    robin.get_by_role("button", name="Sign what is ticked").first.press("Enter")
    expect(robin.get_by_role("status").first).to_contain_text("1 text is signed.")
    assert [answer.reviewer for answer in data.load().topics["soreness"].answers.values()] == ["Robin"]


def test_a_click_on_the_wrong_topic_is_undone(open_studio: OpenStudio, data: Data) -> None:
    page = open_studio(viewport=PHONE)
    teach_as_suggested(page, "will it ache on day")
    assert violations(page) == []
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("3 messages are back in the inbox.")
    expect(group(page, "will it ache on day")).to_be_visible()
    assert not set(MESSAGES) & set(data.load().topics["soreness"].examples)
    assert violations(page) == []


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_every_page_of_the_studio_is_accessible(
    open_studio: OpenStudio, data: Data, topics: Topics, viewport: Any, scheme: Any
) -> None:
    topics.new("cupping", ["what is cupping"])
    topics.edit("soreness", lambda file: file.set_more("\n".join(LONG)), "a long answer")
    topics.edit("soreness", lambda file: file.sign("Robin", date.today(), date(2099, 1, 1)), "signed")
    topics.edit("human", lambda file: file.set_title("Can I talk to a person?"), "title")
    topics.edit("human", lambda file: file.set_title("May I talk to a person?"), "title")
    data.write("answers/broken.yml", "nlu: [\n")
    page = open_studio("robin", viewport=viewport, color_scheme=scheme)
    found = []
    for path in (
        "/studio",
        "/studio/inbox",
        "/studio/topics",
        "/studio/topics/soreness",
        "/studio/topics/cupping",
        "/studio/topics/broken",
        "/studio/topics/human/history",
        "/studio/topics/soreness/questions",
        "/studio/review?topic=soreness",
        "/studio/try",
        "/staff",
        "/studio/dry-run",
        "/studio/publish",
    ):
        if path == "/studio/topics/soreness":
            with page.expect_response("**/parts/examples"):  # the check of the examples comes after the page
                page.goto(path)
            expect(page.locator("#examples-check")).to_contain_text("None is too much like another one")
        else:
            page.goto(path)
        for details in page.locator("main details").all():
            details.evaluate("details => { details.open = true }")
        found += [f"{path}: {violation}" for violation in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto("/studio/dry-run")
    page.get_by_role("button", name="Start a dry run").click()
    expect(page.get_by_role("heading", name="As a whole")).to_be_visible()
    found += violations(page)
    page.goto("/studio/topics/soreness")
    page.get_by_label("Question above the answer").fill("<b>")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("What you wrote is still here.")
    found += violations(page)
    assert found == []


def test_a_signed_answer_is_published_with_its_progress_and_taken_back(open_studio: OpenStudio, topics: Topics) -> None:
    topics.edit("soreness", lambda file: file.set_title("Does it ache after?"), "edited")
    page = open_studio(path="/studio/publish")
    expect(page.get_by_text("its text is not signed by a clinical reviewer").first).to_be_visible()
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    assert violations(page) == []
    topics.edit("soreness", lambda file: file.sign("Dr Ada", date.today(), date(2099, 1, 1)), "signed by Dr Ada")
    page.reload()

    page.get_by_role("button", name="Publish", exact=True).click()

    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("heading", name="Done")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("No topic has changed since")).to_be_visible()
    page.get_by_role("button", name="Go back to").click()
    expect(page.get_by_text("Rollback,")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("row", name="Does it ache after?")).to_be_visible()


def test_publishing_is_cancelled(open_studio: OpenStudio, topics: Topics) -> None:
    topics.edit("soreness", lambda file: file.add_examples(["do the bruises go"]), "examples added")
    page = open_studio(path="/studio/publish", viewport=PHONE)
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Patients get what they got before.")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
