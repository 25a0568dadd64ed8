"""What patients name is found by its longest name, in the right direction, and never where it is only compared with."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from knowledge import Knowledge
from knowledge.check import findings
from knowledge.things import words_of
from tests.knowledge.conftest import Data
from tests.support.shipped import shipped_knowledge


@cache
def shipped() -> Knowledge:
    return shipped_knowledge()


def found(text: str) -> list[str]:
    return [one.thing.name for one in shipped().things.find(text) if not one.compared]


def told(text: str, topic: str) -> str:
    return " ".join(one.thing.says(topic) for one in shipped().things.find(text))


@pytest.mark.parametrize(
    "text, right, wrong",
    [
        ("i have factor v leiden", "factor V Leiden", "deficiency"),
        ("i have factor v deficiency", "a clotting factor deficiency", "Leiden"),
        ("protein c deficiency", "blood that clots too easily", "clotting factor"),
        ("protein s deficiency", "blood that clots too easily", "clotting factor"),
        ("lupus anticoagulant", "antiphospholipid syndrome", "lupus (SLE)"),
        ("low blood pressure", "low blood pressure", "high"),
        ("high blood pressure", "high blood pressure", "low"),
        ("hypoglycemia", "low blood sugar", "high"),
        ("underactive thyroid", "an underactive thyroid", "overactive"),
        ("overactive thyroid", "an overactive thyroid", "underactive"),
        ("had breast cancer 5 years ago", "cancer in the past", "cancer now"),
        ("had a collapsed lung years ago", "a collapsed lung before", "now"),
        ("i have a healed tattoo", "a healed tattoo", "fresh"),
        ("i got a new tattoo last week", "a fresh tattoo", "healed"),
        ("im hiv positive", "HIV", "infection"),
    ],
)
def test_the_direction_is_right(text: str, right: str, wrong: str) -> None:
    assert right in found(text)
    assert not any(wrong in name for name in found(text))


@pytest.mark.parametrize("text", ["factor v leiden", "protein c deficiency", "antiphospholipid syndrome"])
def test_blood_that_clots_too_easily_is_never_told_as_a_bleeding_disorder(text: str) -> None:
    for topic in ("medical_device_history", "bleeding_disorder", "who_should_not"):
        assert "hemophilia" not in told(text, topic).lower()


def test_hiv_is_not_told_as_an_infection_of_the_skin() -> None:
    assert "does not by itself rule out" in told("i have hiv", "infection_illness")


def test_names_that_sound_alike_are_never_corrected_into_each_other() -> None:
    things = shipped().things
    for word in things.guards.sound_alike:
        for at in range(1, len(word)):
            slip = word[:at] + word[at + 1 :]
            for one in things.find(slip):
                assert slip in one.thing.words or slip in words_of(one.thing.name), (word, slip, one.thing.id)


def test_a_slip_of_one_letter_in_a_long_name_is_corrected() -> None:
    assert found("rivaroxbaan") == found("rivaroxaba") == found("rivaroxaban") != []
    assert found("rivarxbn") == []


@pytest.mark.parametrize("text", ["is it like a flu shot", "is it better than massage", "same as a massage"])
def test_a_comparison_is_not_taken_for_having_it(text: str) -> None:
    assert found(text) == []
    assert shipped().things.find(text)


@pytest.mark.parametrize(
    "text", ["i dont take eliquis", "im not on warfarin", "i have no diabetes", "never had cancer"]
)
def test_what_somebody_does_not_have_is_not_found(text: str) -> None:
    assert shipped().things.find(text) == []


def test_plurals_hyphens_and_apostrophes_make_no_difference() -> None:
    assert found("tattoos") == found("tattoo")
    assert found("parkinsons") == found("Parkinson's") == found("parkinson’s") != []
    assert found("pre-workout") == found("pre workout") != []


def test_there_are_many_things_and_each_word_belongs_to_one() -> None:
    things = shipped().things.things
    assert len(things) >= 500
    assert sum(len(thing.words) for thing in things.values()) > 5000


@pytest.mark.slow
def test_no_line_on_a_thing_promises_too_much() -> None:
    assert [problem for problem in findings(shipped(), date(2026, 11, 30)) if "/things/" in problem.file] == []


# loading

THINGS = """\
    things:
    - id: tea
      name: tea
      words: [green tea]
      is: a drink
      topics:
        soreness: Tea is fine to ask about. Ask your physio.
      else: Ask your physio about tea.
      sources: ["003"]
    """


def test_a_thing_is_read_with_its_home_and_its_lines(data: Data) -> None:
    data.write("things/drinks.yml", THINGS)
    thing = data.load().things.things["tea"]

    assert (thing.kind, thing.home) == ("drinks", "soreness")
    assert thing.says("human") == "Ask your physio about tea."


@pytest.mark.parametrize(
    "old, new, line, message",
    [
        ("soreness: Tea", "nowhere: Tea", 7, "the topic 'nowhere' is unknown"),
        ('["003"]', '["004"]', 9, "the source '004' is unknown"),
        ("Ask your physio.", "Ask your physio. Or not. Or so.", 7, "'soreness' has more than 2 sentences"),
        ("about tea.", "about {tea}.", 8, "the placeholder {tea} is unknown here"),
        ("name: tea", "extends: teas\n      name: tea", 3, "the condition 'teas' is unknown"),
    ],
)
def test_what_is_wrong_with_a_thing_is_told_with_its_line(
    data: Data, old: str, new: str, line: int, message: str
) -> None:
    data.write("things/drinks.yml", THINGS.replace(old, new, 1))

    assert data.only_problem() == ("things/drinks.yml", line, message)


def test_a_word_that_stands_with_two_things_is_told(data: Data) -> None:
    more = "- {id: matcha, name: matcha, words: [green tea], is: a drink, else: Ask., sources: []}\n    "
    data.write("things/drinks.yml", THINGS.rstrip(" ") + "    " + more)

    assert data.only_problem()[2] == "'green tea' stands already with tea"
