"""What is denied, asked in general, long ago, told about others or only a figure of speech raises no alarm."""

import pytest

from benchmarks.safety.stress import seeds
from safety import Rules

QUIET = [(kind, text) for kind, texts in seeds()["quiet"].items() for text in texts]


@pytest.mark.parametrize(("kind", "text"), QUIET)
def test_look_alikes_stay_quiet(rules: Rules, kind: str, text: str) -> None:
    assert rules.check(text) is None


@pytest.mark.parametrize(
    ("quiet", "alarm"),
    [
        ("still tender two days later, is that ok", "still tender four days later, is that ok"),
        ("still sore two days after needling", "still sore two days after needling and it is getting worse"),
        ("no chest pain", "no chest pain but i cant breathe"),
        ("no fever, no chills", "no fever but the spot is oozing pus"),
        ("what if i cant breathe after", "what if this is my lung, i cant breathe"),
        ("i had a stroke in 2015", "i had a stroke in 2015 and now my face is drooping again"),
        ("my dad had a heart attack at 50", "my dad is having a heart attack"),
        ("i read about a collapsed lung", "i read about a collapsed lung and now it hurts when i breathe"),
        ("can it cause chest pain", "can it cause chest pain because my chest hurts"),
        ("this knot is killing me", "this knot is killing me and my chest is tight"),
        ("the doctor ruled out a clot", "the doctor ruled out a clot but now i cant breathe"),
        ("im not suicidal", "i dont want to be alive"),
        ("i fainted last year", "i fainted and hit my head"),
    ],
)
def test_what_makes_the_difference(rules: Rules, quiet: str, alarm: str) -> None:
    assert rules.check(quiet) is None
    assert rules.check(alarm) is not None


@pytest.mark.parametrize(
    "text",
    [
        "my mum had needling this morning and now she can't breathe",
        "my son fell off the roof and cant move his legs",
        "asking for a friend, he wants to kill himself",
        "my wife fainted and hit her head",
    ],
)
def test_somebody_else_in_danger_now_raises_the_alarm(rules: Rules, text: str) -> None:
    assert rules.check(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "its probably nothing",
        "It's not that bad.",
        "should i just wait",
        "my husband says its nothing",
        "do i really have to go",
    ],
)
def test_nobody_is_talked_out_of_a_warning(rules: Rules, text: str) -> None:
    before = rules.check("my calf is twice the size of the other one")
    assert before is not None
    again = rules.check(text, previous=before)
    assert again is not None
    assert (again.level, again.sign, again.reply) == (before.level, before.sign, before.reply)
    assert rules.check(text) is None


def test_an_ordinary_question_after_a_warning_is_not_a_new_alarm(rules: Rules) -> None:
    before = rules.check("it hurts when i breathe in")
    assert rules.check("what does a session cost", previous=before) is None


def test_a_worse_sign_after_a_warning_replaces_it(rules: Rules) -> None:
    before = rules.check("my calf is swollen and hot")
    worse = rules.check("its probably nothing but now i cant breathe", previous=before)
    assert worse is not None and worse.level == "emergency"
