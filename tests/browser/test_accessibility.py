"""The chat window measured against WCAG 2.2 AA in every state; docs/accessibility.md says which test proves what."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Chat, OpenChat
from tests.support.axe import violations
from tests.support.shipped import shipped_knowledge

PAGE = [".site", "#main", ".demo-note"]  # the clinic's page has tests of its own


def closed(chat: Chat) -> None:
    chat.launcher.wait_for()


def consent(chat: Chat) -> None:
    chat.launcher.click()


def opened(chat: Chat) -> None:
    chat.open()


def answer(chat: Chat) -> None:
    chat.open().ask("what does it feel like??").get_by_role("button", name="Sources").click()


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


def error(chat: Chat) -> None:
    chat.open().page.route("**/messages", lambda route: route.fulfill(status=500, body="oops"))
    chat.write("am i sore")
    expect(chat.status).to_contain_text("Something went wrong on our side")


def waiting(chat: Chat) -> None:
    chat.open().button("Talk to a person").first.click()
    chat.page.get_by_text("Leave a phone or e-mail").click()
    expect(chat.button("Stop waiting")).to_be_visible()


def wrong(chat: Chat) -> None:
    chat.open().ask("am i sore")
    chat.button("This looks wrong").click()
    expect(chat.button("Tell the clinic")).to_be_visible()


def asked(chat: Chat) -> None:
    chat.open().from_menu("Delete this chat now")


def deleted(chat: Chat) -> None:
    asked(chat)
    chat.button("Yes, delete it").click()
    expect(chat.page.get_by_text("The chat is deleted.")).to_be_visible()


def menu(chat: Chat) -> None:
    chat.open().button("More about this chat").click()


def several(chat: Chat) -> None:
    chat.open().ask("am i sore and how often")


def prices(chat: Chat) -> None:
    expect(chat.open().ask("about cost").get_by_role("table")).to_be_visible()


def crisis(chat: Chat) -> None:
    chat.open().ask("i will end my life").get_by_text("More lines to call").click()


STATES = [
    *(closed, consent, opened, answer, picture, table, suggestions, cards, emergency, failed, offline, error),
    *(waiting, wrong, asked, deleted, menu, several, prices, crisis),
]
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


BROKEN_WORDS = """(labels) => labels.filter((label) => {
    const size = parseFloat(getComputedStyle(label).lineHeight);
    const words = label.textContent.trim().split(/\\s+/).length;
    return label.checkVisibility() && label.getBoundingClientRect().height > words * size + 1;
}).map((label) => label.textContent)"""  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_cut_off_on_a_narrow_screen_nor_with_large_text(
    open_chat: OpenChat, state: Callable[[Chat], None]
) -> None:
    chat = open_chat(viewport={"width": 320, "height": 568})
    state(chat)
    assert chat.page.evaluate(SIDEWAYS) == []
    broken = chat.page.locator("ims-chat :is(.person, .entry) span").evaluate_all(BROKEN_WORDS)
    assert broken == [], "a word of a button is broken in two"
    # Text at 200 %: the reader's own default size.
    chat.page.context.new_cdp_session(chat.page).send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    assert chat.page.locator("ims-chat .root").evaluate("root => getComputedStyle(root).fontSize") == "32px"
    assert chat.page.evaluate(SIDEWAYS) == []
    if state is opened:
        chat.button("More about this chat").click()
        for name in ("Talk to a person", "Start over", "Download this chat", "Delete this chat now"):
            chat.button(name).scroll_into_view_if_needed()
            box = chat.button(name).bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= 320
            assert box["y"] >= 0 and box["y"] + box["height"] <= 568


TARGETS = """() => [...document.querySelector('ims-chat').shadowRoot.querySelectorAll(
        'button, a, summary, label, [role=option]')]
    .filter((element) => element.checkVisibility())
    .map((element) => [element.className || element.tagName, element.getBoundingClientRect()])
    .map(([name, {width, height}]) => [name, Math.round(width * 10) / 10, Math.round(height * 10) / 10])"""
MAIN = ("launcher", "send", "round", "person", "entry", "button", "LABEL", "LI")


@pytest.mark.parametrize("state", STATES)
def test_targets_are_large_enough(open_chat: OpenChat, state: Callable[[Chat], None]) -> None:
    chat = open_chat(viewport=PHONE, reduced_motion="reduce")  # what still grows is measured too small
    state(chat)
    for name, width, height in chat.page.evaluate(TARGETS):
        least = 44 if name.startswith(MAIN) else 24
        assert min(width, height) >= least, (name, width, height)


# What readers may set themselves (WCAG 1.4.12), on everything in the window.
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important; } p { margin-bottom: 2em !important; }`);
    document.querySelector('ims-chat').shadowRoot.adoptedStyleSheets.push(sheet);
}"""
CLIPPED = """() => [...document.querySelector('ims-chat').shadowRoot.querySelectorAll('button, .bubble, p, h2, h3, li')]
    .filter((it) => it.checkVisibility() && !it.closest('.heard, .who') && getComputedStyle(it).overflow !== 'visible')
    .filter((it) => it.scrollWidth > it.clientWidth + 1 ||
        (it.scrollHeight > it.clientHeight + 1 && getComputedStyle(it).overflowY !== 'auto'))  // a docked card scrolls
    .map((it) => it.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("state", [consent, answer, cards, emergency, waiting])
def test_more_space_between_letters_words_and_lines_cuts_nothing_off(
    open_chat: OpenChat, state: Callable[[Chat], None]
) -> None:
    chat = open_chat(viewport=PHONE)
    state(chat)
    chat.page.evaluate(SPACED)
    assert chat.page.evaluate(SIDEWAYS) == []
    assert chat.page.evaluate(CLIPPED) == []


def test_it_can_be_used_however_the_phone_is_held(open_chat: OpenChat) -> None:
    chat = open_chat(viewport={"width": 844, "height": 390}).open()
    expect(chat.ask("am i sore")).to_be_in_viewport()
    chat.input.scroll_into_view_if_needed()
    expect(chat.input).to_be_in_viewport()


def test_no_words_point_to_a_place_a_shape_or_a_colour() -> None:
    pointing = re.compile(r"\b(above|below|left|right|round|square|red|green|blue|grey|dessus|dessous|gauche|droite)\b")
    catalogues = shipped_knowledge().catalogues.values()
    texts = [text for catalogue in catalogues for text in catalogue.strings.values()]
    assert len(texts) > 100
    assert [text for text in texts if pointing.search(text) and "right now" not in text] == []


def test_a_pointer_acts_when_it_is_let_go_and_not_before(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.input.press_sequentially("normal to be so")
    option = chat.page.get_by_role("option").first
    option.hover()
    chat.page.mouse.down()
    chat.page.mouse.move(5, 5)
    chat.page.mouse.up()
    assert chat.texts() == []
    option.click()
    expect(chat.messages.nth(1)).to_contain_text("Is it normal to be sore after?")


def test_nothing_asks_for_a_gesture_a_drag_or_a_shake() -> None:
    sources = {file.name: file.read_text("utf-8") for file in Path("gateway/static/widget").glob("*.js")}
    assert sources
    events = re.compile(r"touch(start|move|end)|pointer(down|move)|mousemove|drag|device(motion|orientation)")
    assert [name for name, source in sources.items() if events.search(source)] == []


def test_single_letters_do_nothing_outside_of_the_text(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.locator("ims-chat .log").focus()
    for key in "abcdefghijklmnopqrstuvwxyz?/":
        chat.page.keyboard.press(key)
    expect(chat.panel).to_be_visible()
    assert (chat.texts(), chat.input.input_value()) == ([], "")


def test_the_field_for_a_contact_can_be_filled_by_the_browser(open_chat: OpenChat) -> None:
    chat = open_chat()
    waiting(chat)
    assert chat.page.get_by_label("E-mail or phone").get_attribute("autocomplete") == "email"


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
    for part in (".bubble", ".send", ".button", ".person"):
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
