"""The line in the chat window that says how a handoff stands."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from gateway.app import create_app
from gateway.desk.service import Desk
from gateway.settings import Settings
from knowledge import Knowledge
from tests.browser.conftest import OpenChat, Site
from tests.browser.test_accessibility import LOOKS, PAGE
from tests.gateway.conftest import FakeNet
from tests.support.axe import violations


def at_the_desk(site: Site, work: Callable[[Desk], Coroutine[Any, Any, None]]) -> None:
    """Do something as the staff, in another process than the gateway's, on the same database."""

    async def run() -> None:
        settings = Settings(var=site.var)
        app = create_app(settings, Knowledge.load(settings.data), FakeNet())
        await work(app.state.exchange.edition.desk)

    # Playwright has the loop of this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def test_who_asks_for_a_person_sees_how_it_stands_and_can_leave_a_contact_and_cancel(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    line = chat.page.get_by_role("group", name="Talk to a person")
    expect(line).to_be_hidden()
    chat.page.get_by_role("button", name="Talk to a person").first.click()
    expect(line).to_be_visible()
    line.get_by_text("Leave a phone or e-mail").click()
    line.get_by_label("E-mail or phone").fill("nobody")
    line.get_by_role("button", name="Save").click()
    expect(line).to_contain_text("That does not look like an e-mail address or a phone number.")
    line.get_by_label("E-mail or phone").fill("pat@example.org")
    line.get_by_role("button", name="Save").click()
    expect(line).to_contain_text("They can reach you at pat@example.org.")
    line.get_by_role("button", name="Delete this").click()
    expect(line.get_by_label("E-mail or phone")).to_have_value("")
    line.get_by_role("button", name="Stop waiting").click()
    expect(line).to_be_hidden()


def test_the_opening_is_told_by_the_clock_of_the_clinic_wherever_the_reader_is(open_chat: OpenChat) -> None:
    chat = open_chat(timezone_id="Asia/Tokyo").open()
    stands = {"state": "waiting", "name": None, "ahead": 0, "here": False, "usual_wait": None, "contact": None}
    stands |= {"opens": "2026-11-24T08:00:00-07:00", "link": None}
    chat.page.route("**/handoff", lambda route: route.fulfill(json=stands))
    chat.page.get_by_role("button", name="Talk to a person").first.click()
    line = chat.page.get_by_role("group", name="Talk to a person")
    expect(line).to_contain_text(re.compile(r"The front desk opens: Tuesday\W+8:00"))


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_person_who_joins_is_seen_by_name_and_the_assistant_is_silent_until_the_chat_is_back(
    open_chat: OpenChat, site: Site, look: dict[str, Any]
) -> None:
    chat = open_chat(**look).open()
    chat.page.get_by_role("button", name="Talk to a person").first.click()
    line = chat.page.get_by_role("group", name="Talk to a person")
    expect(line).to_be_visible()
    id = chat.kept()["id"]

    async def join(desk: Desk) -> None:
        await desk.claim(id, 1, "Robin")
        await desk.reply(id, 1, "Hello, how can I help?", "k")

    at_the_desk(site, join)
    expect(line).to_contain_text("Robin has joined this chat.")
    expect(chat.replies.last).to_contain_text("Robin: Hello, how can I help?")
    chat.write("am i sore after")
    expect(chat.messages.last).to_contain_text("am i sore after")
    expect(chat.page.locator("ims-chat .typing")).to_have_count(0)
    assert violations(chat.page, PAGE) == []

    async def link(desk: Desk) -> None:
        await desk.reply(
            id, 1, f"See {site.url}/answers/cost or https://elsewhere.example/x, or call 250-555-0142.", "l"
        )

    at_the_desk(site, link)
    expect(chat.replies.last).to_contain_text("elsewhere.example")
    links = [link.inner_text() for link in chat.replies.last.get_by_role("link").all()]
    assert links == [f"{site.url}/answers/cost", "250-555-0142"], "only the clinic's own pages, and those that it names"
    at_the_desk(site, lambda desk: desk.hand_back(id, 1, "We talked about your visit."))
    expect(chat.replies.last).to_contain_text("We talked about your visit.")
    expect(line).to_be_hidden()
    expect(chat.ask("am i sore after")).to_contain_text("sore")


