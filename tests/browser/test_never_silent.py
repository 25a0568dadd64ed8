"""Whatever stands between patient and gateway, answers go on arriving."""

from __future__ import annotations

from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import OpenChat


def test_an_answer_arrives_where_something_holds_the_stream_back(open_chat: OpenChat) -> None:
    chat = open_chat()
    chat.page.route("**/events", lambda route: None)  # never answered, as some proxies do
    chat.open()
    chat.write("say still here")
    expect(chat.replies).to_have_count(2, timeout=20_000)
    chat.write("i cannot breathe")
    expect(chat.page.get_by_role("link", name="Call 911", exact=True).first).to_be_visible(timeout=20_000)


def streams(page: Page) -> list[str]:
    """The streams that a page asks for from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/events"):
            asked.append(request.url)

    page.on("request", note)
    return asked


def test_all_tabs_share_one_stream_and_the_last_one_goes_on_when_others_close(open_chat: OpenChat) -> None:
    first = open_chat().open()
    first.ask("say one")
    tabs = [open_chat(context=first.page.context) for _ in range(7)]
    for tab in tabs:
        asked = streams(tab.page)
        tab.page.reload()
        tab.open()
        expect(tab.replies).to_have_count(2)
        assert asked == [], "a tab opened a stream of its own"
    last = tabs[-1]
    last.ask("say from the eighth tab")
    expect(first.replies).to_have_count(3)
    for tab in (first, *tabs[:-1]):
        tab.page.close()
    last.ask("say alone")
    assert last.texts() == ["say one", "say from the eighth tab", "say alone"]


def test_a_page_that_swaps_its_body_keeps_the_chat_and_leaves_no_stream_behind(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("say before")
    open_streams: list[Request] = []
    chat.page.on("request", lambda asked: open_streams.append(asked) if asked.url.endswith("/events") else None)
    ended: list[Request] = []
    for name in ("requestfailed", "requestfinished"):
        chat.page.on(name, lambda asked: ended.append(asked) if asked.url.endswith("/events") else None)
    for _ in range(8):
        chat.page.evaluate(
            "() => { document.body = document.createElement('body'); document.body.append('another page'); }"
        )
        chat.page.wait_for_timeout(50)
    expect(chat.panel).to_be_visible()
    chat.ask("say after")
    assert chat.texts() == ["say before", "say after"]
    assert len(open_streams) - len([one for one in ended if one in open_streams]) <= 1


def test_who_comes_back_by_the_back_button_finds_the_chat_at_work(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("say here")
    chat.page.goto("/answers")
    chat.page.go_back()
    chat.launcher.or_(chat.input).first.wait_for()
    if chat.launcher.is_visible():
        chat.launcher.click()
    expect(chat.replies).to_have_count(2)
    chat.ask("say and here again")
    assert chat.texts() == ["say here", "say and here again"]
