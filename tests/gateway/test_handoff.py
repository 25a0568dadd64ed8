"""The handoff as a patient meets it: the truth, a place in the queue, a person, and a way out at any time."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from gateway.answers.withdrawals import Withdrawals
from gateway.clock import utc_now
from gateway.desk.service import NothingSaid
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.records import UnknownConversation
from knowledge import Knowledge
from tests.gateway.conftest import Chat, pause
from tests.support.desk_chat import CLOSED, OPEN, Clinic, Clock, clinic_at_work, texts
from tests.support.fake_engine import FakeEngine
from tests.support.processes import free_port


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def clinic(settings: Settings, knowledge: Knowledge, engine: FakeEngine, clock: Clock) -> AsyncIterator[Clinic]:
    async with clinic_at_work(settings, knowledge, engine, clock) as running:
        yield running


async def last(chat: Chat) -> str:
    return texts(await chat.history())[-1]


# asking


async def test_who_asks_is_told_that_a_person_comes_and_goes_on_with_the_assistant(
    clinic: Clinic, knowledge: Knowledge
) -> None:
    chat = await clinic.chat()
    (told,) = await chat.ask("I want a person")
    assert told["kind"] == "handoff"
    assert knowledge.wording("handoff_asked") in told["text"]
    assert (await chat.ask("will I be sore?"))[0]["topic"] == "soreness"
    (row,) = await clinic.desk.queue()
    assert (row.state, row.reasons, row.last_words) == ("waiting", ("asked",), "will I be sore?")


async def test_asking_twice_waits_once(clinic: Clinic) -> None:
    chat = await clinic.waiting()
    await chat.ask("I want a person")
    assert (await clinic.handoff(chat, "POST")).json()["state"] == "waiting"
    assert len(await clinic.desk.queue()) == 1
    assert [item.reason for item in await clinic.desk.items(chat.id)] == ["asked"]


async def test_the_place_in_the_queue_is_told(clinic: Clinic, clock: Clock, knowledge: Knowledge) -> None:
    for _ in range(2):
        await clinic.waiting()
        clock.pass_(seconds=1)
    chat = await clinic.chat()
    (told,) = await chat.ask("I want a person")
    assert knowledge.wording("handoff_ahead", count=2) in told["text"]
    assert (await clinic.handoff(chat)).json()["ahead"] == 2
    rows = await clinic.desk.queue()
    assert rows[-1].conversation_id == chat.id
    assert [row.waiting_since for row in rows] == sorted(row.waiting_since for row in rows if row.waiting_since)


async def test_a_person_can_be_asked_for_while_the_engine_is_down(clinic: Clinic, engine: FakeEngine) -> None:
    engine.mode = "dead"
    chat = await clinic.chat()
    await chat.ask(choice="person")
    assert [row.state for row in await clinic.desk.queue()] == ["waiting"]


async def test_an_answer_about_a_person_that_is_withdrawn_still_reaches_one(clinic: Clinic, settings: Settings) -> None:
    async with Database.opened(settings.database_url) as database:
        await Withdrawals(database, utc_now).withdraw("human", "being reworded")
    chat = await clinic.chat()
    for _ in range(300):
        await chat.ask("I want a person")
        if (await chat.history())[-1]["body"].get("withheld"):
            break
        await pause()
    assert [row.state for row in await clinic.desk.queue()] == ["waiting"]


async def test_a_screening_result_that_was_sent_waits_for_a_person(clinic: Clinic) -> None:
    chat = await clinic.chat()
    await chat.ask("check me")
    card = (await chat.history())[-1]
    for _ in range(2):
        answer = {
            "event": card["seq"],
            "id": card["body"]["card"]["id"],
            "ticked": [card["body"]["card"]["items"][0]["id"]],
            "rest": "no",
        }
        await chat.ask(card=answer)
        card = (await chat.history())[-1]
    assert (await clinic.desk.context(chat.id)).screening is None
    send = next(button for button in card["body"]["buttons"] if "Send" in button["label"])
    (told,) = await chat.ask(choice=send["id"])
    assert told["kind"] == "handoff"
    context = await clinic.desk.context(chat.id)
    assert context.screening == {"answers": {"Q01": "yes", "Q02": "no", "Q06": "yes"}}
    assert [row.reasons for row in await clinic.desk.queue()] == [("screening",)]


async def test_a_person_is_offered_where_an_answer_looks_wrong(clinic: Clinic) -> None:
    chat = await clinic.chat()
    await chat.ask("will I be sore?")
    seq = (await chat.history())[-1]["seq"]
    await clinic.client.post(
        f"/api/conversations/{chat.id}/feedback", json={"seq": seq, "verdict": "looks_wrong"}, headers=chat.headers
    )
    offer = (await chat.history())[-1]["body"]
    await chat.ask(choice=offer["buttons"][0]["id"])
    assert "waiting" in [row.state for row in await clinic.desk.queue()]


async def test_a_person_is_offered_after_a_red_flag(clinic: Clinic, knowledge: Knowledge) -> None:
    chat = await clinic.chat()
    await chat.ask("I have a fever")
    (reminder,) = await chat.ask("thank you")
    assert knowledge.wording("label_human") in [button["label"] for button in reminder["buttons"]]


async def test_the_rest_channel_hears_the_handoff_and_goes_on(clinic: Clinic) -> None:
    (told,) = await clinic.rest("I want a person")
    assert (told["custom"]["kind"], told["custom"]["topic"]) == ("handoff", "human")
    assert (await clinic.rest("will I be sore?"))[0]["custom"]["topic"] == "soreness"
    cancel = next(button for button in told["buttons"] if button["payload"].endswith("cancel"))
    await clinic.rest(cancel["payload"])
    assert await clinic.desk.queue() == []


async def test_what_a_person_said_reaches_the_rest_channel_with_the_next_message(clinic: Clinic) -> None:
    await clinic.rest("I want a person")
    (row,) = await clinic.desk.queue()
    await clinic.desk.claim(row.conversation_id, 1, "Robin")
    await clinic.desk.reply(row.conversation_id, 1, "Hello, this is Robin.", "k")
    heard = await clinic.rest("are you there?")
    assert heard[-1]["text"] == "Hello, this is Robin."
    assert await clinic.rest("will I be sore?") == []


# ending


async def test_who_cancels_waits_no_longer(clinic: Clinic, knowledge: Knowledge) -> None:
    chat = await clinic.waiting()
    assert (await clinic.handoff(chat, "DELETE")).json()["state"] == "assistant"
    assert await last(chat) == knowledge.wording("handoff_cancelled")
    assert await clinic.desk.queue() == []
    assert (await chat.ask("will I be sore?"))[0]["topic"] == "soreness"


async def test_a_patient_who_deletes_the_chat_leaves_the_queue(clinic: Clinic) -> None:
    chat = await clinic.waiting()
    await clinic.handoff(chat, "PUT", "/contact", json={"contact": "pat@example.org"})
    await clinic.desk.claim(chat.id, 1, "Robin")
    await clinic.desk.note(chat.id, 1, "Robin", "a private note")
    await clinic.client.delete(f"/api/conversations/{chat.id}", headers=chat.headers)
    assert await clinic.desk.queue() == []
    assert await clinic.desk.notes(chat.id) == []


# who is there


async def test_after_hours_it_becomes_a_message_with_the_time_of_the_answer(clinic: Clinic, clock: Clock) -> None:
    clock.now = CLOSED
    chat = await clinic.chat()
    (told,) = await chat.ask("I want a person")
    assert "tomorrow at 8 am" in told["text"]
    assert told["handoff"] == {"state": "waiting", "contact": True}
    state = (await clinic.handoff(chat)).json()
    assert (state["here"], state["opens"]) == (False, "2026-11-24T08:00:00-07:00")


@pytest.mark.parametrize(
    ("when", "here"),
    [
        (datetime(2026, 3, 6, 15, 59, tzinfo=UTC), False),  # winter time: 8 in the morning is 16 o'clock UTC
        (datetime(2026, 3, 6, 16, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 9, 15, 0, tzinfo=UTC), True),  # the Monday after the change to summer time
        (datetime(2026, 12, 25, 18, 0, tzinfo=UTC), False),  # a holiday
        (datetime(2026, 12, 24, 18, 0, tzinfo=UTC), False),  # a day off
    ],
)
async def test_hours_follow_daylight_saving_holidays_and_closures(
    clinic: Clinic, clock: Clock, when: datetime, here: bool
) -> None:
    clock.now = when
    assert (await clinic.desk.availability()).here is here


async def test_the_out_switch_is_told_to_who_waits_and_who_comes(clinic: Clinic, knowledge: Knowledge) -> None:
    waits = await clinic.waiting()
    await clinic.desk.set_out(True, "Robin")
    assert knowledge.wording("handoff_out") in await last(waits)
    (told,) = await (await clinic.chat()).ask("I want a person")
    assert knowledge.wording("handoff_out") in told["text"]
    assert (await clinic.desk.availability()).out == "Robin"
    await clinic.desk.set_out(False, "Robin")
    assert (await clinic.desk.availability()).here


async def test_the_usual_wait_is_the_median_first_reply_of_seven_days(clinic: Clinic, clock: Clock) -> None:
    assert (await clinic.desk.availability()).usual_wait is None
    for minutes in (2, 4, 30):
        chat = await clinic.waiting()
        await clinic.desk.claim(chat.id, 1, "Robin")
        clock.pass_(minutes=minutes)
        for key in "ab":  # only the first reply counts
            await clinic.desk.reply(chat.id, 1, f"Hello {key}", key)
        await clinic.desk.hand_back(chat.id, 1)
    assert (await clinic.desk.availability()).usual_wait == timedelta(minutes=4)
    (told,) = await (await clinic.chat()).ask("I want a person")
    assert "4 minutes" in told["text"]
    clock.pass_(days=8)
    assert (await clinic.desk.availability()).usual_wait is None


async def test_who_has_waited_longer_than_usual_makes_the_usual_wait_longer(clinic: Clinic, clock: Clock) -> None:
    chat = await clinic.waiting()
    await clinic.desk.claim(chat.id, 1, "Robin")
    clock.pass_(minutes=1)
    await clinic.desk.reply(chat.id, 1, "Hello", "a")
    await clinic.desk.hand_back(chat.id, 1)
    for _ in range(3):
        await clinic.waiting()
    assert (await clinic.desk.availability()).usual_wait == timedelta(minutes=1)
    clock.pass_(minutes=46)
    assert (await clinic.desk.availability()).usual_wait == timedelta(minutes=46)


async def test_what_to_do_when_hurt_is_said_once(clinic: Clinic, clock: Clock, knowledge: Knowledge) -> None:
    clock.now = CLOSED
    (told,) = await (await clinic.chat()).ask("I want a person")
    sentences = re.split(r"(?<=[.!?])\s+", told["text"])
    assert len(sentences) == len(set(sentences)) > 5


# nobody waits in silence


async def test_who_waits_is_told_and_the_desk_alerted_again(clinic: Clinic, clock: Clock, knowledge: Knowledge) -> None:
    chat = await clinic.waiting()
    await clinic.alerts.look()
    before = len(await chat.history())
    for minutes, alerts in ((2, 1), (3, 2), (10, 3), (60, 3)):
        clock.pass_(minutes=minutes)
        await clinic.alerts.look()
        await clinic.alerts.look()
        assert [row.alerts for row in await clinic.desk.queue()] == [alerts]
    told = texts((await chat.history())[before:])
    assert told == [knowledge.wording("handoff_still_waiting", wait=f"{n} minutes") for n in (2, 5, 15)]


async def test_who_waits_when_the_desk_closes_is_told_when_it_opens(clinic: Clinic, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 24, 0, 59, tzinfo=UTC)  # a minute to six
    chat = await clinic.waiting()
    clock.pass_(minutes=2)
    for _ in range(2):
        await clinic.alerts.look()
    told = [text for text in texts(await chat.history()) if "tomorrow at 8 am" in text]
    assert told == [await last(chat)]


async def test_a_promise_for_the_morning_is_looked_after_in_the_morning(clinic: Clinic, clock: Clock) -> None:
    clock.now = CLOSED
    chat = await clinic.waiting()
    before = len(await chat.history())
    clock.pass_(hours=9)  # 7 in the morning
    await clinic.alerts.look()
    assert len(await chat.history()) == before
    clock.pass_(minutes=62)
    await clinic.alerts.look()
    assert [row.alerts for row in await clinic.desk.queue()] == [1]


async def test_a_person_who_goes_quiet_loses_the_chat_to_the_queue(
    clinic: Clinic, clock: Clock, knowledge: Knowledge
) -> None:
    chat = await clinic.waiting()
    await clinic.desk.claim(chat.id, 1, "Robin")
    await clinic.desk.reply(chat.id, 1, "Hello, how can I help?", "a")
    clock.pass_(hours=2)
    await clinic.alerts.look()
    assert [row.state for row in await clinic.desk.queue()] == ["person"]  # it is the patient who is silent
    await chat.send("are you there?")
    while (await clinic.desk.queue())[0].waiting_since is None:
        await pause()
    clock.pass_(minutes=5)
    for _ in range(2):
        await clinic.alerts.look()
    assert [(row.state, row.unread) for row in await clinic.desk.queue()] == [("waiting", 0)]
    assert await last(chat) == knowledge.wording("handoff_quiet", name="Robin")
    assert (await chat.ask("will I be sore?"))[0]["topic"] == "soreness"


# a way to be reached


@pytest.mark.parametrize(
    ("written", "kept"),
    [("Pat@Example.org ", "Pat@example.org"), ("(250) 555-0142", "+12505550142"), ("+49 30 901820", "+4930901820")],
)
async def test_a_contact_is_kept_in_its_usual_form_until_it_is_deleted(clinic: Clinic, written: str, kept: str) -> None:
    chat = await clinic.waiting()
    assert (await clinic.handoff(chat, "PUT", "/contact", json={"contact": written})).json()["contact"] == kept
    assert [row.contact for row in await clinic.desk.queue()] == [kept]
    assert (await clinic.handoff(chat, "DELETE", "/contact")).json()["contact"] is None


@pytest.mark.parametrize("written", ["", "pat", "pat@", "555-0142", "911", "a" * 260 + "@example.org"])
async def test_what_reaches_nobody_is_refused_with_a_sentence(
    clinic: Clinic, knowledge: Knowledge, written: str
) -> None:
    reply = await clinic.handoff(await clinic.waiting(), "PUT", "/contact", json={"contact": written})
    assert (reply.status_code, reply.json()["error"]["message"]) == (422, knowledge.wording("handoff_contact_wrong"))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("you can call me at 250-555-0111", "+12505550111"),
        ("(604) 555 0188", "+16045550188"),
        ("write to Pat@example.org please", "Pat@example.org"),
    ],
)
async def test_who_waits_can_type_where_they_are_reached(clinic: Clinic, typed: str, kept: str) -> None:
    chat = await clinic.chat()
    (told,) = await chat.ask(typed)
    assert "handoff" not in told, "nobody was asked for"
    await chat.ask("I want a person")
    (told,) = await chat.ask(typed)
    assert (told["kind"], kept in told["text"]) == ("handoff", True)
    assert [row.contact for row in await clinic.desk.queue()] == [kept]
    await chat.ask("are you open today, your number is 250-555-0142")
    assert [row.contact for row in await clinic.desk.queue()] == [kept], "the clinic's own number is no contact"


async def test_a_question_beside_a_number_is_answered_too(clinic: Clinic) -> None:
    chat = await clinic.waiting()
    answer, told = await chat.ask("my number is 250-555-0111 and I would like to know will I be sore?")
    assert answer["topic"] == "soreness" and "+12505550111" in told["text"]


async def test_a_contact_needs_a_handoff_and_goes_with_it(clinic: Clinic, settings: Settings) -> None:
    chat = await clinic.chat()
    reply = await clinic.handoff(chat, "PUT", "/contact", json={"contact": "pat@example.org"})
    assert reply.json()["error"]["code"] == "no_handoff"
    await clinic.handoff(chat, "POST")
    await clinic.handoff(chat, "PUT", "/contact", json={"contact": "pat@example.org"})
    await clinic.handoff(chat, "DELETE")
    with sqlite3.connect(settings.var / "ims.sqlite3") as connection:
        assert connection.execute("SELECT contact FROM handoffs").fetchall() == [(None,)]


async def test_the_answer_link_opens_its_chat_and_no_other(clinic: Clinic) -> None:
    chat, other = await clinic.waiting(), await clinic.waiting()
    link = (await clinic.handoff(chat)).json()["link"]
    id, _, token = link.partition("#ims-chat=")[2].partition(".")
    assert id == chat.id
    opened = Chat(clinic.client, id, token)
    assert texts(await opened.history()) == texts(await chat.history())
    reply = await clinic.client.get(
        f"/api/conversations/{other.id}/history", headers={"Authorization": f"Bearer {token}"}
    )
    assert reply.status_code == 404


def through(clinic: Clinic, chat: Chat, link: str) -> Chat:
    """The chat as its link opens it."""
    return Chat(clinic.client, chat.id, link.partition("#ims-chat=")[2].partition(".")[2], keys=100)


async def test_a_link_opens_a_chat_only_where_a_person_was_asked_for(clinic: Clinic, settings: Settings) -> None:
    chat = await clinic.waiting()
    linked = through(clinic, chat, (await clinic.handoff(chat)).json()["link"])
    await clinic.handoff(chat, "DELETE")
    assert (await linked.send("hello")).status_code == 404, "the patient waits for nobody any more"
    await clinic.desk.claim(chat.id, 1, "Robin")
    await clinic.desk.reply(chat.id, 1, "Yes, you can come today.", "k")
    await clinic.desk.hand_back(chat.id, 1)
    assert (await linked.send("hello")).status_code == 202, "a person has answered"


async def test_a_link_is_over_after_two_weeks(clinic: Clinic, clock: Clock) -> None:
    chat = await clinic.waiting()
    linked = through(clinic, chat, (await clinic.handoff(chat)).json()["link"])
    clock.pass_(days=13)
    assert (await linked.send("hello")).status_code == 202
    clock.pass_(days=2)
    assert (await linked.send("hello again")).status_code == 404


async def test_a_link_does_not_delete_its_chat(clinic: Clinic) -> None:
    chat = await clinic.waiting()
    linked = through(clinic, chat, (await clinic.handoff(chat)).json()["link"])
    reply = await clinic.client.delete(f"/api/conversations/{chat.id}", headers=linked.headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "not_with_link")
    assert await chat.history()


# in another language


async def test_a_french_window_is_told_in_french_how_it_stands(clinic: Clinic, clock: Clock) -> None:
    chat = await clinic.chat("fr")
    (told,) = await chat.ask(choice="person")
    assert "J’ai prévenu la réception." in told["text"]
    assert (told["language"], told["topic"], told["buttons"]) == ("fr", "human", [])
    assert "front desk" not in told["text"], "not half of it in English"
    assert (await chat.history())[-2]["body"]["text"] == "J’aimerais parler à une personne"
    clock.pass_(minutes=2)
    await clinic.alerts.look()
    assert "vous attendez depuis 2 minutes" in await last(chat)
    await clinic.desk.claim(chat.id, 1, "Robin")
    assert "Robin, de Salal Physiotherapy (demo clinic), s’est joint" in await last(chat)
    await clinic.desk.transfer(chat.id, 1, 2, "Kim")
    assert await last(chat) == "Robin a confié ce clavardage à Kim."
    await chat.send("Bonjour")
    clock.pass_(minutes=6)
    await clinic.alerts.look()
    assert "Kim ne répond pas" in await last(chat)
    await clinic.desk.claim(chat.id, 2, "Kim")
    await clinic.desk.release(chat.id, 2)
    assert "Kim a dû quitter" in await last(chat)
    await clinic.desk.claim(chat.id, 2, "Kim")
    await clinic.desk.hand_back(chat.id, 2, "Rendez-vous lundi.")
    assert (await last(chat)).startswith("Rendez-vous lundi.\n\nKim a quitté")
    assert (await clinic.handoff(chat, "POST")).json()["state"] == "waiting"
    await clinic.handoff(chat, "DELETE")
    assert (await last(chat)).startswith("Vous n’attendez plus")
    said = [event["body"] for event in await chat.history() if event["role"] == "system"]
    assert {body["language"] for body in said} == {"fr"}


async def test_a_french_window_hears_in_french_when_the_desk_opens_and_what_is_no_address(
    clinic: Clinic, clock: Clock
) -> None:
    clock.now = CLOSED
    chat = await clinic.waiting(language="fr-CA")
    assert "Réouverture\u00a0: mardi 24 novembre 2026, 08:00." in await last(chat)
    refused = await clinic.handoff(chat, "PUT", "/contact", json={"contact": "nobody"})
    assert refused.status_code == 422
    assert "ne ressemble pas à un courriel" in refused.json()["error"]["message"]


async def test_who_says_in_french_that_an_answer_looks_wrong_is_offered_a_person(clinic: Clinic) -> None:
    chat = await clinic.chat("fr")
    await chat.ask("will I be sore?")
    seq = (await chat.history())[-1]["seq"]
    body = {"seq": seq, "verdict": "looks_wrong"}
    await clinic.client.post(f"/api/conversations/{chat.id}/feedback", json=body, headers=chat.headers)
    offered = (await chat.history())[-1]["body"]
    assert offered["text"] == "Merci de nous l’avoir dit. Aimeriez-vous en parler avec une personne?"
    (button,) = offered["buttons"]
    assert button["label"] == "Parler à une personne"
    await chat.ask(choice=button["id"])
    assert [row.state for row in await clinic.desk.queue()] == ["waiting"]


async def test_a_language_without_these_sentences_is_told_in_english(clinic: Clinic) -> None:
    (told,) = await (await clinic.chat("pa")).ask("I want a person")
    assert "I have told our front desk." in told["text"]
    assert "language" not in told


# e-mail


class Letters(Message):
    """What a mail server was given."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[str, str, str]] = []

    def handle_message(self, message: object) -> None:
        to, subject = (str(make_header(decode_header(message[name]))) for name in ("To", "Subject"))  # type: ignore[index]
        text = message.get_payload(decode=True).decode()  # type: ignore[attr-defined]
        self.got.append((to, subject, " ".join(text.split())))


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.mark.parametrize(
    ("language", "expected", "waited"),
    [
        ("en", "You have an answer from Salal Physiotherapy (demo clinic)", "5 minutes"),
        ("fr", "Vous avez une réponse de Salal Physiotherapy (demo clinic)", "depuis 5 minutes"),
    ],
)
async def test_letters_go_to_the_clinic_and_the_patient_without_a_word_that_was_typed(
    settings: Settings,
    knowledge: Knowledge,
    engine: FakeEngine,
    clock: Clock,
    letters: Letters,
    language: str,
    expected: str,
    waited: str,
) -> None:
    port = free_port()
    server = Controller(letters, hostname="127.0.0.1", port=port)
    mail = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    async with clinic_at_work(settings, knowledge, engine, clock, public_url="https://chat.example", **mail) as clinic:
        chat = await clinic.waiting("my secret pain: I want a person", language)
        clock.pass_(minutes=5)
        await clinic.alerts.look()  # the mail server is down: nothing else is delayed
        assert waited in await last(chat)
        server.start()
        try:
            clock.pass_(minutes=3)
            await clinic.alerts.look()
            await clinic.alerts.look()
            ((to, subject, text),) = letters.got
            assert (to, subject) == (knowledge.clinic.email, "1 waiting in the chat")
            assert "https://chat.example/desk" in text
            await clinic.handoff(chat, "PUT", "/contact", json={"contact": "pat@example.org"})
            await clinic.desk.claim(chat.id, 1, "Robin")
            for key in "ab":
                await clinic.desk.reply(chat.id, 1, "my secret answer", key)
            await clinic.alerts.look()
        finally:
            server.stop()
    to, subject, text = letters.got[-1]
    assert (to, subject, len(letters.got)) == ("pat@example.org", expected, 2)
    assert f"https://chat.example/#ims-chat={chat.id}." in text
    assert "secret" not in str(letters.got)


