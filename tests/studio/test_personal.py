"""Personal details go before a message is kept; what the question is about stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.personal.measure import measured
from gateway.studio.personal import Personal
from knowledge import KnowledgeError
from tests.support.shipped import shipped_personal


@pytest.fixture(scope="module")
def personal() -> Personal:
    return shipped_personal()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("My name is Zbigniew Brzezicki, is it sore?", "My name is [name], is it sore?"),
        ("ring 250 555 0199 after 5", "ring [phone] after 5"),
        ("write to a.b@example.org or @kim_p", "write to [e-mail] or [e-mail]"),
        ("PHN 9123 456 789 and born 3 May 1980", "PHN [number] and born [date]"),
        ("I live at 12 Elm Street, V1Y 2B3", "I live at [address], [address]"),
        ("Dr Abernathy's needles", "Dr [name]'s needles"),
    ],
)
def test_details_become_marks(personal: Personal, written: str, kept: str) -> None:
    assert personal.remove(written).text == kept


@pytest.mark.parametrize(
    "question",
    [
        "How many treatments will I need, 2 or 3 weeks in a row?",
        "I take Advil 400 mg twice a day. May I go on?",
        "Does IMS by Dr. Gunn's method cost $120 for 30 minutes?",
        "It hurts on Monday and in May, will it pass?",
        "I had a knee replacement in 2019",
    ],
)
def test_questions_without_details_stay_as_they_are(personal: Personal, question: str) -> None:
    assert personal.remove(question).text == question


def test_what_was_removed_is_told_by_kind(personal: Personal) -> None:
    assert personal.remove("Gurpreet here, 604-555-0182").kinds == ("phone", "name")


def test_98_of_100_labelled_details_are_removed(personal: Personal) -> None:
    all_, gone, misses = measured(personal)
    assert sum(all_.values()) >= 300
    assert sum(gone.values()) >= 0.98 * sum(all_.values()), misses


@pytest.mark.parametrize(
    "text", ["", " ", "[name]", "1" * 2000, "A" * 2000, "my name is " * 180, "1-" * 1000, "a@" * 900]
)
def test_odd_messages_are_taken(personal: Personal, text: str) -> None:
    assert isinstance(personal.remove(text).text, str)


def test_a_broken_lexicon_is_told(tmp_path: Path) -> None:
    (tmp_path / "lexicon").mkdir()
    (tmp_path / "lexicon/personal.yml").write_text("first_names: 3\n")
    with pytest.raises(KnowledgeError, match="last_names"):
        Personal.load(tmp_path)