def test_the_answer_link_opens_the_chat_in_another_browser(open_chat: OpenChat, site: Site) -> None:
    chat = open_chat().open()
    chat.ask("am i sore after")
    chat.page.get_by_role("button", name="Talk to a person").first.click()
    expect(chat.page.get_by_role("group", name="Talk to a person")).to_be_visible()
    kept = chat.kept()
    link = chat.page.evaluate(
        "([id, token]) => fetch(`/api/conversations/${id}/handoff`, {headers: {Authorization: `Bearer ${token}`}})"
        ".then((reply) => reply.json()).then(({link}) => link)",
        [kept["id"], kept["token"]],
    )
    other = open_chat(link)
    expect(other.panel).to_be_visible()
    other.button("I agree, start the chat").click()
    other.button("Yes, open that chat").click()
    expect(other.messages.filter(has_text="am i sore after")).to_be_visible()
    assert "#" not in other.page.url, "the address does not keep what opens the chat"


def test_a_french_window_tells_in_french_how_a_handoff_stands(open_chat: OpenChat, site: Site) -> None:
    chat = open_chat(locale="fr-CA")
    chat.launcher.wait_for()
    chat.page.evaluate("document.documentElement.lang = 'fr'; document.querySelector('ims-chat').remove()")
    chat.page.evaluate("document.body.append(document.createElement('ims-chat'))")
    chat.launcher.click()
    chat.button("J’accepte, commencer").click()
    chat.button("Parler à une personne").first.click()
    expect(chat.messages.nth(1)).to_contain_text("J’aimerais parler à une personne")
    expect(chat.messages.nth(2)).to_contain_text("réception")
    assert chat.messages.nth(2).get_attribute("lang") is None, "it is in the language of the window"
    assert chat.messages.first.get_attribute("lang") is None, "so is the greeting"
    id = chat.kept()["id"]
    at_the_desk(site, lambda desk: desk.claim(id, 1, "Robin"))
    expect(chat.replies.last).to_contain_text("s’est joint à ce clavardage")


def others_link(site: Site) -> str:
    """A link to somebody else's chat, who asked for a person in it."""
    with httpx.Client(base_url=site.url) as client:
        begun = client.post("/api/conversations").json()
        client.headers["Authorization"] = f"Bearer {begun['token']}"
        link: str = client.post(f"/api/conversations/{begun['id']}/handoff").json()["link"]
    return link


def test_a_link_of_somebody_else_takes_nobody_out_of_their_own_chat(open_chat: OpenChat, site: Site) -> None:
    mine = open_chat().open()
    mine.ask("say my own words")
    own = mine.kept()
    other = open_chat(others_link(site), context=mine.page.context)
    question = other.page.get_by_role("group", name="This link opens a chat")
    expect(question).to_be_visible()
    assert "#" not in other.page.url
    assert other.kept()["id"] == own["id"]
    question.get_by_role("button", name="No, stay in my own chat").click()
    other.ask("say and these")
    assert other.texts() == ["say my own words", "say and these"]
    assert other.kept()["id"] == own["id"]


def test_who_follows_a_link_agrees_first_and_is_asked_then(open_chat: OpenChat, site: Site) -> None:
    chat = open_chat(others_link(site))
    expect(chat.button("I agree, start the chat")).to_be_visible()
    expect(chat.page.get_by_role("group", name="This link opens a chat")).to_be_hidden()
    chat.button("I agree, start the chat").click()
    expect(chat.page.get_by_role("group", name="This link opens a chat")).to_be_visible()


def test_an_own_link_opens_its_chat_in_another_browser_and_leads_back(open_chat: OpenChat, site: Site) -> None:
    link = others_link(site)
    chat = open_chat().open()
    chat.ask("say here first")
    own = chat.kept()["id"]
    there = open_chat(link, context=chat.page.context)
    there.button("Yes, open that chat").click()
    expect(there.page.get_by_role("group", name="Talk to a person")).to_be_visible()
    assert there.kept()["id"] != own
    there.button("Go back to it").click()
    expect(there.page.locator("ims-chat .message.patient")).to_have_count(1)
    assert (there.kept()["id"], there.texts()) == (own, ["say here first"])


def test_a_link_that_is_over_says_so_and_the_own_chat_goes_on(open_chat: OpenChat, site: Site) -> None:
    chat = open_chat().open()
    later = open_chat(f"/#ims-chat={'x' * 24}.20200101{'0' * 64}", context=chat.page.context)
    expect(later.status).to_contain_text("does not open a chat any more")
    later.ask("say still here")
