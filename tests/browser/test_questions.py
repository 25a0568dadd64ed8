"""The sheet of questions for the physio, from the chat to the paper."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Chat, OpenChat
from tests.support.axe import violations


def sheet(chat: Chat) -> Page:
    """The page that the button of the chat opens."""
    with chat.page.context.expect_page() as opened:
        chat.from_menu("My questions for my physio: opens a sheet to print")
    page = opened.value
    expect(page.get_by_role("heading", name="Questions for my physio")).to_be_visible()
    return page


def test_marked_questions_and_ones_own_are_printed(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("am i sore")
    chat.ask("what does it feel like??")
    page = sheet(chat)
    expect(page.get_by_role("checkbox")).to_have_count(2)
    page.get_by_label("am i sore").uncheck()
    page.get_by_label("My question 1").fill("May I swim on Friday?")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_text("what does it feel like??")).to_be_visible()
    expect(page.get_by_text("am i sore")).to_be_hidden()
    expect(page.get_by_label("My question 1")).to_have_value("May I swim on Friday?")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()


def test_nothing_that_is_written_on_it_leaves_the_page(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("am i sore")
    page = sheet(chat)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.get_by_label("My question 2").fill("Is it the nerve?")
    page.get_by_label("am i sore").uncheck()
    page.wait_for_timeout(500)
    assert [url for url in sent if "/static/" not in url] == []
    assert "nerve" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert chat.kept()["token"] not in page.url


def test_axe_finds_nothing_and_a_phone_shows_it_whole(open_chat: OpenChat) -> None:
    chat = open_chat(viewport=PHONE, color_scheme="dark").open()
    chat.ask("am i sore")
    page = sheet(chat)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