# faults


async def test_claimed_chats_are_claimed_after_a_restart(
    settings: Settings, knowledge: Knowledge, engine: FakeEngine, clock: Clock
) -> None:
    async with clinic_at_work(settings, knowledge, engine, clock) as clinic:
        chat = await clinic.waiting()
        await clinic.desk.claim(chat.id, 1, "Robin")
    async with clinic_at_work(settings, knowledge, engine, clock) as clinic:
        chat.client = clinic.client
        sent = await chat.send("will I be sore?")
        while (await clinic.desk.queue())[0].last_words != "will I be sore?":
            await pause()
        await clinic.desk.reply(chat.id, 1, "A little, for a day or two.", "k")
        events = await chat.history(sent.json()["seq"])
        assert [(event["role"], event["body"]["name"]) for event in events] == [("staff", "Robin")]


async def test_a_database_that_is_locked_for_seconds_delays_and_loses_nothing(
    clinic: Clinic, settings: Settings
) -> None:
    chat = await clinic.waiting()
    locker = sqlite3.connect(settings.var / "ims.sqlite3", isolation_level=None, check_same_thread=False)
    locker.execute("BEGIN IMMEDIATE")
    claims = asyncio.gather(
        *(clinic.desk.claim(chat.id, who, name) for who, name in ((1, "Robin"), (2, "Sam"))), return_exceptions=True
    )
    asked = asyncio.create_task(chat.send("will I be sore?"))
    await asyncio.sleep(2)
    assert not claims.done()
    locker.execute("COMMIT")
    locker.close()
    assert sum(result is None for result in await claims) == 1
    assert (await asked).status_code == 202
    assert [row.state for row in await clinic.desk.queue()] == ["person"]


