"""The front desk in a real browser, with a patient in the chat window at the other end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from gateway.staff.accounts import Accounts
from gateway.storage.database import Database
from tests.browser.conftest import DESKTOP, PHONE, Chat, OpenChat, Site
from tests.support.axe import violations
from tests.support.processes import eventually
from tests.support.staff import PASSWORD, ready
from tests.support.teaching import in_a_thread

OpenDesk = Callable[..., Page]
ROLES = {"ana": ("desk", "admin"), "ben": ("desk",)}


@pytest.fixture(scope="module")
def staffed(site: Site) -> Site:
    """The gateway with two people at its desk."""

    async def add() -> None:
        database = Database(f"sqlite:///{site.var / 'ims.sqlite3'}")
        accounts = Accounts(database, lambda: datetime.now(UTC))
        for login, roles in ROLES.items():
            await ready(accounts, login, *roles)
        await database.close()

    in_a_thread(add)
    return site


@pytest.fixture
def open_desk(chromium: Browser, staffed: Site) -> Iterator[OpenDesk]:
    """Signs somebody in, in a browser of their own; fails if it complained about a page."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(login: str = "ana", **options: Any) -> Page:
        context = chromium.new_context(base_url=staffed.url, **{"viewport": DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        page.goto("/desk")
        page.get_by_label("Login").fill(login)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Password").press("Enter")
        expect(page.get_by_role("heading", name="Chats")).to_be_visible()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def asks_for_a_person(open_chat: OpenChat, words: str = "Will I be sore?") -> Chat:
    chat = open_chat().open()
    chat.ask(words)
    chat.ask("I want to talk to a person")
    return chat


def read(desk: Page, chat: Chat) -> None:
    desk.goto(f"/desk/chats/{chat.kept()['id']}")


def take(desk: Page, chat: Chat) -> Locator:
    """Take this chat over; the box for replies, which is open then."""
    read(desk, chat)
    desk.get_by_role("button", name="Take this chat").click()
    expect(desk.get_by_role("heading", name="You have this chat")).to_be_visible()
    expect(reply_box(desk)).to_be_editable()
    expect(desk.locator("html[data-keys=ready]")).to_be_attached()  # the page's scripts are there
    return reply_box(desk)


def reply_box(desk: Page) -> Locator:
    return desk.get_by_role("textbox", name="Reply to the patient")


def send(desk: Page, text: str) -> Locator:
    """Write this and press Send; where the page says what became of it."""
    reply_box(desk).fill(text)
    desk.get_by_role("button", name="Send", exact=True).click()
    return desk.locator("#reply-state")


def press(page: Page, key: str) -> None:
    """A shortcut, once the page listens to it."""
    expect(page.locator("html[data-keys=ready]")).to_be_attached()
    page.keyboard.press(key)


def row(page: Page, chat: Chat) -> Any:
    return page.locator(f'li[data-chat="{chat.kept()["id"]}"]')


def test_a_chat_goes_to_a_person_and_back(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    desk = open_desk()
    patient = asks_for_a_person(open_chat)
    mine = row(desk, patient)
    expect(mine).to_contain_text("nobody yet")  # it appeared by itself
    assert desk.evaluate("Number(document.body.dataset.rang)") >= 1  # and rang, although the page has the focus
    expect(desk).to_have_title(re.compile(r"^\(\d+\) Chats"))
    mine.get_by_role("link").click()
    expect(reply_box(desk)).not_to_be_editable()
    desk.get_by_role("button", name="Take this chat").click()
    expect(patient.messages.last).to_contain_text("Ana")
    send(desk, "Hello, we have a place on Monday.")
    expect(patient.messages.last).to_contain_text("Hello, we have a place on Monday.")
    expect(patient.messages.last).to_contain_text("Ana")
    expect(desk.locator("#actions")).not_to_contain_text("waits for a reply")
    desk.locator("#hand-back summary").click()
    recap = desk.get_by_label("What was agreed")
    recap.fill("You come on Monday.")
    patient.write("Monday is good")
    expect(desk.locator("#log li").last).to_contain_text("Monday is good")
    expect(desk.locator("#actions")).to_contain_text("waits for a reply")
    expect(recap).to_have_value("You come on Monday.")  # what is being written stays, and stays open
    expect(recap).to_be_focused()
    desk.get_by_role("button", name="Hand back to the assistant").click()
    expect(patient.messages.last).to_contain_text("You come on Monday.")
    expect(patient.ask("Will I be sore?")).to_contain_text("sore")


def test_of_two_who_take_a_chat_one_has_it(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    patient = asks_for_a_person(open_chat)
    pages = open_desk("ana"), open_desk("ben")
    for page in pages:
        read(page, patient)
        page.evaluate("window.stop()")  # so that neither sees what the other does
        expect(page.get_by_role("button", name="Take this chat")).to_be_visible()
    pages[0].get_by_role("button", name="Take this chat").click()
    expect(pages[0].get_by_role("heading", name="You have this chat")).to_be_visible()
    late = pages[1].get_by_role("button", name="Take this chat")
    if late.is_visible():  # it may have heard of it already
        late.click()
    expect(pages[1].get_by_role("heading", name="Ana has this chat")).to_be_visible()
    expect(reply_box(pages[1])).not_to_be_editable()


def test_the_desk_works_with_the_keyboard_alone(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    desk = open_desk()
    patient = asks_for_a_person(open_chat, "Does it hurt or feel strange?")
    expect(row(desk, patient)).to_be_visible()
    press(desk, "/")
    expect(desk.get_by_role("searchbox", name="Search chats")).to_be_focused()
    desk.get_by_role("searchbox", name="Search chats").blur()
    for _ in range(desk.locator("li[data-chat]").count()):
        press(desk, "j")
        if row(desk, patient).locator("a:focus").count():
            break
    expect(row(desk, patient).locator("a")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Waits for a person")).to_be_visible()
    press(desk, "?")
    expect(desk.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_be_hidden()
    press(desk, "c")
    expect(desk.get_by_role("heading", name="You have this chat")).to_be_visible()
    expect(reply_box(desk)).to_be_focused()
    press(desk, "Escape")
    press(desk, "/")
    desk.keyboard.type("sore")
    insert = desk.locator("#found button").first
    expect(insert).to_be_visible()
    insert.focus()
    desk.keyboard.press("Enter")
    expect(reply_box(desk)).to_be_focused()
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#reply-state")).to_have_text("Sent.")
    expect(patient.messages.last).to_contain_text("Ana")
    desk.keyboard.press("Escape")
    press(desk, "x")
    expect(desk.get_by_role("heading", name="Waits for a person")).to_be_visible()


def test_who_stands_on_a_chat_stays_there_when_the_queue_is_renewed(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    desk = open_desk()
    for _ in range(2):  # two patients with the same words
        patient = asks_for_a_person(open_chat, "Does it hurt or feel strange?")
        expect(row(desk, patient)).to_be_visible()
    row(desk, patient).locator("a").focus()
    arrives = asks_for_a_person(open_chat, "Does it hurt or feel strange?")
    expect(row(desk, arrives)).to_be_visible()
    expect(row(desk, patient).locator("a")).to_be_focused()


def test_single_keys_can_be_turned_off(open_desk: OpenDesk) -> None:
    desk = open_desk()
    press(desk, "?")
    desk.get_by_label("Single keys work").uncheck()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_be_hidden()
    press(desk, "l")
    expect(desk).to_have_url(re.compile(r"/desk$"))


def test_single_keys_work_from_a_tick_box_which_takes_no_letters(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.get_by_label("Sound").focus()
    press(desk, "l")
    expect(desk).to_have_url(re.compile(r"/desk/ask$"))


def test_what_was_missed_while_the_desk_slept_is_there_and_nothing_is_said_twice(
    open_chat: OpenChat, open_desk: OpenDesk
) -> None:
    patient = asks_for_a_person(open_chat)
    desk = open_desk()
    take(desk, patient)
    desk.context.set_offline(True)
    for number in range(3):
        patient.write(f"missed message {number}")
    expect(patient.page.locator("ims-chat .message.patient")).to_have_count(5)
    expect(send(desk, "I am back.")).to_contain_text("Press Send again")
    desk.context.set_offline(False)
    desk.get_by_role("button", name="Send", exact=True).click()
    expect(desk.locator("#reply-state")).to_have_text("Sent.")
    for number in range(3):
        expect(desk.locator("#log li", has_text=f"missed message {number}")).to_have_count(1)
    expect(desk.locator("#log li", has_text="I am back.")).to_have_count(1)
    expect(patient.page.locator("ims-chat .message", has_text="I am back.")).to_have_count(1)


def test_a_reply_whose_receipt_was_lost_is_said_once(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    patient = asks_for_a_person(open_chat)
    desk = open_desk()
    take(desk, patient)

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    desk.route("**/reply", lose, times=1)
    expect(send(desk, "Only once, please.")).to_contain_text("Press Send again")
    desk.get_by_role("button", name="Send", exact=True).click()
    expect(desk.locator("#reply-state")).to_have_text("Sent.")
    expect(patient.page.locator("ims-chat .message", has_text="Only once, please.")).to_have_count(1)


def test_refused_notifications_are_told_and_the_rest_still_rings(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.add_init_script("Object.defineProperty(Notification, 'permission', {get: () => 'denied'})")
    desk.reload()
    expect(desk.locator("#notify-state")).to_contain_text("refuses notifications")
    patient = asks_for_a_person(open_chat)
    expect(row(desk, patient)).to_be_visible()
    expect(desk.locator("#live")).to_have_text("A patient waits for a person.")


def test_a_patient_who_deletes_the_chat_is_gone_and_the_desk_is_told_so(
    open_chat: OpenChat, open_desk: OpenDesk
) -> None:
    patient = asks_for_a_person(open_chat)
    desk = open_desk()
    take(desk, patient)
    patient.from_menu("Delete this chat now")
    patient.button("Yes, delete it").click()
    expect(desk.get_by_role("heading", name="This chat is not here any more")).to_be_visible()
    assert violations(desk) == []
    desk.get_by_role("link", name="Back to the chats").click()
    expect(desk.get_by_role("heading", name="Chats")).to_be_visible()


def test_signing_in_can_be_filled_and_pasted(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.context.clear_cookies()
    desk.goto("/staff/login")
    fields = {"Login": "username", "Password": "current-password", "6-digit code": "one-time-code"}
    for label, purpose in fields.items():
        assert desk.get_by_label(label).get_attribute("autocomplete") == purpose
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.evaluate("navigator.clipboard.writeText('four quiet words here')")
    desk.get_by_label("Password").press("Control+V")
    expect(desk.get_by_label("Password")).to_have_value("four quiet words here")


def test_drafts_and_hints_help_to_write(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    patient = asks_for_a_person(open_chat)
    desk = open_desk()
    take(desk, patient)
    patient.write("Will I be sore?")
    expect(desk.locator("#log li").last).to_contain_text("Will I be sore?")
    desk.get_by_role("button", name="Answer with the assistant").click()
    text = reply_box(desk)
    expect(text).to_have_value(re.compile("deep ache"))
    text.press("End")
    text.fill("This will cure you.")
    expect(desk.locator("#hints")).to_contain_text("cure")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_desk_is_accessible(
    open_chat: OpenChat, open_desk: OpenDesk, viewport: Any, scheme: Any
) -> None:
    patient = asks_for_a_person(open_chat)
    desk = open_desk(viewport=viewport, color_scheme=scheme)
    expect(row(desk, patient)).to_be_visible()
    found = violations(desk)
    read(desk, patient)
    found += violations(desk)
    take(desk, patient)
    expect(desk.locator("html[data-keys=ready]")).to_be_attached()  # the page listens to what is typed
    desk.locator("#find [name=q]").fill("sore")
    expect(desk.locator("#found li").first).to_be_visible()
    desk.locator("#hand-back summary").click()
    found += violations(desk)
    desk.keyboard.press("Escape")
    desk.evaluate("document.activeElement.blur()")
    press(desk, "?")
    found += violations(desk)
    for path in (
        "/desk/ask?q=sore",
        "/desk?show=closed",
        "/desk/replies",
        "/desk/search?q=sore",
        "/desk/today",
        "/desk/report",
        "/staff",
        "/staff/people",
        "/staff/audit",
    ):
        desk.goto(path)
        found += violations(desk)
        assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    desk.context.clear_cookies()
    for path in ("/staff/login", "/staff/password#code"):
        desk.goto(path)
        found += violations(desk)
    assert found == []


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, PHONE], ids=["desktop", "phone"])
def test_take_reply_and_send_are_in_sight(open_chat: OpenChat, open_desk: OpenDesk, viewport: Any) -> None:
    patient = asks_for_a_person(open_chat)
    for number in range(8):
        patient.ask(f"Will I be sore? {number}")
    desk = open_desk(viewport=viewport)
    read(desk, patient)
    expect(desk.get_by_role("button", name="Take this chat")).to_be_in_viewport(ratio=1)
    expect(desk.locator("#log li").last).to_be_in_viewport()
    desk.get_by_role("button", name="Take this chat").click()
    expect(reply_box(desk)).to_be_focused()
    expect(reply_box(desk)).to_be_in_viewport(ratio=1)
    expect(desk.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)
    assert (row(desk, patient).is_visible()) is (viewport is not PHONE), "the list stands beside the chat"


def test_what_was_begun_survives_a_reload_another_chat_and_a_lost_claim(
    open_chat: OpenChat, open_desk: OpenDesk
) -> None:
    patient, other = asks_for_a_person(open_chat), asks_for_a_person(open_chat)
    desk, colleague = open_desk(viewport={"width": 1280, "height": 800}), open_desk("ben")
    take(desk, patient).fill("We have a place on ")
    desk.locator("#notes ~ form textarea").fill("Sounded worried.")
    desk.reload()
    expect(reply_box(desk)).to_have_value("We have a place on ")
    expect(desk.locator("#notes ~ form textarea")).to_have_value("Sounded worried.")
    row(desk, other).get_by_role("link").click()
    expect(desk.get_by_role("heading", name="Waits for a person")).to_be_visible()
    expect(reply_box(desk)).to_have_value("")
    expect(row(desk, patient)).to_contain_text("draft")
    row(desk, patient).get_by_role("link").click()
    expect(reply_box(desk)).to_have_value("We have a place on ")
    desk.get_by_role("button", name="Save the note").click()
    expect(desk.get_by_text("Sounded worried.")).to_be_visible()
    expect(desk.locator("#notes ~ form textarea")).to_have_value("")
    second = desk.context.new_page()
    read(second, patient)
    second.get_by_role("button", name="Back to the queue").click()
    expect(second.get_by_role("heading", name="Waits for a person")).to_be_visible()
    second.close()
    take(colleague, patient)
    expect(desk.locator("#told")).to_contain_text("It is kept here")
    expect(reply_box(desk)).to_have_value("We have a place on ")
    expect(reply_box(desk)).not_to_be_editable()


def test_who_is_signed_out_is_told_so_and_finds_the_reply_again(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    patient = asks_for_a_person(open_chat)
    desk = open_desk()
    take(desk, patient).fill("Half a sentence")
    desk.context.clear_cookies()
    desk.get_by_role("button", name="Send", exact=True).click()
    expect(desk.locator("#signed-out")).to_contain_text("What you were writing is kept")
    expect(reply_box(desk)).to_have_value("Half a sentence")
    assert violations(desk) == []
    desk.get_by_role("link", name="Sign in again").click()
    desk.get_by_label("Login").fill("ana")
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_label("Password").press("Enter")
    expect(reply_box(desk)).to_have_value("Half a sentence")
    desk.get_by_role("button", name="Send", exact=True).click()
    expect(patient.messages.last).to_contain_text("Half a sentence")


def test_without_a_connection_nothing_that_is_written_is_lost(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    patient = asks_for_a_person(open_chat)
    desk = open_desk()
    take(desk, patient)
    desk.context.set_offline(True)
    desk.locator("#notes ~ form textarea").fill("Call back at three.")
    desk.get_by_role("button", name="Save the note").click()
    expect(desk.locator("#told")).to_contain_text("nothing was changed")
    expect(desk.locator("#notes ~ form textarea")).to_have_value("Call back at three.")
    desk.context.set_offline(False)
    desk.get_by_role("button", name="Save the note").click()
    expect(desk.locator("#notes ~ ul")).to_contain_text("Call back at three.")


def rang(*pages: Page) -> int:
    return sum(int(page.evaluate("Number(document.body.dataset.rang ?? 0)")) for page in pages)


def test_one_tab_rings_once_for_each_new_chat(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    desk = open_desk()
    tab = desk.context.new_page()
    tab.goto("/desk")
    expect(tab.get_by_role("heading", name="Chats")).to_be_visible()
    asked = [asks_for_a_person(open_chat)]
    expect(row(tab, asked[0])).to_be_visible()
    expect(row(desk, asked[0])).to_be_visible()
    before = rang(desk, tab)
    assert before >= 1 and 0 in (rang(desk), rang(tab))
    take(open_desk("ben"), asked[0])
    asked.append(asks_for_a_person(open_chat))  # as many wait as before
    expect(row(tab, asked[1])).to_be_visible()
    expect(row(desk, asked[1])).to_be_visible()
    assert rang(desk, tab) > before and 0 in (rang(desk), rang(tab))


def test_an_emergency_rings_on_top_until_somebody_opens_it(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    asks_for_a_person(open_chat)
    desk = open_desk()
    patient = open_chat().open()
    patient.ask("I cannot breathe")
    first = desk.locator("#queue li[data-chat]").first
    expect(first).to_contain_text("nobody has looked")
    expect(desk.locator("#live")).to_contain_text("emergency")
    before = rang(desk)
    eventually(lambda: rang(desk) > before + 1)
    first.get_by_role("link").click()
    expect(desk.locator("#queue")).not_to_contain_text("nobody has looked")
    desk.get_by_label("What was done?").fill("Called, help is there.")
    desk.get_by_role("button", name="Done: emergency words").click()
    expect(desk.get_by_text("Called, help is there.")).to_be_visible()
    expect(desk.locator("#queue")).not_to_contain_text("Emergencies 1")


def test_several_chats_are_closed_in_a_few_clicks(open_chat: OpenChat, open_desk: OpenDesk) -> None:
    patients = [asks_for_a_person(open_chat) for _ in range(2)]
    desk = open_desk()
    for patient in patients:
        row(desk, patient).get_by_role("checkbox").check()
    desk.get_by_text("Close several chats").click()
    desk.get_by_label("Why").select_option(label="The patient stopped writing")
    desk.get_by_role("button", name="Close the ticked chats").click()
    for patient in patients:
        expect(row(desk, patient)).to_be_hidden()
        expect(patient.messages.last).to_contain_text("has closed your request")
