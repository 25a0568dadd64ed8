"""What a clinic decides about the window: colours, the longest message, what is kept; and what is always at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, OpenChat, Site
from tests.support.shipped import shipped_knowledge

CLINIC = shipped_knowledge().clinic


@pytest.fixture
def short_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A gateway that takes no more than 40 characters."""
    monkeypatch.setenv("IMS_MESSAGE_LIMIT", "40")
    return Site(tmp_path)


def test_the_longest_message_is_the_gateways(open_chat: OpenChat, short_messages: Site) -> None:
    short_messages.start_engine()
    short_messages.start_gateway()
    try:
        chat = open_chat(at=short_messages.url).open()
        chat.write("x" * 43)
        expect(chat.page.get_by_text("Too long to send: 3 characters too many")).to_be_visible()
        assert chat.texts() == []
        chat.input.fill("say 40 " + "x" * 33)
        chat.input.press("Enter")
        expect(chat.replies).to_have_count(2)
    finally:
        short_messages.close()


def test_colours_come_from_the_clinic_and_from_the_page(open_chat: OpenChat) -> None:
    chat = open_chat()
    chat.launcher.wait_for()
    colour = "it => getComputedStyle(it).backgroundColor"
    red, green, blue = (int(CLINIC.theme["primary"][at : at + 2], 16) for at in (1, 3, 5))
    assert chat.launcher.evaluate(colour) == f"rgb({red}, {green}, {blue})"
    chat.page.evaluate("""() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync('ims-chat { --ims-primary: rgb(90, 20, 120); --ims-radius: 3px; }');
        document.adoptedStyleSheets = [sheet];
    }""")
    assert chat.launcher.evaluate(colour) == "rgb(90, 20, 120)"
    chat.open()
    assert chat.panel.evaluate("it => getComputedStyle(it).borderRadius") == "3px"


@pytest.mark.parametrize("viewport", [{"width": 1200, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_help_is_always_in_sight_and_ones_rights_are_two_taps_away(
    open_chat: OpenChat, viewport: dict[str, int]
) -> None:
    chat = open_chat(viewport=viewport).open()
    for message in ("safety questions", "I cannot breathe", "about condition_help"):
        chat.ask(message)
        expect(chat.button("Talk to a person")).to_be_in_viewport(ratio=1)
        chat.button("More about this chat").click()
        for name in ("Start over", "Download this chat", "Delete this chat now"):
            expect(chat.button(name)).to_be_in_viewport(ratio=1)
        chat.page.keyboard.press("Escape")


def test_it_says_what_is_kept_and_until_when(open_chat: OpenChat) -> None:
    chat = open_chat()
    chat.launcher.click()
    days = CLINIC.retention_days
    expect(chat.panel).to_contain_text(f"keep this chat for {days} days after your last message")
    chat.button("I agree, start the chat").click()
    expect(chat.panel).to_contain_text(f"This chat is kept for {days} days after your last message, then deleted.")
