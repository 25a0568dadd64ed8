"""The studio's pages that look after what is live, in a real browser: each fits the screen and is accessible."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from gateway.studio.topics.topics import Topics
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_studio import OpenStudio, data, open_studio, running, site, topics
from tests.knowledge.conftest import Data
from tests.support.axe import violations

__all__ = ["data", "open_studio", "running", "site", "topics"]


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


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
