"""What goes wrong on a patient's way: dead servers, dead networks, two tabs, wrong clocks, too much of everything.

The promise behind all of it: no message is lost, none is doubled, and the order is the order of typing.
"""

from __future__ import annotations

import time

import httpx
from playwright.sync_api import Route, expect

from tests.browser.conftest import Chat, OpenChat, Site
from tests.support.browser_chaos import live_through


def settled(chat: Chat) -> None:
    """Wait until nothing is unsent."""
    expect(chat.page.locator("ims-chat .unsent")).to_have_count(0, timeout=60_000)


def test_the_gateway_dies_and_comes_back_in_the_middle(open_chat: OpenChat, own_site: Site) -> None:
    chat = open_chat(at=own_site.url).open()
    chat.ask("say one")
    own_site.kill("gateway")
    expect(chat.status).to_contain_text("no connection")
    for text in ("say two", "say three"):
        chat.write(text)
    expect(chat.page.locator("ims-chat .unsent")).to_have_count(2)
    own_site.start_gateway()
    settled(chat)
    expect(chat.replies).to_have_count(4, timeout=30_000)
    assert chat.texts() == ["say one", "say two", "say three"]
    chat.page.reload()
    chat.open()
    expect(chat.replies).to_have_count(4)
    assert chat.texts() == ["say one", "say two", "say three"]


