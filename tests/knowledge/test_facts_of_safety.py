"""What the safety topics once said wrongly: the wrong statement stays out and the right one stays in."""

from __future__ import annotations

import pytest

from knowledge import Knowledge
from tests.support.shipped import shipped_knowledge


@pytest.fixture(scope="module")
def shipped() -> Knowledge:
    return shipped_knowledge()


def texts(knowledge: Knowledge, name: str) -> str:
    """All that a topic can say, in small letters."""
    topic = knowledge.topics[name]
    return " ".join([topic.short, topic.more, *(answer.text for answer in topic.answers.values())]).lower()


def answer(knowledge: Knowledge, name: str) -> str:
    """The text of one specific answer, in small letters."""
    topic, id = name.split(".")
    return knowledge.topics[topic].answers[id].text.lower()


def home(knowledge: Knowledge, example: str) -> str:
    """The specific answer under which this question is filed."""
    for topic in knowledge.topics.values():
        for specific in topic.answers.values():
            if example in specific.examples:
                return specific.name
    return ""


def test_factor_v_leiden_clots_too_easily_and_is_no_bleeding_disorder(shipped: Knowledge) -> None:
    assert home(shipped, "factor v leiden") == "blood_thinners.factor_v_leiden"
    assert "makes blood clot too easily" in answer(shipped, "blood_thinners.factor_v_leiden")
    assert not any("leiden" in example.lower() for example in shipped.topics["bleeding_disorder"].examples)


def test_hemophilia_is_not_called_a_thing_of_the_past(shipped: Knowledge) -> None:
    for name in ("bleeding_disorder", "who_should_not"):
        assert "in your past" not in texts(shipped, name)
        assert "even a mild type" in texts(shipped, name)


def test_light_bleeding_in_pregnancy_is_no_call_to_911(shipped: Knowledge) -> None:
    said = texts(shipped, "pregnancy")
    assert "bleeding or bad cramps, call {emergency}" not in said
    assert "for light bleeding or mild cramps, call your midwife, doctor or {nurse_line} today" in said


def test_no_limit_of_inr_or_platelets_is_named(shipped: Knowledge) -> None:
    assert "no agreed inr limit" in answer(shipped, "blood_thinners.inr")
    assert "no platelet level has been agreed" in answer(shipped, "bleeding_disorder.platelet_level")
    assert "not an absolute bar" in texts(shipped, "blood_thinners")


@pytest.mark.parametrize("name", ["who_should_not", "infection_illness", "medical_device_history"])
def test_hiv_and_hepatitis_are_not_refused(shipped: Knowledge, name: str) -> None:
    assert "hiv or hepatitis does not by itself rule out needling" in texts(shipped, name)
    assert home(shipped, "HIV positive, do you treat me") == "who_should_not.hiv_hepatitis"


def test_past_cancer_with_new_pain_sees_a_doctor(shipped: Knowledge) -> None:
    assert "if your pain is new since then, see a doctor" in answer(shipped, "medical_device_history.cancer_past")
    assert home(shipped, "i am a cancer survivor") == "medical_device_history.cancer_past"


def test_chest_surgery_is_named_as_a_risk_to_the_lung(shipped: Knowledge) -> None:
    assert "5.4 million" in answer(shipped, "medical_device_history.heart_surgery")
    assert "chest, lung or spine operation" in texts(shipped, "medical_device_history")


def test_a_heart_valve_a_dialysis_arm_and_a_healed_tattoo_are_answered(shipped: Knowledge) -> None:
    assert "heart doctor" in answer(shipped, "medical_device_history.heart_valve")
    assert "fistula" in answer(shipped, "medical_device_history.dialysis")
    assert "healed tattoo" in answer(shipped, "medical_device_history.tattoo")


def test_too_much_medicine_goes_to_poison_control_first(shipped: Knowledge) -> None:
    assert "even if you feel fine" not in texts(shipped, "medication_advice")
    assert "{poison_line}" in answer(shipped, "medication_advice.dose")


def test_a_parent_decides_where_the_young_person_does_not_understand(shipped: Knowledge) -> None:
    assert "if not, a parent or guardian decides" not in texts(shipped, "children_age")
    for said in (answer(shipped, "children_age.consent"), texts(shipped, "children_age")):
        assert "not understand enough, a parent or guardian decides" in said


def test_a_limping_toddler_sees_a_doctor_today(shipped: Knowledge) -> None:
    assert home(shipped, "my toddler limps") == "children_age.toddler_limps"
    assert "needs a doctor today" in answer(shipped, "children_age.toddler_limps")


def test_cortisone_is_ahead_of_needling_at_first_and_behind_it_later(shipped: Knowledge) -> None:
    assert "ahead of needling at first and behind it later" in answer(shipped, "painkillers_surgery.cortisone")


def test_medicines_are_not_said_to_be_useless_for_nerve_pain(shipped: Knowledge) -> None:
    assert "puts some medicines first" in answer(shipped, "painkillers_surgery.only_physical")
    assert "poison or a con goes too far" in answer(shipped, "painkillers_surgery.poison")


def test_psoriasis_is_a_disease_of_the_immune_system(shipped: Knowledge) -> None:
    assert "disease of the immune system" in answer(shipped, "other_body_changes.psoriasis")


def test_a_muscle_that_twitches_for_weeks_sees_a_doctor(shipped: Knowledge) -> None:
    assert home(shipped, "my bicep has been twitching for days, can needling help") == "condition_help.muscle_twitching"
    assert "more than two weeks" in answer(shipped, "condition_help.muscle_twitching")


def test_harm_is_told_with_how_many_of_how_many(shipped: Knowledge) -> None:
    said = answer(shipped, "condition_help.make_it_worse")
    assert "of 7,629 treatments" in said
    assert "20 in about 20,500" in said


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("blood_thinners.clot_in_leg", "a leg with a blood clot is not needled"),
        ("medical_device_history.diabetes_sore", "a foot with an open sore is not needled"),
    ],
)
def test_what_must_not_be_done_stands_first(shipped: Knowledge, name: str, first: str) -> None:
    assert answer(shipped, name).startswith(first)


def test_a_foot_ulcer_is_sent_to_a_doctor_on_every_topic(shipped: Knowledge) -> None:
    ulcer = shipped.things.things["foot_ulcer"]
    lines = [ulcer.general, *ulcer.topics.values()]
    assert all("doctor" in line and "never needled" in line for line in lines)