async def test_who_began_to_wait_at_the_same_moment_keeps_one_place(clinic: Clinic) -> None:
    for _ in range(5):
        await clinic.waiting()
    orders = [[row.conversation_id for row in await clinic.desk.queue()] for _ in range(3)]
    assert orders == [sorted(orders[0])] * 3, "rows must not change places when the page is read again"


async def test_a_patient_who_leaves_while_a_person_writes_is_gone_for_the_desk_too(clinic: Clinic) -> None:
    chat = await clinic.waiting()
    await clinic.desk.claim(chat.id, 1, "Robin")
    await clinic.client.delete(f"/api/conversations/{chat.id}", headers=chat.headers)
    with pytest.raises(UnknownConversation):
        await clinic.desk.reply(chat.id, 1, "Are you still there?", "k")
    assert await clinic.desk.queue() == []


async def test_two_hundred_wait_in_order(clinic: Clinic, clock: Clock) -> None:
    chats = [await clinic.chat() for _ in range(200)]
    for chat in chats:
        clock.pass_(milliseconds=10)
        assert (await clinic.handoff(chat, "POST")).status_code == 200
    assert [row.conversation_id for row in await clinic.desk.queue()] == [chat.id for chat in chats]
    assert (await clinic.handoff(chats[-1])).json()["ahead"] == 199
    clock.now = OPEN + timedelta(minutes=20)
    await clinic.alerts.look()
    assert {row.alerts for row in await clinic.desk.queue()} == {3}


