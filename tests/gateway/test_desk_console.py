"""The front desk's pages: who may see what, and that what is done there reaches the patient once."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.desk.console import summed
from gateway.desk.proposals import Proposals
from gateway.staff.accounts import Accounts
from gateway.staff.audit import Audit
from gateway.storage.records import Draft
from gateway.storage.tables import metadata
from knowledge import Knowledge
from tests.gateway.conftest import NOW, Chat, Gateway, Start
from tests.support.staff import BASE, Browser, browser, ready

HTML = {"accept": "text/html"}


async def at_desk(gateway: Gateway, people: Accounts, login: str = "ana", *roles: str) -> Browser:
    """Somebody who is signed in."""
    await ready(people, login, *roles)
    here = browser(gateway)
    assert (await here.login(login)).status_code == 303
    return here


@pytest.fixture
async def ana(gateway: Gateway, people: Accounts) -> Browser:
    return await at_desk(gateway, people)


async def waiting(gateway: Gateway) -> Chat:
    """A patient who asked for a person."""
    chat = await gateway.chat()
    await chat.ask("will I be sore?")
    await chat.ask("I want a person")
    return chat


async def act(staff: Browser, chat: Chat, action: str, **fields: Any) -> str:
    """Press a button of the chat's page; where the browser is led."""
    reply = await staff.post(f"/desk/chats/{chat.id}/{action}", f"/desk/chats/{chat.id}", **fields)
    assert reply.status_code == 303, reply.text
    return reply.headers["location"]


async def say(staff: Browser, chat: Chat, text: str, key: str = "key", **fields: Any) -> tuple[int, Any]:
    """Send a reply as the page's script does."""
    reply = await staff.client.post(
        f"/desk/chats/{chat.id}/reply",
        data={"text": text, "key": key, **fields},
        headers={"origin": BASE, "accept": "application/json", "x-csrf-token": await staff.token("/desk")},
    )
    return reply.status_code, reply.json()


async def unread(staff: Browser) -> int:
    """How much is new in the first chat of this person's list."""
    found = re.search(r"(\d+) new<", (await staff.client.get("/desk/parts/queue")).text)
    return int(found[1]) if found else 0


def texts(events: list[dict[str, Any]], role: str) -> list[str]:
    return [event["body"]["text"] for event in events if event["role"] == role]


