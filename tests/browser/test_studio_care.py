"""The studio's pages that look after what is live, in a real browser: by keyboard, thumb and mouse, and accessible."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from gateway.studio.topics.topics import Topics
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_studio import OpenStudio, data, open_studio, running, site, topics
from tests.knowledge.conftest import Data
from tests.support.axe import violations

__all__ = ["data", "open_studio", "running", "site", "topics"]
CHATS = b"question\nis there a bike rack\nwhere do I park\n"


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def said(page: Page, words: str) -> None:
    """The page says so, and is accessible while it does."""
    expect(page.get_by_role("status").first).to_contain_text(words)
    assert violations(page) == [] and fits(page)


def test_chats_are_brought_in_from_a_file(open_studio: OpenStudio) -> None:
    page = open_studio(path="/studio/import", viewport=PHONE)
    page.get_by_label("CSV of chats").set_input_files({"name": "c.csv", "mimeType": "text/csv", "buffer": CHATS})
    page.get_by_role("button", name="Bring in the chats").press("Enter")
    said(page, "in the inbox")


def test_a_message_is_added_to_those_that_must_stay_understood(open_studio: OpenStudio) -> None:
    page = open_studio(path="/studio/regressions", viewport=PHONE)
    page.get_by_label(re.compile("Message, as a patient wrote it")).fill("why does it ache so")
    page.get_by_label("Topic that it is about").select_option("soreness")
    page.get_by_role("button", name="Add").press("Enter")
    said(page, "Added.")


def test_an_answer_is_withdrawn_on_a_phone_and_given_again_by_a_reviewer(open_studio: OpenStudio, data: Data) -> None:
    page = open_studio(path="/studio/withdrawn", viewport=PHONE)
    page.get_by_label("Answer", exact=True).select_option("soreness")
    page.get_by_label(re.compile("^Why")).fill("the numbers are doubted")
    page.get_by_role("button", name="Withdraw it now").press("Enter")
    said(page, "Withdrawn. Patients no longer get this answer.")
    expect(page.get_by_role("heading", name="Withdrawn now (1)")).to_be_visible()
    expect(page.get_by_text("the numbers are doubted")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Give it again"))).to_have_count(0)
    robin = open_studio("robin", "/studio/withdrawn")
    robin.get_by_role("button", name=re.compile("Give it again")).press("Enter")
    said(robin, "Patients get this answer again.")
    expect(robin.get_by_text("No answer is withdrawn.")).to_be_visible()


def test_a_topic_is_merged_into_another_with_a_question_first(open_studio: OpenStudio, topics: Topics) -> None:
    topics.teach("human", ["may i speak to the boss"])
    page = open_studio(path="/studio/topics/human/organise", viewport=PHONE)
    page.get_by_label("Other topic", exact=True).select_option("soreness")
    page.get_by_role("button", name="Merge").click()
    assert "human" in topics.names, "not without the tick"
    page.get_by_label(re.compile("becomes part of it")).check()
    page.get_by_role("button", name="Merge").press("Enter")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Organise")
    assert violations(page) == [] and fits(page)
    assert topics.names == ["soreness"]
    assert "may i speak to the boss" in topics.open("soreness").examples


def test_a_reviewer_asks_for_a_change_and_the_author_sees_it(open_studio: OpenStudio, topics: Topics) -> None:
    topics.edit("soreness", lambda file: file.set_short("You may be sore for a day. Rest."), "edited")
    robin = open_studio("robin", "/studio/review?topic=soreness", viewport=PHONE)
    robin.locator("summary", has_text="Please change").first.press("Enter")
    robin.get_by_label(re.compile("^What to change")).first.fill("Say for how many of how many.")
    robin.get_by_role("button", name=re.compile("^Ask for it")).first.press("Enter")
    said(robin, "Sent. The author sees it on their overview")
    kim = open_studio(path="/studio")
    expect(kim.get_by_text("Say for how many of how many.")).to_be_visible()
    kim.goto("/studio/topics/soreness")
    expect(kim.get_by_text("Say for how many of how many.")).to_be_visible()
    assert violations(kim) == []


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_every_page_that_looks_after_what_is_live_is_accessible(
    open_studio: OpenStudio, data: Data, topics: Topics, viewport: Any, scheme: Any
) -> None:
    topics.teach("soreness", ["why does it ache"])
    topics.edit("human", lambda file: file.set_title("May I talk to a person?"), "title")
    page = open_studio("robin", "/studio", viewport=viewport, color_scheme=scheme)
    found = []
    for path in (
        "/studio/withdrawn?answer=soreness",
        "/studio/import",
        "/studio/topics/soreness/organise",
        "/studio/regressions",
        "/studio/models",
        "/studio/numbers",
        "/studio/numbers?topic=soreness",
        "/studio/publish",
    ):
        page.goto(path)
        for details in page.locator("main details").all():
            details.evaluate("details => { details.open = true }")
        found += [f"{path}: {violation}" for violation in violations(page)]
        assert fits(page), path
    assert found == []
