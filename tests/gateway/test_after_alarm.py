"""What a patient answers to an alarm is understood, and what is said while it is open."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.chat.after_alarm import AfterAlarm
from gateway.storage.records import Draft, Kind
from knowledge import Knowledge
from tests.gateway.conftest import Chat, Gateway

AFTER = AfterAlarm.load(Path("data"))
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
ANSWERS = [
    ("seen", "the scan was clear and they sent me home"),
    ("seen", "my GP knows about it, had it checked in June"),
    ("not_it", "no its just the muscle, sore not short of breath"),
    ("not_it", "sorry I meant no"),
    ("not_it", "false alarm it was heartburn"),
    ("not_it", "no not like that, the pain is just so bad"),
    ("not_it", "nope just sore"),
    ("not_it", "you misunderstood, it's nothing"),
    ("not_it", "No."),
    ("not_it", "Not that!"),
    ("not_it", "pas cela"),
    ("not_it", "its her old palsy, she has had it for ages, nothing new"),
    ("not_it", "sorry i was only asking what would happen then"),
    ("not_it", "the bruise isnt growing, its going yellow by now"),
    ("joking", "i was joking"),
    ("joking", "lol jk its a figure of speech"),
    ("joking", "just testing the bot"),
    ("other", "thats not me i was asking for my mum"),
    ("other", "I meant my sister"),
    ("other", "it's for my dad"),
    ("called", "I called them"),
    ("called", "ok the ambulance is on its way"),
    ("called", "we are at the hospital now"),
    ("fine", "I am fine now"),
    ("fine", "it went away by itself"),
    ("fine", "feeling better thanks"),
]


@pytest.mark.parametrize(("kind", "text"), ANSWERS)
def test_an_answer_to_an_alarm_is_told_apart(kind: str, text: str) -> None:
    assert AFTER.kind(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "so can i go to the gym tonight",
        "what does it cost",
        "thanks",
        "how do i get there",
        "do you take icbc",
        "where are you",
        "the hospital sent me home but now it is worse",
        "my vision is fading and i feel new pain",
        "ive had it since this morning",
    ],
)
def test_a_new_question_is_no_answer_to_an_alarm(text: str) -> None:
    assert AFTER.kind(text) is None


def test_an_alarm_closes_after_some_messages_or_some_time() -> None:
    flag = {"level": "emergency", "at": NOW.isoformat(), "messages": 0}
    assert AFTER.is_open(flag, NOW)
    assert not AFTER.is_open({**flag, "messages": 6}, NOW)
    assert not AFTER.is_open(flag, NOW + timedelta(minutes=181))
    assert not AFTER.is_open(None, NOW)


def answer(text: str, topic: str | None, kind: Kind = "answer") -> Draft:
    return Draft("assistant", kind, {"text": text, "topics": [topic] if topic else []})


@pytest.mark.parametrize(
    ("level", "draft", "clear", "held"),
    [
        ("emergency", answer("Yes, gentle moving is encouraged.", "exercise_after"), True, True),
        ("emergency", answer("It costs 90 dollars.", "cost"), True, False),
        ("emergency", answer("It costs 90 dollars.", "cost"), False, True),
        ("emergency", answer("Yes, we take cards.", "cost"), True, True),
        ("emergency", answer("The needles are thin.", "needles"), True, True),
        ("emergency", answer("I have told our front desk.", "human"), True, False),
        ("crisis", answer("You may feel little as the needle goes in.", "what_it_feels_like"), False, True),
        ("crisis", answer("It costs 90 dollars.", "cost"), True, False),
        ("urgent", answer("Yes, gentle moving is encouraged.", "cost"), True, True),
        ("urgent", answer("I am sorry, I am not sure about that.", None, "unknown"), False, True),
        ("urgent", answer("It costs 90 dollars.", "cost"), False, False),
    ],
)
def test_while_an_alarm_is_open_no_answer_says_yes_or_speaks_of_needles(
    level: str, draft: Draft, clear: bool, held: bool
) -> None:
    assert AFTER.holds_back(level, [draft], clear) is held


@pytest.mark.parametrize(
    ("text", "level", "explains"),
    [
        ("no, they drove off but my friend wrote the number down", "emergency", True),
        ("no I am not on any pills, just vitamins", "emergency", True),
        ("no swelling, I only walked a lot", "urgent", True),
        ("no one cares about me", "emergency", False),
        ("no they said it will not stop", "emergency", False),
        ("no he is not awake", "emergency", False),
        ("no I just want it to end", "crisis", False),
    ],
)
def test_who_begins_with_no_and_tells_of_nothing_bad_explains(text: str, level: str, explains: bool) -> None:
    assert AFTER.explains(text, level) is explains


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("ok and how much is it", True),
        ("thanks, where do i park", True),
        ("is it open on monday?", True),
        ("the other driver had no plates", False),
        ("i do not know what to do", False),
    ],
)
def test_a_calm_question_needs_no_question_mark(text: str, asks: bool) -> None:
    assert AFTER.is_question(text) is asks


async def test_a_calm_question_is_answered_with_the_number_in_sight_and_a_reminder_that_grows_shorter(
    chat: Chat, gateway: Gateway, knowledge: Knowledge
) -> None:
    gateway.engine.topics = ["cost"]
    await chat.ask("I cannot breathe")
    (first,) = await chat.ask("what is something about a topic?")
    gateway.engine.topics = ["insurance"]
    (second,) = await chat.ask("and what is something about a topic?")
    assert first["text"].startswith(knowledge.wording("red_flag_reminder_emergency"))
    assert "$" in first["text"]
    assert second["text"].startswith(knowledge.wording("red_flag_reminder_emergency_2"))


async def test_who_explains_calmly_closes_the_alarm(chat: Chat, knowledge: Knowledge) -> None:
    await chat.ask("I cannot breathe")
    (closed,) = await chat.ask("no I was only reading that line from the leaflet")
    assert closed["text"] == knowledge.wording("after_alarm_not_it_emergency")
    (answer,) = await chat.ask("will I be sore?")
    assert answer["topic"] == "soreness"


async def test_who_only_tells_something_is_thanked_before_the_number(chat: Chat, knowledge: Knowledge) -> None:
    await chat.ask("I cannot breathe")
    (noted,) = await chat.ask("my cousin works at your clinic")
    assert noted["text"] == knowledge.wording("alarm_noted_emergency")
    (held,) = await chat.ask("my aunt did as well")
    assert held["text"] == knowledge.wording("alarm_held_emergency")


async def test_what_is_held_back_is_never_told_in_the_same_words_twice_in_a_row(chat: Chat) -> None:
    await chat.ask("I cannot breathe")
    said = [(await chat.ask(f"can it help my knee or hip {number}"))[0]["text"] for number in range(4)]

    assert all(one != other for one, other in itertools.pairwise(said))
    assert all("911" in text for text in said)
    assert "not that" in said[2]

    (after,) = await chat.ask("not that")
    assert after["text"].startswith("Thank you for telling me.")