async def test_who_spams_is_one_line_at_the_desk_and_takes_nothing_from_others(
    settings: Settings, knowledge: Knowledge, engine: FakeEngine, clock: Clock
) -> None:
    async with clinic_at_work(settings, knowledge, engine, clock, conversation_burst=5) as clinic:
        spammer = await clinic.waiting()
        clock.pass_(seconds=1)
        other = await clinic.waiting()
        replies = [await spammer.send(f"HELLO {number}") for number in range(50)]
        taken = [reply for reply in replies if reply.status_code == 202]
        refused = [reply for reply in replies if reply.status_code == 429]
        assert len(taken) + len(refused) == 50
        assert len(refused) >= 40
        assert all(int(reply.headers["Retry-After"]) >= 1 for reply in refused)
        assert [row.conversation_id for row in await clinic.desk.queue()] == [spammer.id, other.id]
        assert (await other.send("will I be sore?")).status_code == 202


# what must be looked at


async def test_who_takes_a_chat_that_has_waited_long_keeps_it(clinic: Clinic, clock: Clock) -> None:
    for waited in (timedelta(minutes=6), timedelta(hours=22)):  # busy, or over night
        chat = await clinic.waiting()
        clock.now += waited
        await clinic.alerts.look()
        await clinic.desk.claim(chat.id, 1, "Robin")
        clock.pass_(seconds=30)
        await clinic.alerts.look()
        assert (await clinic.desk.context(chat.id)).staff_name == "Robin"
        await clinic.desk.transfer(chat.id, 1, 2, "Kim")
        clock.pass_(minutes=4)
        await clinic.alerts.look()
        assert (await clinic.desk.context(chat.id)).staff_name == "Kim"
        clock.pass_(minutes=2)
        await clinic.alerts.look()
        assert (await clinic.desk.context(chat.id)).state == "waiting", "who answers nothing still loses it"
        await clinic.handoff(chat, "DELETE")


