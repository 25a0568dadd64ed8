"""Spelling and segments: what a message says before it is understood."""

from pathlib import Path

import pytest

from encoder import vocabulary
from nlu.normalise import MAX_CHARACTERS, Normaliser
from nlu.segments import questions, split


@pytest.fixture(scope="module")
def normalise() -> Normaliser:
    return Normaliser.load(Path("data/lexicon/spelling.yml"), vocabulary())


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("SOOO  sore after needeling!!!", "soo sore after needling!"),
        ("hw much 4 phisio w/o insurence", "how much 4 physio without insurance"),
        ("what is I.M.S. 😀", "what is ims"),
        ("intra muscular stimulation", "intramuscular stimulation"),
        ("<b>does</b> it hurt\x00?", "does it hurt ?"),
        ("need needy nettle tattoo", "need needy nettle tattoo"),
        ("", ""),
        ("😀😀", ""),
        ("???", ""),
    ],
)
def test_messages_are_read_in_plain_spelling(normalise: Normaliser, typed: str, read: str) -> None:
    assert normalise(typed) == read


def test_a_very_long_message_is_read_from_both_ends(normalise: Normaliser) -> None:
    read = normalise("first " + "x " * 50_000 + "does it hurt?")
    assert len(read) <= MAX_CHARACTERS + 1
    assert read.startswith("first") and read.endswith("does it hurt?")


def test_a_plain_question_is_one_part() -> None:
    assert questions("does it hurt when the needle goes in?") == []


def test_two_questions_in_one_line_are_found() -> None:
    assert [part.text for part in questions("does it hurt and how often do i need to go?")] == [
        "does it hurt",
        "how often do i need to go?",
    ]


def test_the_question_at_the_end_of_a_story_is_found_with_what_stands_before_it() -> None:
    story = "i had my first session on monday. my shoulder has been sore since then. is that normal?"
    (asked,) = questions(story)
    assert (asked.text, asked.before) == ("is that normal?", "my shoulder has been sore since then.")


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("i felt the muscle jump. what is that", True),
        ("there are red dots, how long do those last", True),
        ("i take warfarin, does it hurt", False),
        ("is it true that my health plan pays for all of that", False),
    ],
)
def test_a_short_part_that_points_back_is_known(text: str, points: bool) -> None:
    last = split(text)[-1]
    assert last.points is points
    assert last.with_before.startswith(last.before)


@pytest.mark.parametrize("text", ["", "a", "and", "and and and", ". . .", "?!", "\n\n"])
def test_scraps_do_not_break_it(text: str) -> None:
    assert isinstance(split(text), list)


@pytest.mark.parametrize(
    "text, said", [("👍", "thanks"), ("😱😱", "i am scared of needles"), ("hurt? 😬", "hurt?"), ("🐙", "")]
)
def test_an_emoji_speaks_when_there_are_no_words(text: str, said: str) -> None:
    assert Normaliser.load(Path("data/lexicon/spelling.yml"))(text) == said
