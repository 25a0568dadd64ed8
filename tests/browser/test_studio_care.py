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