async def test_an_emergency_stands_before_all_who_wait_and_the_worst_first(clinic: Clinic, clock: Clock) -> None:
    for _ in range(3):
        await clinic.waiting()
        clock.pass_(minutes=1)
    urgent, worst = await clinic.chat(), await clinic.chat()
    await urgent.ask("I have a fever")
    clock.pass_(minutes=1)
    await worst.ask("I cannot breathe")
    order = [row.conversation_id for row in await clinic.desk.queue()]
    assert order[:2] == [worst.id, urgent.id]
    assert [row.alarm for row in await clinic.desk.queue()] == [True, True, False, False, False]


@pytest.mark.parametrize("when", [OPEN, CLOSED], ids=["open", "at night"])
async def test_the_desk_is_reminded_of_an_alarm_again_and_again_until_somebody_opens_it(
    clinic: Clinic, clock: Clock, when: datetime
) -> None:
    clock.now = when
    chat = await clinic.chat()
    await chat.ask("I cannot breathe")
    reminded = []
    for minutes in (1, 1, 3, 10, 15, 15):
        clock.pass_(minutes=minutes)
        for _ in range(2):
            await clinic.alerts.look()
        reminded.append((await clinic.desk.items(chat.id))[0].alerts)
    assert reminded == [1, 2, 3, 4, 5, 6]
    assert len((await clinic.desk.queue())[0].unopened) == 1
    await clinic.desk.seen(chat.id, 1, 2)
    clock.pass_(hours=1)
    await clinic.alerts.look()
    assert [item.alerts for item in await clinic.desk.items(chat.id)] == [6]
    assert [(row.alarm, row.unopened) for row in await clinic.desk.queue()] == [(True, ())], "it is still not done"


