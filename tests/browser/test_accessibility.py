"""The chat window measured against WCAG 2.2 AA in every state; docs/accessibility.md says which test proves what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Chat, OpenChat

PAGE = [".site", "#main", ".demo-note"]  # the clinic's page has tests of its own


def closed(chat: Chat) -> None:
    chat.launcher.wait_for()


def consent(chat: Chat) -> None:
    chat.launcher.click()


def opened(chat: Chat) -> None:
    chat.open()


def answer(chat: Chat) -> None:
    chat.open().ask("what does it feel like??").locator("summary").click()


def picture(chat: Chat) -> None:
    told = chat.open().ask("about condition_help")
    expect(told.locator("svg")).to_be_visible()
    told.get_by_text("This picture in words").click()


def table(chat: Chat) -> None:
    expect(chat.open().ask("about vs_acupuncture").get_by_role("table")).to_be_visible()


def suggestions(chat: Chat) -> None:
    chat.open().input.press_sequentially("normal to be so")
    chat.input.press("ArrowDown")


def cards(chat: Chat) -> None:
    chat.open().ask("safety questions").get_by_text("Why do you ask?").click()


def emergency(chat: Chat) -> None:
    chat.open().ask("I cannot breathe")


def failed(chat: Chat) -> None:
    chat.open()
    chat.page.route("**/messages", lambda route: route.fulfill(status=413, json={"error": {"message": "Too long."}}))
    chat.write("am i sore")
    expect(chat.button("Try again")).to_be_visible()


def offline(chat: Chat) -> None:
    chat.open().page.context.set_offline(True)
    chat.write("am i sore")
    expect(chat.status).to_contain_text("no connection")


def asked(chat: Chat) -> None:
    chat.open().button("Delete this chat now").click()


STATES = [closed, consent, opened, answer, picture, table, suggestions, cards, emergency, failed, offline, asked]
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": DESKTOP},
    "phone, dark": {"viewport": PHONE, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(open_chat: OpenChat, state: Callable[[Chat], None], look: dict[str, Any]) -> None:
    chat = open_chat(reduced_motion="reduce", **look)
    state(chat)
    assert violations(chat.page, exclude=PAGE) == []


SIDEWAYS = """() => {
    const root = document.querySelector('ims-chat').shadowRoot;
    const out = [...root.querySelectorAll('*')].filter((element) => {
        if (!element.checkVisibility() || element.closest('.heard, .who')) return false;
        const {left, right} = element.getBoundingClientRect();
        const scrolls = getComputedStyle(element).overflowX === 'auto' && element.scrollWidth > element.clientWidth + 1;
        return left < -1 || right > innerWidth + 1 || scrolls;
    });
    return out.map((element) => element.outerHTML.slice(0, 100));
}"""  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_cut_off_on_a_narrow_screen_nor_with_large_text(
    open_chat: OpenChat, state: Callable[[Chat], None]
) -> None:
    chat = open_chat(viewport={"width": 320, "height": 568})
    state(chat)
    assert chat.page.evaluate(SIDEWAYS) == []
    # Text at 200 %: the reader's own default size.
    chat.page.context.new_cdp_session(chat.page).send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    assert chat.page.locator("ims-chat .root").evaluate("root => getComputedStyle(root).fontSize") == "32px"
    assert chat.page.evaluate(SIDEWAYS) == []
    if state is opened:
        for name in ("Talk to a person", "Start over", "Download this chat", "Delete this chat now", "Send"):
            chat.button(name).scroll_into_view_if_needed()
            box = chat.button(name).bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= 320
            assert box["y"] >= 0 and box["y"] + box["height"] <= 568


TARGETS = """() => [...document.querySelector('ims-chat').shadowRoot.querySelectorAll(
        'button, a, summary, label, [role=option]')]
    .filter((element) => element.checkVisibility())
    .map((element) => [element.className || element.tagName, element.getBoundingClientRect()])
    .map(([name, {width, height}]) => [name, Math.round(width * 10) / 10, Math.round(height * 10) / 10])"""
MAIN = ("launcher", "send", "close", "button", "tool", "LABEL", "LI")


@pytest.mark.parametrize("state", STATES)
def test_targets_are_large_enough(open_chat: OpenChat, state: Callable[[Chat], None]) -> None:
    chat = open_chat(viewport=PHONE)
    state(chat)
    for name, width, height in chat.page.evaluate(TARGETS):
        least = 44 if name.startswith(MAIN) else 24
        assert min(width, height) >= least, (name, width, height)


def test_nothing_moves_for_who_does_not_want_it(open_chat: OpenChat) -> None:
    chat = open_chat(reduced_motion="reduce").open()
    chat.page.route("**/messages", lambda route: route.continue_())
    chat.ask("am i sore")
    running = "document.getAnimations().filter((it) => it.playState === 'running').length"
    assert chat.page.evaluate(running) == 0
    styles = chat.page.evaluate(
        "[...document.querySelector('ims-chat').shadowRoot.querySelectorAll('*')].map((it) => getComputedStyle(it))"
        ".filter((it) => it.animationName !== 'none' || !/^0s/.test(it.transitionDuration)).length"
    )
    assert styles == 0


def test_forced_colours_keep_every_edge(open_chat: OpenChat) -> None:
    chat = open_chat(forced_colors="active").open()
    chat.ask("I cannot breathe")
    for part in (".bubble", ".send", ".button", ".tool"):
        border = chat.page.locator(f"ims-chat {part}").last.evaluate("it => getComputedStyle(it).borderTopStyle")
        assert border == "solid", part
    assert chat.page.locator("ims-chat .alarm .bubble").evaluate("it => getComputedStyle(it).borderTopWidth") == "3px"
    chat.input.focus()
    assert chat.input.evaluate("it => getComputedStyle(it).outlineStyle") == "solid"


def test_the_name_of_each_button_begins_with_its_words(open_chat: OpenChat) -> None:
    chat = open_chat()
    chat.launcher.wait_for()
    named = """() => [...document.querySelector('ims-chat').shadowRoot.querySelectorAll('button[aria-label]')]
        .filter((it) => it.textContent.trim()).map((it) => [it.textContent.trim(), it.getAttribute('aria-label')])"""
    for words, name in chat.page.evaluate(named):
        assert name.startswith(words), (words, name)


def test_the_focus_is_seen_and_not_hidden(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("what does it feel like??")
    for _ in range(14):
        chat.page.keyboard.press("Tab")
        seen = chat.page.evaluate("""() => {
            const root = document.querySelector('ims-chat').shadowRoot;
            const it = root.activeElement;
            if (!it) return true;
            const {left, top, width, height} = it.getBoundingClientRect();
            const there = root.elementFromPoint(left + width / 2, top + height / 2);
            return getComputedStyle(it).outlineStyle === 'solid' && (it.contains(there) || there?.contains(it));
        }""")  # fmt: skip
        assert seen, chat.focused()
