"""What passes between a patient and the desk beside the messages, in two real browsers."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenChat
from tests.browser.test_desk import OpenDesk, asks_for_a_person, open_desk, reply_box, send, staffed, take

__all__ = ["open_desk", "staffed"]


def test_both_see_that_the_other_writes_and_has_read(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    chat, desk = asks_for_a_person(open_chat), open_desk()
    take(desk, chat)
    chat.input.press_sequentially("my kn")
    expect(desk.locator("#moment")).to_have_text("The patient is writing ...")
    chat.write("my knee hurts")
    expect(desk.locator("#log")).to_contain_text("my knee hurts")
    expect(desk.locator("#moment")).to_have_text("")
    desk.locator("#log").click()
    expect(chat.page.locator("ims-chat .message.patient .seen")).to_have_text("Seen")
    reply_box(desk).press_sequentially("One mo")
    expect(chat.status).to_have_text("Ana is writing")
    expect(chat.page.locator("ims-chat .typing")).to_be_visible()
    expect(send(desk, "One moment, please.")).to_have_text("Sent.")
    expect(chat.replies.last).to_contain_text("One moment, please.")
    expect(chat.status).to_have_text("")
    expect(chat.page.locator("ims-chat .typing")).to_have_count(0)
    expect(desk.locator("#moment")).to_have_text("Seen by the patient")


def test_nothing_of_what_is_being_typed_leaves_the_browser(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    chat, desk = asks_for_a_person(open_chat), open_desk()
    take(desk, chat)
    sent: list[str] = []
    chat.page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    chat.input.press_sequentially("walrus half a")
    expect(desk.locator("#moment")).to_have_text("The patient is writing ...")
    assert any("/moment" in request for request in sent)
    assert [request for request in sent if "walrus" in request] == []


def test_a_sender_is_blocked_told_once_and_a_new_chat_is_no_way_around_it(
    open_chat: OpenChat, open_desk: OpenDesk
) -> None:
    chat, desk = asks_for_a_person(open_chat), open_desk()
    take(desk, chat)
    desk.locator("summary", has_text="Block").click()
    desk.locator("details[open]").get_by_label("Why").select_option(label="Insults or threats")
    desk.get_by_role("button", name="Block this chat").click()
    expect(desk.locator(".actions")).to_contain_text("Insults or threats")
    expect(chat.replies.last).to_contain_text("Our front desk has stopped answering in this chat for some days.")
    chat.from_menu("Start over")
    chat.button("Yes, start a new chat").click()
    expect(chat.messages).to_have_count(1)
    chat.page.get_by_role("button", name="Talk to a person").first.click()
    expect(chat.replies.last).to_contain_text("You cannot reach our front desk by chat at the moment.")
    desk.get_by_role("button", name="Unblock").click()
    expect(desk.locator(".actions")).not_to_contain_text("blocked until")
