"""What a patient answers to an alarm is understood, and what is said while it is open."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.chat.after_alarm import AfterAlarm
from gateway.storage.records import Draft, Kind
from tests.gateway.conftest import Chat

AFTER = AfterAlarm.load(Path("data"))
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
ANSWERS = [
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
        ("emergency", answer("It costs 90 dollars.", "cost"), True, True),
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


async def test_what_is_held_back_is_never_told_in_the_same_words_twice_in_a_row(chat: Chat) -> None:
    await chat.ask("I cannot breathe")
    said = [(await chat.ask(f"can it help my knee or hip {number}"))[0]["text"] for number in range(4)]

    assert all(one != other for one, other in itertools.pairwise(said))
    assert all("911" in text for text in said)
    assert "not that" in said[2]

    (after,) = await chat.ask("not that")
    assert after["text"].startswith("Thank you for telling me.")
