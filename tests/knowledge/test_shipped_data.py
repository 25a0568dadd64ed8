"""The data that is shipped meets its own standards."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from knowledge import Knowledge
from knowledge.check import check
from tests.support.shipped import shipped_knowledge

TOPICS = frozenset(
    """
    what_is_ims ims_vs_dry_needling why_called_dry how_it_works twitch_response healing_response neuropathic_pain
    neuropathic_pain_signs types_of_pain trigger_points myofascial_pain muscle_shortening pain_causes
    other_body_changes normal_tests painkillers_surgery history evidence what_it_feels_like needles needle_fear
    session preparation how_often how_many_treatments how_long_benefits_last how_soon_results success home_exercises
    exercise_after aftercare soreness side_effects who_benefits who_should_not pregnancy blood_thinners
    bleeding_disorder infection_illness condition_help vs_acupuncture vs_other_treatments combine_treatments
    practitioner referral cost insurance booking hours_location medication_advice children_age
    medical_device_history human bot_identity
    """.split()  # noqa: SIM905 - a list of fifty literals is no easier to read
)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return shipped_knowledge()


@pytest.mark.slow
def test_nothing_needs_fixing() -> None:
    assert [str(problem) for problem in check(Path("data"), date(2026, 11, 21))] == []


def test_every_topic_has_an_answer(knowledge: Knowledge) -> None:
    assert set(knowledge.topics) >= TOPICS


def test_no_answer_claims_a_review_that_did_not_happen(knowledge: Knowledge) -> None:
    assert [topic.name for topic in knowledge.topics.values() if topic.reviewer or topic.reviewed] == []


def test_the_demo_clinic_is_marked_and_has_no_real_number(knowledge: Knowledge) -> None:
    assert knowledge.clinic.demo
    assert "demo" in knowledge.clinic.name
    assert "555-01" in knowledge.clinic.phone
    assert "example.org" in str(knowledge.clinic.booking_link)


NOBODY_THERE = ["handoff_out", "handoff_closed", "handoff_closed_for_long"]


@pytest.mark.parametrize("key", ["greeting", "engine_down", "message_too_long", "too_many_messages", *NOBODY_THERE])
def test_sentences_of_a_patient_in_need_name_the_emergency_number(knowledge: Knowledge, key: str) -> None:
    values = dict.fromkeys(knowledge.sentences[key].values, "5")

    assert "911" in knowledge.wording(key, **values)


def test_the_greeting_says_what_it_is_and_what_it_is_not_for(knowledge: Knowledge) -> None:
    greeting = knowledge.wording("greeting")

    assert "automated assistant" in greeting
    assert "not for emergencies" in greeting
