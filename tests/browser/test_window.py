"""How the window looks and what can be done in it: room for the answers, what can be tapped, one quiet row."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, OpenChat
from tests.support.shipped import shipped_knowledge

KNOWLEDGE = shipped_knowledge()


def test_it_begins_with_questions_to_tap(open_chat: OpenChat) -> None:
    chat = open_chat(viewport=PHONE).open()
    home = chat.messages.first
    for starter in KNOWLEDGE.window.starters:
        expect(home.get_by_role("button", name=starter.label, exact=True)).to_be_in_viewport()
    chat.button("Cost and booking").click()
    expect(chat.replies.last).to_contain_text("$115")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_all_that_is_not_conversation_takes_at_most_a_fifth(open_chat: OpenChat, viewport: dict[str, int]) -> None:
    chat = open_chat(viewport=viewport).open()
    chat.ask("am i sore")
    panel, log = chat.panel.bounding_box(), chat.page.locator("ims-chat .log").bounding_box()
    assert panel and log
    assert panel["height"] - log["height"] <= panel["height"] / 5
    head = chat.page.locator("ims-chat .head").bounding_box()
    assert head and head["height"] <= 58
    expect(chat.button("Talk to a person").first).to_be_in_viewport()


def test_phone_numbers_pages_and_the_way_to_the_clinic_can_be_tapped(open_chat: OpenChat) -> None:
    clinic = KNOWLEDGE.clinic
    said = open_chat().open().ask(f"say Call {clinic.phone}, see {clinic.booking_link}. Or 911, not 9110 or $911.")
    links = {link.inner_text(): link.get_attribute("href") for link in said.get_by_role("link").all()}
    assert links == {
        clinic.phone: f"tel:{clinic.phone.replace('-', '')}",
        clinic.booking_link: clinic.booking_link,
        "911": "tel:911",
    }
    wraps = said.get_by_role("link", name=clinic.phone).evaluate("it => getComputedStyle(it).whiteSpace")
    assert wraps == "nowrap", "a number is not broken over two lines"


@pytest.mark.parametrize("topic", KNOWLEDGE.window.reach_under)
def test_who_reads_of_prices_hours_or_booking_can_call_or_book_at_once(open_chat: OpenChat, topic: str) -> None:
    told = open_chat().open().ask(f"about {topic}")
    call = told.get_by_role("link", name=f"Call {KNOWLEDGE.clinic.phone}", exact=True)
    assert call.get_attribute("href") == f"tel:{KNOWLEDGE.clinic.phone}"
    book = told.get_by_role("link", name="Book online")
    assert book.get_attribute("href") == KNOWLEDGE.clinic.booking_link


def test_prices_are_rows_and_the_week_begins_with_today(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    prices = chat.ask("about cost").get_by_role("table")
    assert prices.locator("td").all_inner_texts() == [fee.price for fee in KNOWLEDGE.clinic.fees]
    hours = chat.ask("about hours_location")
    expect(hours.get_by_role("table")).to_be_hidden()
    hours.get_by_text("Our hours, day by day").click()
    rows = hours.get_by_role("table").get_by_role("row").all_inner_texts()
    assert len(rows) == 7 and rows[0].startswith("Today (")
    assert "Wednesday 8 am" not in hours.locator("p").first.inner_text(), "the week stands once"


def test_the_first_sentence_of_an_answer_stands_out(open_chat: OpenChat) -> None:
    told = open_chat().open().ask("what does it feel like??")
    lead = told.locator("p strong").first.inner_text()
    assert lead.endswith(".") and lead == told.locator("p").first.inner_text()[: len(lead)]


def test_several_answers_have_their_questions_above_them_and_say_what_is_below(open_chat: OpenChat) -> None:
    chat = open_chat(viewport={"width": 390, "height": 500}).open()
    chat.ask("am i sore and how often")
    expect(chat.replies).to_have_count(3)
    titles = chat.page.locator("ims-chat .topic:visible")
    expect(titles).to_have_text([KNOWLEDGE.topics["soreness"].title, KNOWLEDGE.topics["how_often"].title])
    below = chat.page.locator("ims-chat .below")
    expect(below).to_contain_text("1")
    below.click()
    expect(chat.replies.last).to_be_in_viewport()
    expect(below).to_be_hidden()
    chat.ask("what does it feel like??")
    assert titles.count() == 2, "an answer alone needs no title"


def test_an_answer_that_nobody_signed_says_so_and_one_that_is_signed_does_not(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    expect(chat.ask("am i sore")).to_contain_text("Not yet reviewed by a physio")
    told = chat.page.evaluate("""async () => {
        const {drawEvent} = await import(new URL('widget/messages.js', location.href));
        const words = {sources: 'Sources', not_reviewed: 'Not yet'};
        return [true, false].map((reviewed) => {
            const body = {kind: 'answer', text: 'It is.', reviewed, sources: [{title: 'One'}], title: 'T'};
            const event = {role: 'assistant', seq: 2, time: new Date().toISOString(), body};
            return drawEvent(event, words, new URL(location.href)).textContent.includes('Not yet');
        });
    }""")  # fmt: skip
    assert told == [False, True]


def test_a_price_stands_on_one_line_on_the_smallest_phone(open_chat: OpenChat) -> None:
    price = open_chat(viewport={"width": 320, "height": 568}).open().ask("about cost").locator("td").first
    lines = price.evaluate("""(it) => {
        const range = document.createRange();
        range.selectNodeContents(it);
        return new Set([...range.getClientRects()].map(({top}) => Math.round(top))).size;
    }""")  # fmt: skip
    assert lines == 1


def test_the_home_is_read_from_its_beginning_however_small_the_window(open_chat: OpenChat) -> None:
    chat = open_chat(viewport={"width": 390, "height": 420}).open()
    chat.page.wait_for_timeout(300)
    head, greeting = chat.page.locator("ims-chat .head").bounding_box(), chat.messages.first.bounding_box()
    assert head and greeting and greeting["y"] >= head["y"] + head["height"]


def test_the_row_of_an_older_answer_lies_on_nothing_after_it_was_tapped(open_chat: OpenChat) -> None:
    chat = open_chat(viewport={"width": 390, "height": 844}).open()
    first = chat.ask("am i sore")
    first.get_by_role("button", name="Tell me more").click()
    expect(chat.replies).to_have_count(3)
    chat.page.mouse.move(5, 5)
    row = first.locator(".row").bounding_box()
    assert row and row["height"] <= 1


def test_what_belongs_to_an_answer_is_one_stop_for_the_tab_key(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("am i sore")
    chat.button("Helpful").wait_for()
    press = chat.page.keyboard.press
    press("Shift+Tab")
    chat.walk_to("Tell me more", "input", key="Shift+Tab")
    assert chat.focused() == "Tell me more"
    passed = []
    for _ in range(4):
        press("ArrowRight")
        passed.append(chat.focused())
    assert passed == ["Sources (3)", "Helpful", "Not helpful", "This looks wrong"] or "Helpful" in passed
    press("Tab")
    assert chat.focused() in ("input", "Send", "Tell me more") or chat.focused().startswith("Opens")


def test_escape_closes_the_note_and_the_menu_before_it_closes_the_window(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("am i sore")
    chat.button("This looks wrong").click()
    chat.page.keyboard.press("Escape")
    expect(chat.button("This looks wrong")).to_be_visible()
    chat.button("More about this chat").click()
    assert chat.focused() == "Start over"
    chat.page.keyboard.press("Escape")
    assert chat.focused() == "More about this chat"
    expect(chat.panel).to_be_visible()


def test_the_window_keeps_to_what_the_keyboard_leaves_of_the_screen(open_chat: OpenChat) -> None:
    chat = open_chat(viewport=PHONE).open()
    chat.ask("am i sore")
    chat.page.evaluate("""() => {
        Object.defineProperty(visualViewport, 'height', {get: () => 420, configurable: true});
        Object.defineProperty(visualViewport, 'offsetTop', {get: () => 60, configurable: true});
        visualViewport.dispatchEvent(new Event('resize'));
    }""")
    box, field = chat.panel.bounding_box(), chat.input.bounding_box()
    assert box and field
    assert (box["y"], box["height"]) == (60, 420)
    assert field["y"] + field["height"] <= 480
    expect(chat.page.locator("ims-chat .message.patient").last).to_be_in_viewport()


def test_a_card_that_was_answered_leaves_one_line(open_chat: OpenChat) -> None:
    chat = open_chat(viewport={"width": 320, "height": 568}).open()
    chat.ask("safety questions")
    chat.button("None of these").click()
    expect(chat.page.get_by_role("group", name="Needles and swelling")).to_be_visible()
    expect(chat.page.get_by_role("group", name="Bleeding")).to_be_hidden()
    assert chat.texts() == ["safety questions", "Answered: Bleeding"]
    done = chat.button("Done")
    done.scroll_into_view_if_needed()
    expect(done).to_be_in_viewport()


@pytest.mark.parametrize(
    ("typed", "title"),
    [("does it hu", "Does it hurt?"), ("can i have a beer", "Can I drink alcohol after?"), ("qwfp zxcv", None)],
)
def test_what_people_type_is_suggested_and_nonsense_is_not(open_chat: OpenChat, typed: str, title: str | None) -> None:
    chat = open_chat().open()
    with chat.page.expect_response("**/api/widget/suggestions"):
        chat.input.press_sequentially(typed)
    options = chat.page.get_by_role("listbox", name="Suggested questions").get_by_role("option")
    if title:
        expect(options.filter(has_text=title).first).to_be_visible()
    else:
        chat.page.wait_for_timeout(300)
        expect(options).to_have_count(0)
