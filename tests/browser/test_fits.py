"""The window on a clinic's own page: where it stands, how it looks, how the page opens it, what the page is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenChat, Site
from tests.browser.test_host_pages import hosts
from tests.support.processes import free_port

__all__ = ["hosts"]  # the pages of another origin


def test_a_page_says_where_it_stands_and_in_which_layer(open_chat: OpenChat) -> None:
    chat = open_chat()
    chat.launcher.wait_for()
    chat.page.evaluate("""() => {
        const it = document.querySelector('ims-chat');
        it.setAttribute('position', 'left');
        it.style.setProperty('--ims-offset-inline', '30px');
        it.style.setProperty('--ims-offset-block', '90px');
    }""")
    box, size = chat.launcher.bounding_box(), chat.page.viewport_size
    assert box and size
    assert box["x"] == 30 and size["height"] - box["y"] - box["height"] == pytest.approx(90, abs=1)
    chat.page.evaluate("""() => {
        document.querySelector('ims-chat').remove();
        const it = document.createElement('ims-chat');
        it.setAttribute('layer', 'page');
        it.style.setProperty('--ims-layer', '5');
        document.body.append(it);
    }""")
    chat.launcher.wait_for()
    root = chat.page.locator("ims-chat .root")
    assert root.evaluate("it => [getComputedStyle(it).zIndex, it.matches(':popover-open')]") == ["5", False]


def test_a_page_uses_a_button_of_its_own(open_chat: OpenChat) -> None:
    chat = open_chat()
    chat.launcher.wait_for()
    chat.page.evaluate("""() => {
        document.querySelector('ims-chat').setAttribute('launcher', 'none');
        document.querySelector('h1').innerHTML = '<a href="#ims-chat">Ask us</a>';
    }""")
    expect(chat.launcher).to_be_hidden()
    chat.page.get_by_role("link", name="Ask us").click()
    expect(chat.panel).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(chat.page.get_by_role("link", name="Ask us")).to_be_focused()
    chat.page.evaluate("document.querySelector('ims-chat').open()")
    expect(chat.panel).to_be_visible()
    chat.page.evaluate("document.querySelector('ims-chat').close()")
    expect(chat.panel).to_be_hidden()


def test_it_is_dark_only_where_page_and_reader_are_and_keeps_the_brand(open_chat: OpenChat) -> None:
    chat = open_chat(color_scheme="dark")
    chat.launcher.wait_for()
    theme = "() => document.querySelector('ims-chat').shadowRoot.querySelector('.root').dataset.theme"
    assert chat.page.evaluate(theme) == "dark"
    chat.page.evaluate("document.querySelector('ims-chat').setAttribute('theme', 'light')")
    expect(chat.page.locator("ims-chat .root")).to_have_attribute("data-theme", "light")
    chat.page.evaluate("document.querySelector('ims-chat').setAttribute('theme', 'dark')")
    colour = (
        "() => getComputedStyle(document.querySelector('ims-chat').shadowRoot.querySelector('.launcher'))"
        ".backgroundColor"
    )
    expect(chat.page.locator("ims-chat .root")).to_have_attribute("data-theme", "dark")
    before = chat.page.evaluate(colour)
    chat.page.evaluate("document.querySelector('ims-chat').style.setProperty('--ims-primary', '#5a1478')")
    assert chat.page.evaluate(colour) != before
    light = open_chat(color_scheme="dark")
    light.launcher.wait_for()
    light.page.evaluate("""() => {
        document.documentElement.style.colorScheme = 'light';
        document.querySelector('ims-chat').remove();
        document.body.append(document.createElement('ims-chat'));
    }""")
    light.launcher.wait_for()
    assert light.page.evaluate(theme) == "light", "a dark window on a white page"


def test_the_page_hears_what_happens_and_nothing_of_what_is_said(open_chat: OpenChat) -> None:
    chat = open_chat()
    chat.page.evaluate("""() => {
        window.heard = [];
        for (const name of ['open', 'message', 'close'])
            addEventListener(`ims-${name}`, ({type, detail}) => heard.push([type, detail]));
    }""")
    chat.open()
    chat.ask("say my knee hurts")
    chat.page.keyboard.press("Escape")
    heard = chat.page.evaluate("heard")
    assert [name for name, _ in heard] == ["ims-open", "ims-message", "ims-message", "ims-message", "ims-close"]
    assert {tuple(detail) for _, detail in heard if detail} == {("from",)}


def test_it_is_still_open_on_the_next_page_but_not_after_it_was_closed(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("say on one page")
    chat.page.goto("/answers")
    expect(chat.panel).to_be_visible()
    expect(chat.replies).to_have_count(2)
    assert chat.focused() != "input", "the page's own focus stays"
    chat.button("Close the chat").click()
    chat.page.goto("/")
    expect(chat.launcher).to_be_visible()


@pytest.fixture
def stranger(site: Site) -> Iterator[str]:
    """A page of a site that may not show the chat."""
    page = f'<!doctype html><title>Other</title><script src="{site.url}/widget.js" async></script>'.encode()

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    port = free_port()
    server = ThreadingHTTPServer(("127.0.0.1", port), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{port}"
    server.shutdown()
    server.server_close()


def test_a_site_that_is_not_allowed_is_told_so_in_words(open_chat: OpenChat, stranger: str) -> None:
    chat = open_chat("/health")
    with chat.page.expect_console_message(lambda told: "website_origins" in told.text) as told:
        chat.page.goto(stranger)
    assert stranger in told.value.text
    chat.complaints.clear()


@pytest.mark.parametrize(
    "tag", ["<script type=module src={src}></script>", "<script defer src={src}></script>", "{inline}"]
)
def test_optimisers_that_change_the_tag_do_not_break_it(open_chat: OpenChat, site: Site, tag: str) -> None:
    chat = open_chat("/health")
    loader = chat.page.request.get("/widget.js").text()
    page = tag.format(src=f"{site.url}/widget.js", inline=f"<script data-home='{site.url}/'>{loader}</script>")
    chat.page.route(
        "**/combined",
        lambda route: route.fulfill(content_type="text/html", body=f"<!doctype html><title>x</title><body>{page}"),
    )
    chat.page.goto("/combined")
    expect(chat.launcher).to_be_visible()
