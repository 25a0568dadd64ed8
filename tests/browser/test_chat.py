"""The chat window in use: by keyboard alone, what is read out, where the focus is, what is kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, OpenChat, Site


def test_a_whole_conversation_by_keyboard_alone(open_chat: OpenChat) -> None:
    chat = open_chat()
    press, page = chat.page.keyboard.press, chat.page
    chat.launcher.wait_for()
    chat.walk_to("*Opens the chat*")
    press("Enter")
    assert "Before we start" in page.locator("ims-chat .consent").inner_text()
    chat.walk_to("I agree, start the chat")
    press("Enter")
    expect(chat.messages.first).to_contain_text("automated assistant")
    assert chat.focused() == "input"
    page.keyboard.type("which needle")
    press("Enter")
    expect(chat.replies.last).to_contain_text("Did you mean")
    # Backwards from the text to the button that was offered.
    chat.walk_to("What kind of needles are used?", key="Shift+Tab")
    press("Enter")
    expect(chat.replies.last).to_contain_text("thin")
    chat.walk_to("input")
    page.keyboard.type("safety questions")
    press("Enter")
    expect(page.get_by_role("group", name="Bleeding")).to_be_visible()
    chat.walk_to("checkbox", key="Shift+Tab")
    press("Space")
    chat.walk_to("Done")
    press("Enter")
    # The focus is led to the next card.
    expect(page.get_by_role("group", name="Needles and swelling")).to_be_focused()
    chat.walk_to("Done")
    press("Enter")
    expect(chat.replies.last).to_contain_text("ticked ['Q09']")
    chat.walk_to("Talk to a person")
    press("Enter")
    expect(chat.messages.last).to_contain_text("person")
    press("Escape")
    assert "Opens the chat" in chat.focused()


def test_the_focus_goes_where_the_work_is(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    assert chat.focused() == "input"
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    assert "Opens the chat" in chat.focused()
    chat.page.keyboard.press("Enter")
    assert chat.focused() == "input"
    chat.from_menu("Start over")
    assert chat.focused() == "Cancel"
    chat.page.keyboard.press("Escape")
    assert chat.focused() == "More about this chat"
    expect(chat.panel).to_be_visible()
    chat.button("Close the chat").click()
    assert "Opens the chat" in chat.focused()


def test_where_it_covers_the_page_tab_stays_inside(open_chat: OpenChat) -> None:
    chat = open_chat(viewport=PHONE).open()
    assert chat.panel.get_attribute("aria-modal") == "true"
    for key in ("Tab", "Shift+Tab"):
        for _ in range(25):
            chat.page.keyboard.press(key)
            assert chat.focused(), "the focus left for the page behind"


def test_each_message_is_read_out_once(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("what does it feel like??")
    chat.ask("am i sore after")
    chat.ask("I cannot breathe")
    told = chat.announced()
    for words, live in {
        "automated assistant": "polite",
        "You: what does it feel like": "polite",
        "A tight muscle can cramp": "polite",
        "You: am i sore": "polite",
        "A deep ache": "polite",
        "Call 911 now": "assertive",
    }.items():
        assert [one["live"] for one in told if words in one["text"]] == [live], words
    chat.page.reload()
    chat.open()
    expect(chat.messages).to_have_count(7)
    assert chat.announced() == [], "history is not read out again"
    chat.ask("am i sore again")
    assert sum("You: am i sore again" in one["text"] for one in chat.announced()) == 1


def test_nothing_is_sent_before_the_patient_agrees(open_chat: OpenChat) -> None:
    chat = open_chat()
    sent: list[str] = []
    chat.page.on("request", lambda request: sent.append(request.url))
    chat.launcher.click()
    consent = chat.page.get_by_role("group", name="Before we start")
    expect(consent).to_be_focused()
    expect(consent).to_contain_text(re.compile(r"30 days after your last message.*until \w+ \d+, \d{4}"))
    chat.button("Not now").click()
    expect(chat.panel).to_be_hidden()
    assert [url for url in sent if "/api/conversations" in url] == []
    assert chat.page.evaluate("Object.keys(localStorage)") == []
    chat.open()
    chat.page.reload()
    chat.launcher.click()
    expect(consent).to_be_hidden()
    expect(chat.page.locator("ims-chat .kept")).to_contain_text("kept for 30 days")


def test_lists_are_lists_and_labels_are_bold(open_chat: OpenChat) -> None:
    reply = open_chat().open().ask("lists please")
    assert reply.locator("ul > li").all_inner_texts() == ["walk", "drink water"]
    assert reply.locator(".bubble ol > li").all_inner_texts() == ["rest", "move"]
    assert reply.locator("strong").all_inner_texts() == ["Common:", "After a visit:", "In this order:"]


def test_cards_are_ticked_and_the_ticks_stay_out_of_the_conversation(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("safety questions")
    page = chat.page
    expect(chat.button("None of these")).to_be_visible()
    page.get_by_label("I take a blood thinner").check()
    expect(chat.button("None of these")).to_have_count(0)
    page.get_by_text("Why do you ask?").click()
    expect(page.get_by_text("Bruises can be bigger.")).to_be_visible()
    with page.expect_request("**/messages") as sent:
        chat.button("Done").click()
    ticked = {"id": "blood", "event": 3, "ticked": ["Q06"], "not_sure": ["Q07"], "rest": "no"}
    assert (sent.value.post_data_json or {})["card"] == ticked
    expect(page.get_by_label("I fainted with a needle before")).to_be_checked()
    expect(page.get_by_label("I take a blood thinner")).to_be_hidden()
    assert chat.texts()[-1] == "Answered: Bleeding"
    page.get_by_label("I fainted with a needle before").uncheck()
    chat.button("Go back").click()
    expect(page.get_by_label("I take a blood thinner").last).to_be_visible()
    chat.button("None of these").click()
    expect(page.get_by_role("group", name="Needles and swelling").last).to_be_focused()
    chat.button("Skip").click()
    expect(chat.replies.last).to_contain_text("ticked ['Q09'], not sure [], rest skipped")
    expect(page.locator("ims-chat form.card:not(.closed)")).to_have_count(0)


def test_a_card_of_another_shape_is_refused(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("safety questions")
    kept, url = chat.kept(), chat.page.url
    card: dict[str, object] = {"event": 3, "id": "blood", "ticked": ["Q06"], "not_sure": [], "rest": "no"}
    wrong: list[dict[str, object]] = [
        {"ticked": ["Q99"]},
        {"id": "other"},
        {"event": 1},
        {"event": 99},
        {"rest": "all"},
        {},
    ]
    answers = [
        chat.page.request.post(
            f"{url}api/conversations/{kept['id']}/messages",
            headers={"Authorization": f"Bearer {kept['token']}"},
            data={"key": f"key-{number}", "card": card | change},
        ).status
        for number, change in enumerate(wrong)
    ]
    assert answers == [422, 410, 410, 410, 422, 202]


def test_questions_are_suggested_while_typing(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.input.press_sequentially("normal to be so")
    options = chat.page.get_by_role("listbox", name="Suggested questions").get_by_role("option")
    expect(options.first).to_have_text("Is it normal to be sore after?")
    assert any("Suggested questions: " in one["text"] for one in chat.announced())
    assert chat.input.get_attribute("aria-activedescendant") is None
    chat.input.press("ArrowDown")
    assert chat.input.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    expect(options.first).to_have_attribute("aria-selected", "true")
    chat.input.press("ArrowUp")
    assert chat.input.get_attribute("aria-activedescendant") is None
    chat.input.press("Escape")
    expect(options).to_have_count(0)
    expect(chat.panel).to_be_visible()
    chat.input.press("r")
    chat.input.press("ArrowDown")
    chat.input.press("Enter")
    expect(chat.replies.last).to_contain_text("A deep ache")
    assert chat.texts() == ["Is it normal to be sore after?"]


def test_a_reply_to_a_closed_chat_leaves_a_mark(open_chat: OpenChat, own_site: Site) -> None:
    own_site.kill("engine")
    own_site.start_engine(pause=1)
    chat = open_chat(at=own_site.url).open()
    chat.write("am i sore")
    chat.page.keyboard.press("Escape")
    mark = chat.page.locator("ims-chat .unread")
    expect(mark).to_have_text("1")
    assert "New replies: 1" in (chat.launcher.get_attribute("aria-label") or "")
    assert any("new reply" in one["text"] for one in chat.announced())
    chat.page.reload()
    expect(mark).to_have_text("1")
    chat.launcher.click()
    chat.page.keyboard.press("Escape")
    expect(mark).to_be_hidden()
    chat.page.reload()
    chat.launcher.wait_for()
    chat.page.wait_for_timeout(500)
    expect(mark).to_be_hidden()


def test_danger_opens_the_chat_again(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.context.set_offline(True)
    chat.write("I cannot breathe")
    chat.page.keyboard.press("Escape")
    chat.page.context.set_offline(False)
    expect(chat.page.locator("ims-chat .alarm")).to_be_visible()
    assert [one["live"] for one in chat.announced() if "Call 911 now" in one["text"]] == ["assertive"]


def test_start_over_download_and_delete(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.ask("am i sore")
    with chat.page.expect_download() as got:
        chat.from_menu("Download this chat")
    assert "am i sore" in got.value.path().read_text(encoding="utf-8")
    chat.from_menu("Start over")
    chat.button("Yes, start a new chat").click()
    expect(chat.messages).to_have_count(1)
    chat.ask("zebra")
    kept, url = chat.kept(), chat.page.url
    chat.from_menu("Delete this chat now")
    chat.button("Yes, delete it").click()
    expect(chat.page.locator("ims-chat .notice")).to_contain_text("is deleted")
    expect(chat.messages).to_have_count(1)
    history = f"{url}api/conversations/{kept['id']}/history"
    status = chat.page.request.get(history, headers={"Authorization": f"Bearer {kept['token']}"}).status
    assert status == 404


def test_the_interface_speaks_french(open_chat: OpenChat) -> None:
    chat = open_chat(locale="fr-CA", viewport=PHONE)
    chat.launcher.wait_for()
    chat.page.evaluate("document.documentElement.lang = 'fr'; document.querySelector('ims-chat').remove()")
    chat.page.evaluate("document.body.append(document.createElement('ims-chat'))")
    chat.launcher.click()
    expect(chat.launcher).to_contain_text("Vos questions : IMS")
    chat.button("J’accepte, commencer").click()
    expect(chat.messages.first).to_contain_text("Je suis un assistant automatique")
    assert chat.messages.first.get_attribute("lang") is None, "it is in the language of the window"
    assert chat.panel.get_attribute("lang") == "fr"
    chat.button("Est-ce que ça fait mal?").click()
    expect(chat.messages.nth(2)).to_contain_text("Traduction provisoire, pas encore relue.")
    assert chat.messages.nth(2).get_attribute("lang") is None
    field = chat.page.get_by_label("Votre question")
    field.fill("combien de séances faut-il?")
    field.press("Enter")
    expect(chat.messages.nth(4)).to_contain_text("3 à 6 visites")
    field.fill("how do the needles feel")
    field.press("Enter")
    expect(chat.messages.nth(6)).to_contain_text("Cette réponse n’existe qu’en anglais.")
    assert chat.messages.nth(6).get_attribute("lang") == "en"
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not chat.page.evaluate(wide), "nothing is cut off on a phone"
    chat.button("Parler à une personne").last.click()
    expect(chat.messages.nth(8)).to_be_visible()


@pytest.mark.parametrize(
    "text",
    [
        '<img src=x onerror="document.title=1"><b>bold</b>',
        "م: does it hurt after the treatment? IMS 123",
        "🧘🏽‍♀️ e\u0301 \u202eabc\u202c",
    ],
)
def test_whatever_is_typed_stays_text(open_chat: OpenChat, text: str) -> None:
    chat = open_chat().open()
    chat.ask(f"say {text}")
    assert chat.texts() == [f"say {text}"]
    assert chat.replies.last.locator(".bubble").inner_text() == text
    assert chat.page.locator("ims-chat .log img, ims-chat .log b").count() == 0
    assert chat.page.title() != "1"
    direction = chat.replies.last.locator("p").first.evaluate("element => getComputedStyle(element).direction")
    assert direction == ("rtl" if text.startswith("م") else "ltr")


def test_pasted_html_is_taken_as_its_text(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat.page.evaluate("""() => navigator.clipboard.write([new ClipboardItem({
        'text/html': new Blob(['<b>am i <i>sore</i></b><table><tr><td>cell</td></tr></table>'], {type: 'text/html'}),
        'text/plain': new Blob(['am i sore'], {type: 'text/plain'}),
    })])""")
    chat.input.focus()
    chat.page.keyboard.press("Control+V")
    expect(chat.input).to_have_value("am i sore")
    chat.input.press("Enter")
    expect(chat.replies).to_have_count(2)
    assert chat.texts() == ["am i sore"]
    assert chat.page.locator("ims-chat .message.patient :is(b, i, table)").count() == 0


def test_ten_thousand_characters_are_kept_and_said_to_be_too_long(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.input.fill("a" * 10_000)
    chat.input.press("Enter")
    expect(chat.page.get_by_text("8000 characters too many")).to_be_visible()
    assert len(chat.input.input_value()) == 10_000
    assert chat.input.get_attribute("aria-invalid") == "true"
    chat.input.fill("a" * 2000)
    chat.input.press("Enter")
    expect(chat.replies.nth(1)).to_be_visible()
    assert chat.texts() == ["a" * 2000]
