"""What a patient in danger sees: whom to call, before anything else, on every screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import PHONE, Chat, OpenChat
from tests.support.processes import eventually

# Windows as they are left by a keyboard, or made small by large text (in percent).
WINDOWS = {
    "with a keyboard": (390, 508, 100),
    "a small phone with a keyboard": (360, 380, 100),
    "text at 125 %": (360, 640, 125),
    "text at 150 %": (360, 640, 150),
    "text at 200 %": (390, 844, 200),
    "the smallest phone": (320, 568, 100),
    "the smallest phone, text at 200 %": (320, 568, 200),
}


def in_sight(chat: Chat, place: Locator) -> bool:
    """Whether all of it can be seen, inside of the part of the log that shows."""
    return place.evaluate("""(it) => {
        const {top, bottom, left, right} = it.getBoundingClientRect();
        const log = it.getRootNode().querySelector('.log').getBoundingClientRect();
        const there = it.getRootNode().elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return top >= log.top && bottom <= Math.min(log.bottom, innerHeight) && left >= 0 && right <= innerWidth
            && (it.contains(there) || it === there);
    }""")  # fmt: skip


@pytest.mark.parametrize(("width", "height", "text"), WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize(
    ("said", "number"), [("my chest hurts and I cannot get air", "911"), ("i will end my life", "988")]
)
def test_the_number_to_call_is_in_sight_whatever_the_window(
    open_chat: OpenChat, said: str, number: str, width: int, height: int, text: int
) -> None:
    chat = open_chat(viewport={"width": width, "height": height})
    sizes = {"standard": 16 * text // 100, "fixed": 13 * text // 100}
    chat.page.context.new_cdp_session(chat.page).send("Page.setFontSizes", {"fontSizes": sizes})
    chat.open().ask(said)
    call = chat.page.get_by_role("link", name=f"Call {number}", exact=True).first
    expect(call).to_be_visible()
    eventually(lambda: in_sight(chat, call))


def test_the_call_comes_first_and_is_as_wide_as_the_card(open_chat: OpenChat) -> None:
    alarm = open_chat(viewport=PHONE).open().ask("there is a sharp pain and i cannot get air")
    first = alarm.locator(".bubble :is(a, p, li, strong, button)").first
    assert first.inner_text() == "Call 911"
    card, call = alarm.locator(".bubble").bounding_box(), first.bounding_box()
    assert card and call and call["height"] >= 56 and call["width"] > card["width"] * 0.85
    steps = alarm.locator(".bubble ol > li").all_inner_texts()
    assert "Do not drive yourself." in steps and not any("can mean" in step for step in steps)


def test_the_field_lets_go_of_the_focus_and_the_call_is_the_next_stop(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("I cannot breathe")
    expect(chat.input).not_to_be_focused()
    chat.page.keyboard.press("Tab")
    assert chat.focused() == "Call 911"


def test_what_is_not_about_the_danger_makes_room_until_something_else_is_said(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("I cannot breathe")
    expect(chat.page.locator("ims-chat .safety")).to_be_hidden()
    chat.ask("say something")
    expect(chat.page.locator("ims-chat .safety")).to_be_visible()


def test_a_crisis_offers_one_line_to_call_and_to_text_and_the_rest_behind_a_tap(open_chat: OpenChat) -> None:
    alarm = open_chat(viewport=PHONE).open().ask("i will end my life")
    shown = [link.inner_text() for link in alarm.get_by_role("link").all() if link.is_visible()]
    assert shown[:2] == ["Call 988", "Text 988"]
    assert alarm.get_by_role("link", name="Text 988").get_attribute("href") == "sms:988"
    more = alarm.get_by_role("link", name="Call 1-800-SUICIDE")
    expect(more).to_be_hidden()
    alarm.get_by_text("More lines to call").click()
    expect(more).to_be_visible()


@pytest.mark.parametrize(("said", "name"), [("I cannot breathe", "Emergency"), ("i will end my life", "You are not")])
def test_an_alarm_is_announced_as_what_it_is(open_chat: OpenChat, said: str, name: str) -> None:
    chat = open_chat().open()
    chat.ask(said)
    assert [one["live"] for one in chat.announced() if one["text"].startswith(name)] == ["assertive"]


def test_the_consent_can_be_read_at_400_percent(open_chat: OpenChat) -> None:
    chat = open_chat(viewport={"width": 320, "height": 256})
    chat.launcher.click()
    hidden = chat.page.locator("ims-chat .consent").evaluate("""(consent) => {
        const root = consent.getRootNode();
        return [...consent.querySelectorAll('p')].filter((it) => {
            it.scrollIntoView({block: 'start'});
            const {left, top} = it.getBoundingClientRect();
            const there = root.elementFromPoint(left + 5, Math.max(top, 0) + 12);
            return !(it.contains(there) || there === it);
        }).map((it) => it.textContent);
    }""")  # fmt: skip
    assert hidden == [], "buttons lie on it"
