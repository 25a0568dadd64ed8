"""The buttons under an answer: by keyboard, without noise for a screen reader, and kept over a reload."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenChat, Site


def test_an_answer_is_rated_by_keyboard_and_stays_rated(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("am i sore after")
    # It comes a moment after the answer.
    expect(chat.replies.last.get_by_role("button", name="Helpful", exact=True)).to_be_visible()
    for key in ("Shift+Tab", "ArrowRight", "ArrowRight"):  # into the row of the answer, and along it
        chat.page.keyboard.press(key)
    assert chat.focused() == "Helpful"
    chat.page.keyboard.press("Enter")
    thanks = chat.replies.locator(".feedback").last
    expect(thanks).to_have_text("Thank you. You found this helpful.")
    assert chat.focused() == "Thank you. You found this helpful.", "the focus is not lost with the buttons"
    assert not any("Helpful" in one["text"] for one in chat.announced()), "an answer is read out without its buttons"
    chat.page.reload()
    chat.open()
    expect(thanks).to_have_text("Thank you. You found this helpful.")


def test_what_looks_wrong_can_be_said_in_words_and_taken_back_before_it_is_sent(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("am i sore after")
    feedback = chat.replies.locator(".feedback").last
    feedback.get_by_role("button", name="This looks wrong").click()
    note = feedback.get_by_label("What looks wrong?")
    expect(note).to_be_focused()
    feedback.get_by_role("button", name="Cancel").click()
    feedback.get_by_role("button", name="This looks wrong").click()
    note.fill("x" * 600)
    assert len(note.input_value()) == 500
    feedback.get_by_role("button", name="Tell the clinic").click()
    expect(feedback).to_have_text("Thank you. The clinic's staff will look at this answer.")


def test_only_answers_have_the_buttons(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("I cannot breathe")
    expect(chat.replies.last).to_contain_text("Call 911")
    expect(chat.page.get_by_role("button", name="This looks wrong")).to_have_count(0)


def test_a_verdict_that_did_not_arrive_can_be_given_again(open_chat: OpenChat, site: Site) -> None:
    chat = open_chat().open()
    chat.ask("am i sore after")
    feedback = chat.replies.locator(".feedback").last
    chat.page.route("**/feedback", lambda route: route.abort("internetdisconnected"))
    feedback.get_by_role("button", name="Helpful", exact=True).click()
    expect(feedback).to_contain_text("That could not be sent.")
    chat.page.unroute("**/feedback")
    feedback.get_by_role("button", name="Helpful", exact=True).click()
    expect(feedback).to_have_text("Thank you. You found this helpful.")