async def test_a_chat_is_taken_answered_and_handed_back(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    page = (await ana.client.get("/desk")).text
    assert "I want a person" in page and "nobody yet" in page
    assert await act(ana, chat, "claim") == f"/desk/chats/{chat.id}"
    assert re.search(rf'data-chat="{chat.id}".*?class="who">yours<', (await ana.client.get("/desk")).text, re.DOTALL)
    assert await say(ana, chat, "Hello, how can I help?") == (200, {"seq": (await chat.history())[-1]["seq"]})
    seen = await chat.history()
    assert texts(seen, "staff") == ["Hello, how can I help?"]
    assert any("Ana" in text for text in texts(seen, "system"))
    await act(ana, chat, "hand-back", recap="Come ten minutes early.")
    assert "Come ten minutes early." in texts(await chat.history(), "system")[-1]
    (answer,) = await chat.ask("will I be sore?")
    assert answer["topic"] == "soreness"


async def test_a_reply_sent_again_is_said_once(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "claim")
    replies = await asyncio.gather(*(say(ana, chat, "Yes, that is fine.", "same key") for _ in range(4)))
    assert {status for status, _ in replies} == {200}
    assert texts(await chat.history(), "staff") == ["Yes, that is fine."]
    status, body = await say(ana, chat, "Something else.", "same key")
    assert (status, body["error"]["code"]) == (409, "sent_before")


async def test_of_two_who_take_a_chat_one_gets_it_and_the_other_is_told(
    gateway: Gateway, people: Accounts, ana: Browser
) -> None:
    ben = await at_desk(gateway, people, "ben")
    chat = await waiting(gateway)
    led = await asyncio.gather(act(ana, chat, "claim"), act(ben, chat, "claim"))
    assert sorted("claimed" in path for path in led) == [False, True]
    loser = (ana, ben)[[("claimed" in path) for path in led].index(True)]
    assert (
        "Somebody else has taken this chat" in (await loser.client.get(f"/desk/chats/{chat.id}?problem=claimed")).text
    )
    status, body = await say(loser, chat, "Me too!")
    assert (status, body["error"]["code"]) == (409, "not_yours")
    assert texts(await chat.history(), "staff") == []


async def test_a_chat_is_released_and_transferred(gateway: Gateway, people: Accounts, ana: Browser) -> None:
    ben = await at_desk(gateway, people, "ben")
    await at_desk(gateway, people, "tia", "trainer")
    chat = await waiting(gateway)
    await act(ana, chat, "claim")
    assert "nobody" in await act(ana, chat, "transfer", to="tia")
    await act(ana, chat, "transfer", to="ben")
    assert "You have this chat" in (await ben.client.get(f"/desk/chats/{chat.id}")).text
    assert "not_yours" in await act(ana, chat, "release")
    await act(ben, chat, "release")
    assert "Waits for a person" in (await ben.client.get(f"/desk/chats/{chat.id}")).text


@pytest.mark.parametrize("roles", [("trainer", "clinical_reviewer"), ("admin",)])
async def test_editors_of_answers_and_admins_cannot_read_chats_without_the_desks_role(
    gateway: Gateway, people: Accounts, roles: tuple[str, ...]
) -> None:
    editor = await at_desk(gateway, people, "editor", *roles)
    chat = await waiting(gateway)
    one = f"/desk/chats/{chat.id}"
    for path in ("/desk", "/desk/parts/queue", "/desk/events", "/desk/search?q=sore",
                 one, f"{one}/log", f"{one}/state", f"{one}/transcript.txt"):  # fmt: skip
        for headers in ({}, HTML):
            reply = await editor.client.get(path, headers=headers)
            assert (reply.status_code, "sore" in reply.text) == (403, False), path
    csrf = {"csrf": await editor.token("/staff")}
    for action in ("claim", "reply", "hand-back", "note", "propose", "draft", "release", "transfer"):
        reply = await editor.client.post(f"{one}/{action}", data=csrf, headers={"origin": BASE})
        assert reply.status_code in {403, 422}
    assert (await gateway.store.conversation(chat.id)).holder == "waiting"


async def test_without_a_session_nothing_is_shown(gateway: Gateway) -> None:
    chat = await waiting(gateway)
    stranger = browser(gateway)
    for path in ("/desk", "/desk/ask", "/desk/today", f"/desk/chats/{chat.id}"):
        reply = await stranger.client.get(path, headers=HTML)
        assert (reply.status_code, reply.headers["location"]) == (303, f"/staff/login?next={path}")
        assert (await stranger.client.get(path)).status_code == 401


async def test_every_form_of_the_desk_asks_for_its_token(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    for action in ("claim", "release", "hand-back", "draft"):
        for headers in ({"origin": BASE}, {"origin": "https://evil.example", "x-csrf-token": await ana.token("/desk")}):
            reply = await ana.client.post(f"/desk/chats/{chat.id}/{action}", headers=headers)
            assert reply.status_code == 403
    assert (await gateway.store.conversation(chat.id)).holder == "waiting"


async def test_what_patients_write_is_text_on_the_desks_pages(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await chat.ask("<script>alert(1)</script><img src=x onerror=alert(1)>")
    for path in ("/desk", f"/desk/chats/{chat.id}", f"/desk/chats/{chat.id}/log", "/desk/search?q=alert"):
        page = (await ana.client.get(path)).text
        assert "<script>alert" not in page and "<img" not in page
        assert "&lt;script&gt;" in page


async def test_notes_stay_inside(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "note", text="Called before, very kind.")
    assert "very kind" in (await ana.client.get(f"/desk/chats/{chat.id}")).text
    assert "very kind" not in json.dumps(await chat.history())
    patients = await chat.client.get(f"/api/conversations/{chat.id}/transcript", headers=chat.headers)
    assert patients.status_code == 200 and "very kind" not in patients.text


async def test_the_context_card_shows_question_answers_and_reasons(gateway: Gateway, ana: Browser) -> None:
    chat = await gateway.chat()
    await chat.ask("I take warfarin for my heart, will I be sore?")
    await chat.ask("I want a person")
    page = (await ana.client.get(f"/desk/chats/{chat.id}")).text
    assert "<dd>I take warfarin for my heart, will I be sore?</dd>" in page
    assert re.search(r"Safety reasons mentioned</dt><dd>[^<]*blood thinner", page)
    assert re.search(r"Answers seen</dt><dd><ul class=\"plain-list\"><li>[^<]*sore", page)


async def test_a_withdrawn_or_expired_answer_cannot_be_found_or_sent(start: Start, knowledge: Knowledge) -> None:
    old = replace(knowledge.topics["needles"], review_by=NOW.date() - timedelta(days=1))
    async with start(knowledge=replace(knowledge, topics={**knowledge.topics, "needles": old})) as gateway:
        people = Accounts(gateway.store._database, lambda: NOW)
        ana = await at_desk(gateway, people)
        chat = await waiting(gateway)
        await act(ana, chat, "claim")

        async def found(query: str) -> list[str]:
            reply = await ana.client.get("/desk/answers", params={"q": query})
            return [answer["topic"] for answer in reply.json()["answers"]]

        assert "soreness" in await found("sore") and "needles" not in await found("what kind of needles are used")
        withdrawals = gateway.app.state.withdrawals
        await withdrawals.withdraw("soreness", "wrong number")
        assert "soreness" not in await found("sore")
        assert "wrong number" not in (await ana.client.get("/desk/ask?q=sore")).text
        for topic in ("needles", "soreness", "no such answer"):
            status, body = await say(ana, chat, "It is normal.", topic, topics=topic)
            assert (status, body["error"]["code"]) == (409, "withheld")
        assert (await ana.client.get("/desk/handout?topics=needles&topics=soreness")).json() == {"link": ""}
        assert texts(await chat.history(), "staff") == []


async def test_answers_are_filled_with_the_clinics_facts_and_linked(ana: Browser) -> None:
    answers = (await ana.client.get("/desk/answers?q=how do I book")).json()["answers"]
    assert answers and not any("{" in answer["short"] for answer in answers)
    assert answers[0]["link"] == f"{BASE}/answers/{answers[0]['topic']}"
    page = (await ana.client.get("/desk/ask?q=sore")).text
    assert "soreness" in page
    handout = (await ana.client.get("/desk/handout?topics=soreness&topics=nothing&topics=needles")).json()["link"]
    assert handout == f"{BASE}/answers/handout?topics=soreness&topics=needles"


async def test_hints_name_what_promises_too_much_or_reads_too_hard(ana: Browser) -> None:
    async def hints(text: str) -> str:
        reply = await ana.client.post(
            "/desk/hints",
            data={"text": text},
            headers={"origin": BASE, "x-csrf-token": await ana.token("/desk")},
        )
        return " ".join(hint["about"] for hint in reply.json()["hints"])

    assert await hints("You may be sore for a day. Call us if it gets worse.") == ""
    assert "cure" in await hints("This will cure your pain.")
    assert "grade" in await hints(
        "Physiological hypersensitivity originating from radiculopathic denervation necessitates comprehensive therapy."
    )
    assert "sentence has" in await hints("and " * 60)


async def test_the_assistant_drafts_and_nothing_is_sent(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "claim")
    await chat.send("will I be sore?")
    before = len(await chat.history())
    headers = {"origin": BASE, "x-csrf-token": await ana.token("/desk")}
    draft = (await ana.client.post(f"/desk/chats/{chat.id}/draft", headers=headers)).json()
    assert draft["topics"] == ["soreness"] and draft["question"] == "will I be sore?" and draft["text"]
    assert len(await chat.history()) == before
    gateway.engine.mode = "dead"
    reply = await ana.client.post(f"/desk/chats/{chat.id}/draft", headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "engine_down")


async def test_a_proposed_reply_reaches_the_trainers_and_goes_with_the_chat(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "propose", question="Can I park a bus?", reply="Yes, behind the house.")
    assert "empty" in await act(ana, chat, "propose", question=" ", reply="x")
    inbox = Proposals(gateway.store._database, lambda: NOW)
    (proposal,) = await inbox.open()
    assert (proposal.question, proposal.reply, proposal.login) == ("Can I park a bus?", "Yes, behind the house.", "ana")
    assert await inbox.close(proposal.id) and not await inbox.close(proposal.id)
    await act(ana, chat, "propose", question="And a boat?", reply="No.")
    await gateway.store.forget(chat.id)
    assert await inbox.open() == []


async def test_the_record_says_who_read_and_did_what_and_not_what_was_said(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await ana.client.get(f"/desk/chats/{chat.id}")
    await act(ana, chat, "claim")
    await say(ana, chat, "A very special sentence")
    saved = (await ana.client.get(f"/desk/chats/{chat.id}/transcript.txt")).text
    assert all(event["body"]["text"] in saved for event in await chat.history())
    await ana.client.get("/desk/search?q=special")
    entries = await Audit(gateway.store._database, lambda: NOW).entries()
    done = {(entry.action, entry.target) for entry in entries}
    assert done >= {(action, chat.id) for action in ("chat_read", "chat_claimed", "replied", "chat_exported")}
    assert ("chats_searched", None) in done
    assert "special" not in repr(entries)
    assert "body" not in metadata.tables["staff_audit"].c


async def test_what_was_done_about_an_alarm_takes_it_from_the_queue(gateway: Gateway, ana: Browser) -> None:
    first, alarm = await waiting(gateway), await gateway.chat()
    await alarm.ask("I cannot breathe")
    page = (await ana.client.get("/desk/parts/queue")).text
    assert "emergency words" in page
    state = (await ana.client.get(f"/desk/chats/{alarm.id}/state")).text
    (number,) = re.findall(r"items/(\d+)/done", state)
    await act(ana, first, f"items/{number}/done")  # not an item of this chat
    assert alarm.id in (await ana.client.get("/desk/parts/queue")).text
    assert "what_was_done" in await act(ana, alarm, f"items/{number}/done", what=" ")
    await act(ana, alarm, f"items/{number}/done", what="Called, it was a cramp.")
    assert alarm.id not in (await ana.client.get("/desk/parts/queue")).text


async def test_the_page_reads_what_it_missed_from_the_last_number_it_shows(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "claim")
    shown = (await chat.history())[-1]["seq"]
    for text in ("one", "two", "three"):
        await chat.send(text)
    missed = (await ana.client.get(f"/desk/chats/{chat.id}/log?after={shown}")).text
    assert re.findall(r'data-seq="(\d+)"', missed) == [str(shown + n) for n in (1, 2, 3)]
    assert "data-seq" not in (await ana.client.get(f"/desk/chats/{chat.id}/log?after={shown + 3}")).text


async def test_reading_a_chat_takes_the_unread_mark_away(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    assert await unread(ana) == 2
    await ana.client.get(f"/desk/chats/{chat.id}")
    assert await unread(ana) == 0


async def test_a_colleague_who_looks_into_a_chat_leaves_it_unread_for_who_has_it(
    gateway: Gateway, people: Accounts, ana: Browser
) -> None:
    ben = await at_desk(gateway, people, "ben")
    chat = await waiting(gateway)
    await act(ana, chat, "claim")
    await ana.client.get(f"/desk/chats/{chat.id}")
    await chat.send("are you there?")
    await ben.client.get(f"/desk/chats/{chat.id}")
    await ana.client.get(f"/desk/chats/{chat.id}/log?after=1")  # a page in the background
    assert (await unread(ana), await unread(ben)) == (1, 0)
    await ana.client.get(f"/desk/chats/{chat.id}/log?after=1&seen=true")
    assert await unread(ana) == 0


async def test_the_desk_is_out_and_back(gateway: Gateway, ana: Browser) -> None:
    await ana.post("/desk/out", "/desk", out="true")
    assert (
        "The desk is out" in (await ana.client.get("/desk")).text
        and "The desk is back" in (await ana.client.get("/desk")).text
    )
    await ana.post("/desk/out", "/desk", out="false")
    assert "The desk is back" not in (await ana.client.get("/desk")).text


async def test_an_unknown_chat_is_not_there(ana: Browser) -> None:
    token = await ana.token("/desk")
    for path in ("", "/log", "/state", "/transcript.txt"):
        assert (await ana.client.get(f"/desk/chats/nothing{path}")).status_code == 404
    for action in ("claim", "release", "hand-back", "draft"):
        reply = await ana.client.post(f"/desk/chats/nothing/{action}", data={"csrf": token}, headers={"origin": BASE})
        assert reply.status_code == 404


async def test_claimed_chats_stay_claimed_over_a_restart(start: Start) -> None:
    async with start() as gateway:
        people = Accounts(gateway.store._database, lambda: NOW)
        ana = await at_desk(gateway, people)
        chat = await waiting(gateway)
        await act(ana, chat, "claim")
        cookies = ana.client.cookies
    async with start() as gateway:
        again = browser(gateway)
        again.client.cookies = cookies
        back = Chat(gateway.client, chat.id, chat.token, keys=50)
        await back.send("are you still there?")
        assert "You have this chat" in (await again.client.get(f"/desk/chats/{chat.id}")).text
        assert await say(again, back, "Yes, I am.") == (200, {"seq": (await back.history())[-1]["seq"]})
        assert [event["role"] for event in await back.history()][-2:] == ["patient", "staff"]


async def test_search_finds_words_in_chats(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await chat.ask("my budgerigar is called Pip")
    page = (await ana.client.get("/desk/search?q=BUDGERIGAR")).text
    assert f"/desk/chats/{chat.id}" in page and "1 found" in page
    assert "0 found" in (await ana.client.get("/desk/search?q=%25")).text


async def test_each_thing_rings_by_a_name_of_its_own(gateway: Gateway, people: Accounts, ana: Browser) -> None:
    assert summed([], 1) == {"count": 0, "rings": []}
    me = next(person.id for person in await people.all() if person.login == "ana")
    desk = gateway.app.state.exchange.edition.desk

    async def rung() -> list[tuple[str, str]]:
        return [(it["what"], it["id"]) for it in summed(await desk.queue(reader=me), me)["rings"]]

    first = await waiting(gateway)
    ((what, one),) = await rung()
    assert what == "waiting"
    await act(ana, first, "claim")
    await ana.client.get(f"/desk/chats/{first.id}")
    assert await rung() == []
    second = await waiting(gateway)  # as many wait as before
    assert {it for what, it in await rung() if what == "waiting"} not in ({one}, set())
    await act(ana, first, "release")
    assert len({it for what, it in await rung() if what == "waiting"} - {one}) == 2, "it comes to the queue again"
    await second.ask("I cannot breathe")
    assert ("alarm" in dict(await rung())) and summed(await desk.queue(reader=me), me)["count"] == 2
    await ana.client.get(f"/desk/chats/{second.id}")
    assert "alarm" not in dict(await rung())


async def test_a_chat_has_a_name_by_when_it_began_and_what_it_is_about(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    title = "Is it normal to be sore after?"
    assert f"since 11:00, {title}" in (await ana.client.get("/desk")).text
    assert f"<title>Chat with a patient since 11:00, {title}" in (await ana.client.get(f"/desk/chats/{chat.id}")).text


async def test_the_list_can_be_narrowed_down(gateway: Gateway, ana: Browser) -> None:
    first, mine, alarm = await waiting(gateway), await waiting(gateway), await gateway.chat()
    await alarm.ask("I cannot breathe")
    await act(ana, mine, "claim")

    async def listed(show: str) -> set[str]:
        page = (await ana.client.get(f"/desk/parts/queue?show={show}")).text
        return set(re.findall(r'<li class="row[^>]*data-chat="([^"]+)"', page))

    assert await listed("open") == await listed("nonsense") == {first.id, mine.id, alarm.id}
    assert await listed("waiting") == {first.id}
    assert await listed("mine") == {mine.id}
    assert await listed("emergencies") == {alarm.id}
    assert await listed("closed") == set()
    await act(ana, mine, "hand-back")
    assert await listed("closed") == {mine.id} and await listed("mine") == set()


async def test_a_chat_is_closed_for_a_reason_and_the_patient_is_told(
    gateway: Gateway, ana: Browser, knowledge: Knowledge
) -> None:
    chat = await waiting(gateway)
    await act(ana, chat, "close", why="called")
    assert texts(await chat.history(), "system")[-1] == knowledge.wording("handoff_closed_by_desk")
    assert chat.id not in (await ana.client.get("/desk/parts/queue")).text
    closed = (await ana.client.get("/desk/parts/queue?show=closed")).text
    assert chat.id in closed and "We called them" in closed and "Ana" in closed
    (answer,) = await chat.ask("will I be sore?")
    assert answer["topic"] == "soreness"
    await chat.ask("I want a person")
    assert chat.id in (await ana.client.get("/desk/parts/queue")).text


async def test_many_chats_are_closed_at_once_but_no_emergency_and_no_chat_of_a_colleague(
    gateway: Gateway, people: Accounts, ana: Browser
) -> None:
    ben = await at_desk(gateway, people, "ben")
    chats = [await waiting(gateway) for _ in range(4)]
    await chats[2].ask("I cannot breathe")
    await act(ben, chats[3], "claim")
    ids = [chat.id for chat in chats]
    reply = await ana.post("/desk/close", "/desk", chat=[*ids, "unknown"], why="stopped")
    assert reply.status_code == 303
    page = (await ana.client.get("/desk/parts/queue")).text
    assert [id in page for id in ids] == [False, False, True, True]
    assert "yours" not in page and "emergency words" in page
    assert (await gateway.store.conversation(ids[3])).holder == "person"


async def test_search_forgives_a_typing_error_an_accent_and_capitals(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    await chat.ask("My appointment with JOSÉ at the café")
    for words in ("appointmnt", "josé", "jose", "CAFÉ", "cafe appointment"):
        assert chat.id in (await ana.client.get("/desk/search", params={"q": words})).text, words
    assert "0 found" in (await ana.client.get("/desk/search?q=zebra")).text


async def test_a_day_stands_above_what_was_said_on_it(gateway: Gateway, ana: Browser) -> None:
    chat = await waiting(gateway)
    lines = (await ana.client.get(f"/desk/chats/{chat.id}/log")).text
    assert lines.count("data-day") == 1 and "Today" in lines
    assert "data-day" not in (await ana.client.get(f"/desk/chats/{chat.id}/log?after=2")).text


async def test_ready_replies_are_the_clinics_and_ones_own_with_the_facts_filled_in(
    gateway: Gateway, people: Accounts, ana: Browser, knowledge: Knowledge
) -> None:
    ben = await at_desk(gateway, people, "ben")
    chat = await waiting(gateway)
    assert (
        f"this is Ana at the front desk of {knowledge.clinic.name}"
        in (await ana.client.get(f"/desk/chats/{chat.id}")).text
    )
    kept = await ana.post(
        "/desk/replies", "/desk/replies", name="Ice", text="I am {me}. Call {clinic_phone}. It cures you."
    )
    assert kept.status_code == 200 and "Saved." in kept.text and "cures" in kept.text, "what promises too much is told"
    page = (await ana.client.get(f"/desk/chats/{chat.id}")).text
    assert f"I am Ana. Call {knowledge.clinic.phone}." in page
    assert "Ice" not in (await ben.client.get(f"/desk/chats/{chat.id}")).text
    wrong = await ana.post("/desk/replies", "/desk/replies", name="No", text="Nothing fills {this}.")
    assert wrong.status_code == 400 and "Nothing fills {this}." in wrong.text
    (number,) = re.findall(r"/desk/replies/(\d+)/remove", (await ana.client.get("/desk/replies")).text)
    await ben.post(f"/desk/replies/{number}/remove", "/desk/replies")
    assert "Ice" in (await ana.client.get("/desk/replies")).text, "it is not Ben's"
    await ana.post("/desk/replies", "/desk/replies", id=number, name="Heat", text="Warm is fine.")
    assert "Heat" in (await ana.client.get("/desk/replies")).text
    await ana.post(f"/desk/replies/{number}/remove", "/desk/replies")
    assert "Heat" not in (await ana.client.get("/desk/replies")).text


async def test_the_look_up_says_the_clinics_facts_and_sends_nobody_to_the_front_desk(
    ana: Browser, knowledge: Knowledge
) -> None:
    async def first(query: str) -> dict[str, Any]:
        return (await ana.client.get("/desk/answers", params={"q": query})).json()["answers"][0]

    cost, hours = await first("how much does a first visit cost"), await first("when are you open")
    assert "$115" in cost["short"] and "Monday" in hours["short"]
    for answer in (cost, hours, await first("can I speak to someone about my booking")):
        assert answer["short"] and knowledge.clinic.phone not in answer["short"]
    assert cost["reviewed"] is False
    assert "No physio has signed this answer yet" in (await ana.client.get("/desk/ask?q=sore")).text


async def test_a_waiting_chat_is_given_to_a_colleague_and_who_is_here_is_told(
    gateway: Gateway, people: Accounts, ana: Browser
) -> None:
    ben = await at_desk(gateway, people, "ben")
    chat = await waiting(gateway)
    assert "Ben (not here)" in (await ana.client.get(f"/desk/chats/{chat.id}")).text
    (ben_id,) = [person.id for person in await people.all() if person.login == "ben"]
    await gateway.app.state.exchange.edition.desk.here(ben_id)
    assert "Ben (here now)" in (await ana.client.get(f"/desk/chats/{chat.id}")).text
    await act(ana, chat, "transfer", to="ben")
    assert "You have this chat" in (await ben.client.get(f"/desk/chats/{chat.id}")).text
    assert "Ana" in texts(await chat.history(), "system")[-1]


async def test_a_screening_card_begins_with_its_outcome_and_the_reasons(gateway: Gateway, ana: Browser) -> None:
    chat = await gateway.chat()
    result = {
        "outcomes": [{"id": "NOT_RECOMMENDED", "title": "Not advised right now", "text": ""}],
        "reasons": [{"question": "Q06", "answer": "yes", "outcome": "NOT_RECOMMENDED", "text": "Blood thinners."}],
        "answers": {"Q01": "no", "Q06": "yes"},
    }
    sent = Draft("assistant", "handoff", {"text": "Sent.", "result": result})
    await gateway.store.append(chat.id, sent)
    state = (await ana.client.get(f"/desk/chats/{chat.id}/state")).text
    places = [
        state.index(it) for it in ("Not advised right now", "Blood thinners.", "All 2 answers", "About the patient")
    ]
    assert places == sorted(places)
