"""Conditions and body parts in what patients write."""

from __future__ import annotations

import pytest

from knowledge import Knowledge
from tests.knowledge.conftest import Data
from tests.support.shipped import shipped_knowledge


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return shipped_knowledge()


@pytest.mark.parametrize(
    "text, conditions, parts",
    [
        ("can it help my Knee?", ["knee pain"], []),
        ("is there hope for TENNIS ELBOW", ["tennis elbow"], []),
        ("whats with my toes", [], ["toe"]),
        ("plantar fasciitis in my left foot", ["plantar fasciitis (heel pain)"], []),
        ("does it help with the thing I have", [], []),
        ("", [], []),
        ("\x00 <b>🤷</b>", [], []),
    ],
)
def test_what_a_question_is_about(knowledge: Knowledge, text: str, conditions: list[str], parts: list[str]) -> None:
    found, bare = knowledge.conditions.asked_about(text)
    assert [condition.name for condition in found] == conditions
    assert [part.name for part in bare] == parts


def test_a_thing_that_is_named_twice_counts_once(knowledge: Knowledge) -> None:
    assert len(knowledge.conditions.find("my knee, oh my knee")) == 1


def test_a_mention_says_where_it_stands(knowledge: Knowledge) -> None:
    text = "well my lower back pain again"
    (mention,) = knowledge.conditions.find(text)
    assert text[mention.start : mention.end] == "lower back pain"


def test_every_condition_of_the_lexicon_is_found_by_each_of_its_words(knowledge: Knowledge) -> None:
    lexicon = knowledge.conditions
    for condition in lexicon.conditions.values():
        for words in (condition.name, *condition.words):
            assert condition.id in {mention.id for mention in lexicon.find(words)}, words


def test_a_word_of_two_conditions_is_refused(data: Data) -> None:
    data.replace("lexicon/conditions.yml", "synonyms: [toes]", "synonyms: [bad knee]")
    file, _, message = data.only_problem()
    assert file == "lexicon/conditions.yml"
    assert "'bad knee' stands already" in message


def test_an_unknown_class_is_refused(data: Data) -> None:
    data.replace("lexicon/conditions.yml", "class: named_ok", "class: cured")
    assert "the class 'cured' is unknown" in data.only_problem()[2]


def test_a_class_that_the_documents_do_not_bear_out_is_refused(data: Data) -> None:
    data.replace("lexicon/conditions.yml", "class: named_ok", "class: not_named")
    assert "class and documents disagree" in data.only_problem()[2]