async def test_the_desk_is_reminded_of_a_dead_engine_while_it_is_open(
    clinic: Clinic, clock: Clock, engine: FakeEngine
) -> None:
    clock.now = CLOSED
    engine.mode = "dead"
    chat = await clinic.chat()
    await chat.ask("will I be sore?")
    reminded = []
    for hours in (9, 1, 1, 5):  # 7 in the morning, then 8 past opening and later
        clock.pass_(hours=hours, minutes=1)
        await clinic.alerts.look()
        reminded.append([item.alerts for item in await clinic.desk.items(chat.id) if item.reason == "engine_down"])
    assert reminded == [[0], [1], [3], [3]]


async def test_letters_about_an_alarm_go_out_at_night_and_to_who_else_is_named(
    settings: Settings, knowledge: Knowledge, engine: FakeEngine, clock: Clock, letters: Letters
) -> None:
    port = free_port()
    waiting = replace(knowledge.clinic.waiting, alarm_emails=("owner@example.org",))
    clinic_with = replace(knowledge, clinic=replace(knowledge.clinic, waiting=waiting))
    mail = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "public_url": "https://x.example"}
    clock.now = CLOSED
    server = Controller(letters, hostname="127.0.0.1", port=port)
    server.start()
    try:
        async with clinic_at_work(settings, clinic_with, engine, clock, **mail) as clinic:
            opened, chat = await clinic.chat(), await clinic.chat()
            for each in (opened, chat):
                await each.ask("my secret: I cannot breathe")
            await clinic.desk.seen(opened.id, 1, 2)
            clock.pass_(minutes=1)
            await clinic.alerts.look()
            await clinic.alerts.look()
    finally:
        server.stop()
    ((to, subject, text),) = letters.got
    assert (to, subject) == (f"{knowledge.clinic.email}, owner@example.org", knowledge.wording("mail_alarm_subject"))
    assert text.startswith("1 minute ago") and "https://x.example/desk" in text and "secret" not in text


async def test_of_an_alarm_it_is_said_what_was_done_and_by_whom(clinic: Clinic) -> None:
    chat = await clinic.chat()
    await chat.ask("I cannot breathe")
    (item,) = await clinic.desk.items(chat.id)
    with pytest.raises(NothingSaid):
        await clinic.desk.done(chat.id, item.id, "Robin")
    await clinic.desk.done(chat.id, item.id, "Robin", "Called her, her son drives her to emergency.")
    assert await clinic.desk.queue() == []
    (finished,) = (await clinic.desk.context(chat.id)).finished
    assert (finished.done_by, finished.done_note) == ("Robin", "Called her, her son drives her to emergency.")
    await clinic.desk.reopen(chat.id, item.id)
    assert [row.alarm for row in await clinic.desk.queue()] == [True]