def test_without_a_network_messages_wait_and_go_out_in_order(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.context.set_offline(True)
    expect(chat.status).to_contain_text("no connection")
    written = [f"say {number}" for number in range(8)]
    for text in written:
        chat.write(text)
    expect(chat.page.locator("ims-chat .waiting")).not_to_have_count(0)
    chat.page.wait_for_timeout(2000)
    chat.page.context.set_offline(False)
    expect(chat.replies).to_have_count(9, timeout=30_000)
    settled(chat)
    assert chat.texts() == written
    assert chat.replies.locator(".bubble").all_inner_texts()[1:] == [str(number) for number in range(8)]


def test_a_minute_without_a_network_loses_nothing(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.clock.install()
    chat.page.context.set_offline(True)
    expect(chat.status).to_contain_text("no connection")
    chat.write("say before the minute")
    chat.page.clock.fast_forward(60_000)
    chat.write("say after the minute")
    expect(chat.page.locator("ims-chat .unsent")).to_have_count(2)
    chat.page.context.set_offline(False)
    expect(chat.replies).to_have_count(3, timeout=30_000)
    settled(chat)
    assert chat.texts() == ["say before the minute", "say after the minute"]


def test_what_was_not_sent_survives_a_reload(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.route("**/messages", lambda route: route.abort())
    chat.write("say kept")
    expect(chat.page.locator("ims-chat .waiting")).to_have_count(1)
    chat.page.unroute("**/messages")
    chat.page.reload()
    chat.open()
    settled(chat)
    expect(chat.replies).to_have_count(2)
    assert chat.texts() == ["say kept"]


def test_two_tabs_show_the_same(open_chat: OpenChat) -> None:
    one = open_chat().open()
    other = open_chat(context=one.page.context).open()
    one.ask("say from one")
    other.ask("say from other")
    for number in range(3):
        one.write(f"say one {number}")
        other.write(f"say other {number}")
    for chat in (one, other):
        expect(chat.replies).to_have_count(9)
        settled(chat)
    assert one.texts() == other.texts()
    assert sorted(one.texts()) == sorted(set(one.texts()))
    one.from_menu("Start over")
    one.button("Yes, start a new chat").click()
    one.ask("say new")
    for chat in (one, other):
        expect(chat.messages).to_have_count(3)
        assert chat.texts() == ["say new"]


def test_too_many_messages_are_told_with_the_time_left(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    answers = iter([429])

    def limited(route: Route) -> None:
        if status := next(answers, None):
            route.fulfill(status=status, headers={"Retry-After": "3"}, json={})
        else:
            route.continue_()

    chat.page.route("**/messages", limited)
    chat.write("say quick")
    expect(chat.page.get_by_text("Sending goes on in 3 s", exact=True)).to_be_visible()
    expect(chat.page.get_by_text("Sending goes on in 2 s", exact=True)).to_be_visible()
    expect(chat.replies).to_have_count(2)
    told = [one["text"] for one in chat.announced() if "Sending goes on" in one["text"]]
    assert told == ["Too many messages at once. Sending goes on in 3 seconds."]


def test_an_error_of_the_server_is_told_and_the_message_sent_again(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    answers = iter([500, 502])

    def broken(route: Route) -> None:
        status = next(answers, None)
        route.fulfill(status=status, body="oops") if status else route.continue_()

    chat.page.route("**/messages", broken)
    chat.write("say again")
    expect(chat.status).to_contain_text("Something went wrong on our side")
    expect(chat.replies).to_have_count(2)
    assert chat.texts() == ["say again"]


def test_a_refused_message_can_be_tried_again_or_removed(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.route("**/messages", lambda route: route.fulfill(status=400, json={"error": {"message": "Not so."}}))
    chat.write("say no")
    expect(chat.page.locator("ims-chat .failed")).to_contain_text("Not so.")
    chat.page.unroute("**/messages")
    chat.button("Try again").click()
    assert chat.focused() == "input"
    expect(chat.replies).to_have_count(2)
    chat.page.route("**/messages", lambda route: route.fulfill(status=400, json={}))
    chat.write("say never")
    chat.button("Remove").click()
    expect(chat.page.locator("ims-chat .unsent")).to_have_count(0)
    assert chat.texts() == ["say no"]


def test_a_chat_that_the_gateway_forgot_begins_anew_and_keeps_the_message(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.evaluate("""() => {
        const key = Object.keys(localStorage).find((key) => key.startsWith('ims-chat'));
        localStorage.setItem(key, JSON.stringify({...JSON.parse(localStorage.getItem(key)), id: 'gone'}));
    }""")
    chat.page.reload()
    chat.launcher.click()
    expect(chat.page.get_by_text("The earlier chat is no longer kept.")).to_be_visible()
    chat.ask("say still here")
    assert chat.texts() == ["say still here"]


def test_a_wrong_clock_confuses_nothing(open_chat: OpenChat) -> None:
    for wrong in ("2019-01-01T00:00:00Z", "2041-01-01T00:00:00Z"):
        chat = open_chat(timezone_id="Pacific/Kiritimati")
        chat.page.clock.set_system_time(wrong)
        chat.open()
        chat.write("am i sore")
        expect(chat.replies).to_have_count(2)
        expect(chat.page.locator("ims-chat .typing")).to_have_count(0)
        stamp = chat.replies.last.locator("time").get_attribute("datetime") or ""
        assert stamp.startswith(time.strftime("%Y-%m-%d", time.gmtime())), "the time of the gateway is shown"


def test_a_laptop_that_slept_finds_what_it_missed(open_chat: OpenChat) -> None:
    chat = open_chat().open()
    chat.page.clock.install()
    # Its stream is dead and nobody told it.
    chat.page.route("**/events", lambda route: route.abort())
    chat.ask("say before")
    chat.page.clock.fast_forward(120_000)
    chat.page.unroute("**/events")
    chat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    chat.page.clock.resume()
    chat.ask("say after")
    assert chat.texts() == ["say before", "say after"]


def test_a_long_history_is_shown_quickly_and_whole(open_chat: OpenChat, site: Site) -> None:
    chat = open_chat().open()
    kept, sent = chat.kept(), 500
    headers = {"Authorization": f"Bearer {kept['token']}"}
    with httpx.Client(base_url=site.url, headers=headers) as client:
        for number in range(sent):
            message = {"key": f"key-{number}", "text": f"say {number}"}
            client.post(f"/api/conversations/{kept['id']}/messages", json=message).raise_for_status()
    expect(chat.replies).to_have_count(sent + 1, timeout=60_000)
    chat.page.reload()
    began = time.monotonic()
    chat.launcher.click()
    expect(chat.messages).to_have_count(2 * sent + 1)
    assert time.monotonic() - began < 5
    assert chat.texts() == [f"say {number}" for number in range(sent)]
    expect(chat.page.locator("ims-chat .message.patient").last).to_be_in_viewport()


def test_chaos_loses_doubles_and_mixes_up_nothing(open_chat: OpenChat, own_site: Site) -> None:
    """benchmarks/widget_chaos.py does the same with 2,000 messages."""
    chat = open_chat(at=own_site.url).open()
    outcome = live_through(chat, own_site, messages=100)
    assert outcome.shown == outcome.written
    assert outcome.answered == outcome.expected
    assert outcome.faults.total() > 5
    chat.page.unroute("**/messages")
    chat.page.reload()
    chat.open()
    expect(chat.messages).to_have_count(2 * 100 + 1)
    assert chat.texts() == outcome.written


def test_an_alarm_is_seen_in_a_window_that_was_open_while_an_older_database_was_put_back(
    open_chat: OpenChat, own_site: Site
) -> None:
    chat = open_chat(at=own_site.url).open()
    chat.ask("say one")
    own_site.kill("gateway")
    older = {file: file.read_bytes() for file in own_site.var.glob("ims.sqlite3*")}
    own_site.start_gateway()
    for text in ("say two", "say three"):
        chat.ask(text)
    own_site.kill("gateway")
    for file in own_site.var.glob("ims.sqlite3*"):
        file.unlink()
    for file, content in older.items():
        file.write_bytes(content)
    own_site.start_gateway()
    chat.write("I cannot breathe")
    expect(chat.page.locator("ims-chat .alarm")).to_contain_text("911", timeout=30_000)
    settled(chat)
    assert chat.texts() == ["say one", "I cannot breathe"]
