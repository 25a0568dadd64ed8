"""What a good data/ folder gives to the rest of the program."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from knowledge import SourceRef, normalise
from knowledge.answers import signed_text
from knowledge.check import check
from knowledge.yaml import plain_values
from tests.knowledge.conftest import Data


def test_a_topic_has_everything_that_its_file_says(data: Data) -> None:
    topic = data.load().topics["soreness"]

    assert topic.intent == "faq/soreness"
    assert topic.title == "Will I be sore?"
    assert topic.short == "You may ache for a day or two. Call {clinic_phone} if it gets worse."
    assert topic.kind == "answer"
    assert topic.sources == (SourceRef("003", "after treatment"), SourceRef("brady2014", ""))
    assert dict(topic.claims) == {"F001": "a day or two"}
    assert topic.more_claims == ("F002",)
    assert topic.see_also == ("human",)
    assert topic.reviewer == ""
    assert topic.reviewed is None
    assert topic.review_by == date(2027, 5, 21)
    assert len(topic.examples) == 25
    assert topic.examples[0] == "does it ache on day 1"
    assert topic.file == data.folder / "answers" / "soreness.yml"


def test_a_blank_line_begins_a_paragraph(data: Data) -> None:
    assert data.load().topics["soreness"].more.split("\n\n") == [
        "You may ache for a day or two. A cool pack can help.",
        "Call {clinic_phone} if it gets worse.",
    ]


def test_the_topic_for_a_person_is_a_handoff(data: Data) -> None:
    assert data.load().topics["human"].kind == "handoff"


def test_an_answer_expires_the_day_after_its_review_by_date(data: Data) -> None:
    topic = data.load().topics["soreness"]

    assert not topic.expired(date(2027, 5, 21))
    assert topic.expired(date(2027, 5, 22))


def test_the_version_changes_with_what_a_patient_reads_and_with_nothing_else(data: Data) -> None:
    first = data.load().topics["soreness"].version

    data.replace("answers/soreness.yml", "does it ache on day 1\n", "will it ache the first day\n")
    assert data.load().topics["soreness"].version == first

    data.replace("answers/soreness.yml", "A cool pack can help.", "A cool pack may help.")
    second = data.load().topics["soreness"].version
    assert second != first
    assert len(second) == 12


def sign(data: Data) -> None:
    """As the studio does."""
    data.replace("answers/soreness.yml", 'reviewer: ""', "reviewer: R. Example")
    data.replace("answers/soreness.yml", 'reviewed: ""', 'reviewed: "2026-11-20"')
    topic = data.load().topics["soreness"]
    mark = signed_text(topic.title, topic.short, topic.more, topic.sources)
    data.replace("answers/soreness.yml", "reviewer: R. Example", f'signed: "{mark}"\n      reviewer: R. Example')


def test_a_signed_answer_names_who_signed_it_and_when(data: Data) -> None:
    sign(data)
    topic = data.load().topics["soreness"]

    assert (topic.reviewer, topic.reviewed, topic.lapsed) == ("R. Example", date(2026, 11, 20), "")


@pytest.mark.parametrize(
    ("old", "new"),
    [("A cool pack can help.", "A cool pack cures it."), ('signed: "', 'signed: "0')],
    ids=["another text", "another mark"],
)
def test_a_signature_does_not_count_for_a_text_that_was_not_read(data: Data, old: str, new: str) -> None:
    sign(data)
    data.replace("answers/soreness.yml", old, new)
    topic = data.load().topics["soreness"]

    assert (topic.reviewer, topic.reviewed, topic.lapsed) == ("", None, "R. Example")
    found = [problem.message for problem in check(data.folder, date(2026, 11, 27))]
    assert any("signature of R. Example does not count" in message for message in found)


def test_placeholders_are_filled_with_the_facts_of_the_clinic(data: Data) -> None:
    knowledge = data.load()

    assert knowledge.fill("{clinic_name}: {clinic_phone}, {emergency}") == "Test Clinic: 250-555-0100, 911"
    assert knowledge.fill("call {nurse_line} or {crisis_line}") == "call 811 or 988"


def test_a_clinic_without_booking_link_sends_to_the_front_desk(data: Data) -> None:
    assert data.load().fill("Book with {booking_link}.") == "Book with the front desk, 250-555-0100."


def test_a_booking_link_stands_in_the_text(data: Data) -> None:
    data.replace("clinic.yml", "demo: true", "demo: true\nbooking_link: https://example.org/book")

    assert data.load().fill("Book at {booking_link}") == "Book at https://example.org/book"


def test_sources_and_claims_are_found_by_id(data: Data) -> None:
    knowledge = data.load()

    assert knowledge.sources["brady2014"].year == 2014
    assert knowledge.sources["003"].url is None
    assert knowledge.claims["F001"].caution == 'Say "may"'
    assert knowledge.claims["F003"].left_out == "no one can promise a cure"


def test_examples_are_the_same_without_case_accents_and_punctuation() -> None:
    assert normalise("What's  it LIKE??") == normalise("whats it like")
    assert normalise("Café, ok") == "cafe ok"
    assert normalise("!?") == ""


def test_a_topic_that_no_group_names_stands_in_the_last_one(data: Data) -> None:
    assert [(group.title, group.topics) for group in data.load().groups] == [
        ("After a visit", ("soreness",)),
        ("More questions", ("human",)),
    ]


@pytest.mark.parametrize("file", ["red_flags.yml", "languages/fr.yml", "danger/borders.yml", "after_alarm.yml"])
def test_plain_values_are_those_that_yaml_gives(file: str) -> None:
    path = Path("data/lexicon") / file
    assert plain_values(path) == YAML(typ="safe").load(path.read_text("utf-8"))
