"""The answer pages in a real browser: without a script, by keyboard, on paper, on a phone, and accessible."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.axe import violations
from tests.support.processes import Processes

CHAT = "ims-chat"  # has tests of its own

STATES = {
    "all answers": "/answers",
    "found": "/answers?q=sore",
    "nothing found": "/answers?q=qqqq",
    "danger": "/answers?q=cannot+breathe",
    "an answer": "/answers/soreness",
    "the clinic's facts": "/answers/hours_location",
    "withheld": "/answers/history",
    "unknown": "/answers/sorenes",
    "handout": "/answers/handout",
    "handout refused": "/answers/handout?topics=nothing",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway whose answer on history has expired; there is no engine, and the pages need none."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree("data", folder / "data")
    expired = folder / "data/answers/history.yml"
    text = expired.read_text(encoding="utf-8")
    assert 'review_by: "2027' in text
    expired.write_text(text.replace('review_by: "2027', 'review_by: "2025'), encoding="utf-8")
    processes = Processes(folder / "var")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMS_DATA", str(folder / "data"))
        processes.start_gateway()
    yield processes.url
    processes.close()


@pytest.fixture
def open_page(chromium: Browser, site: str) -> Iterator[Any]:
    """Opens a path in a context of its own, and fails if the browser complained about anything on it."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(path: str, **options: Any) -> Page:
        context = chromium.new_context(base_url=site, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in complaints if "status of 40" not in text] == []


@pytest.mark.parametrize("path", STATES.values(), ids=STATES)
@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"},
        {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
    ],
    ids=["desktop", "phone, dark"],
)
def test_axe_finds_nothing(open_page: Any, path: str, options: dict[str, Any]) -> None:
    assert violations(open_page(path, **options), exclude=[CHAT]) == []


@pytest.mark.parametrize("path", STATES.values(), ids=STATES)
def test_nothing_sticks_out_of_a_narrow_screen(open_page: Any, path: str) -> None:
    page = open_page(path, viewport={"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_patient_without_scripts_searches_reads_and_goes_on(open_page: Any) -> None:
    page = open_page("/answers", java_script_enabled=False)
    page.get_by_label("Search the answers").fill("will i be sor")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Is it normal to be sore after?").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Is it normal to be sore after?"
    assert page.get_by_text("Not yet reviewed by a physiotherapist").first.is_visible()
    assert page.get_by_role("img", name="QR code that opens").is_visible()
    assert page.get_by_role("button", name="Copy the link").count() == 0
    page.get_by_role("navigation", name="See also").get_by_role("link").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "What do I do after a treatment?"


def test_the_desk_puts_a_handout_together_without_scripts(open_page: Any) -> None:
    page = open_page("/answers/handout", java_script_enabled=False)
    page.get_by_label("Is it normal to be sore after?").check()
    page.get_by_label("How much does IMS cost?").check()
    assert page.locator("input[value=history]").is_disabled()
    with page.expect_response("**/answers/handout?**") as replied:
        page.get_by_role("button", name="Make the PDF").click()
    assert replied.value.status == 200
    assert replied.value.headers["content-type"] == "application/pdf"


def test_the_handout_list_counts_what_is_chosen(open_page: Any) -> None:
    page = open_page("/answers/handout")
    assert page.get_by_role("status").inner_text() == "0 of 12 chosen"
    for box in page.get_by_role("checkbox", disabled=False).all()[:13]:
        box.check()
    assert page.get_by_role("status").inner_text() == "13 chosen, at most 12 fit"


def test_the_link_is_copied_and_that_is_said(open_page: Any, site: str) -> None:
    page = open_page("/answers/soreness", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the link").click()
    page.get_by_text("The link is copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site}/answers/soreness"


def test_the_first_tab_stop_leads_past_the_head_of_the_page(open_page: Any) -> None:
    page = open_page("/answers/soreness")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_paper_has_the_answer_its_sources_and_the_code_and_nothing_to_click(open_page: Any) -> None:
    page = open_page("/answers/soreness")
    page.emulate_media(media="print", color_scheme="dark")
    for kept in (".short", ".sources", ".sources .review", ".qr", ".address", "footer.site"):
        assert page.locator(kept).first.is_visible()
    for left_out in (".trail", ".search", ".see-also", ".actions", ".asked", CHAT):
        assert not page.locator(left_out).first.is_visible()
    address = page.locator(".sources a").first.evaluate("link => getComputedStyle(link, '::after').content")
    assert "https://" in address
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_structured_data_is_there_and_allowed(open_page: Any) -> None:
    page = open_page("/answers/soreness")
    data = page.evaluate("JSON.parse(document.querySelector('[type=\"application/ld+json\"]').textContent)")
    assert data["@type"] == "FAQPage"


def test_what_was_typed_stays_text(open_page: Any) -> None:
    typed = '"><img src=x onerror="document.title=1">'
    page = open_page("/answers")
    page.get_by_label("Search the answers").fill(typed)
    page.keyboard.press("Enter")
    page.wait_for_url("**/answers?q=**")
    assert page.get_by_label("Search the answers").input_value() == typed
    assert page.locator("main img").count() == 0
    assert page.title() != "1"
