"""The clinic's own facts: the one that was asked, worked out for the day, the number or the insurer that was named."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from knowledge import Knowledge
from knowledge.check import unset_facts
from knowledge.clinic_fields import Amount, amount
from knowledge.clinic_values import clinic_values
from knowledge.placeholders import CLINIC, PLACEHOLDER
from tests.knowledge.conftest import Data
from tests.support.shipped import shipped_knowledge

VANCOUVER = ZoneInfo("America/Vancouver")
MONDAY = datetime(2026, 11, 30, 14, 0, tzinfo=VANCOUVER)
CHRISTMAS = datetime(2026, 12, 25, 10, 0, tzinfo=VANCOUVER)
SUNDAY = datetime(2026, 11, 29, 15, 0, tzinfo=VANCOUVER)


@cache
def shipped() -> Knowledge:
    return shipped_knowledge()


def says(answer: str, asked: str = "", now: datetime = MONDAY) -> str:
    said = shipped().clinic_says(answer, now, asked)
    assert said is not None
    return said


def picked(topic: str, asked: str) -> str:
    found = shipped().clinic_pick(topic, MONDAY, asked)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    "asked, sum_",
    [
        ("what do three visits cost", "3 visits come to $295: $115 for the first and $90 for each of the others."),
        ("budget for six sessions", "6 visits come to $565"),
        ("so if I come once a week for a month what does that run me", "4 visits come to $385"),
        ("twice a week for 3 weeks, how much", "6 visits come to $565"),
        ("im a student, 6 visits?", "With the student price, 6 visits come to $508.50: $103.50 for the first and $81"),
        ("how much all together", "4 come to $385, and 6 to $565"),
    ],
)
def test_sums_are_worked_out(asked: str, sum_: str) -> None:
    assert sum_ in says("cost.total", asked)


@pytest.mark.parametrize(
    "asked, told",
    [
        ("is 60 dollars enough", "$60 is not enough: a first visit costs $115"),
        (
            "I have $100",
            "$100 is enough for a follow-up, which costs $90. For a first visit you need $115, which is $15",
        ),
        ("is $120 enough?", "$120 is enough for one visit"),
    ],
)
def test_money_is_compared_with_the_fees(asked: str, told: str) -> None:
    assert told in says("cost.enough", asked)


@pytest.mark.parametrize(
    "asked, told",
    [
        ("are you open on saturday", "On Saturday we are open from 9 am to 1 pm."),
        ("yo is the place open tmrw", "Tomorrow (Tuesday) we are open from 8 am to 6 pm."),
        ("open this weekend?", "On Saturday we are open from 9 am to 1 pm. On Sunday we are closed."),
        ("are you open on boxing day", "On Boxing Day (Saturday, December 26) we are open from 9 am to 1 pm."),
        ("canada day?", "On Canada Day (Thursday, July 1) we are closed. We open on Friday, July 2 at 8 am."),
        ("open dec 24", "On Thursday, December 24 we are closed (staff day)."),
        ("easter monday", "On Easter Monday (Monday, March 29) we are open from 8 am to 6 pm."),
    ],
)
def test_hours_are_told_for_the_day_that_was_asked(asked: str, told: str) -> None:
    assert told in says("hours_location.a_day", asked)


def test_now_is_told_by_the_clock_of_the_clinic() -> None:
    assert says("hours_location.now").startswith("We are open now, until 6 pm.")
    assert says("hours_location.now", now=SUNDAY).startswith("We are closed today (Sunday). We open tomorrow at 8 am.")
    early, late = MONDAY.replace(hour=7), MONDAY.replace(hour=19)
    assert says("hours_location.now", now=early) == "Not yet: today we are open from 8 am to 6 pm."
    assert says("hours_location.now", now=late) == "We have closed for today. We open tomorrow at 8 am."


def test_a_time_that_was_named_is_compared_with_the_hours() -> None:
    assert says("hours_location.evening", "are you open after 6").startswith("We are open after 6 pm on Wednesday.")
    assert says("hours_location.evening", "open at 8 pm?").startswith("We are not open at 8 pm")
    assert says("hours_location.early", "anything before 8am").startswith("We are not open before 8 am")
    assert says("hours_location.early", "do you open before 9").startswith(
        "We are open before 9 am on Monday to Friday"
    )


@pytest.mark.parametrize(
    "topic, asked, told, never",
    [
        ("hours_location", "parking?", "There is free parking behind the building, a few steps from the door.", "open"),
        ("hours_location", "where are you", "We are at 100 Example Street, Victoria, BC", "We open"),
        ("hours_location", "what are your hours", "Monday, Tuesday and Thursday 8 am to 6 pm", "Example Street"),
        ("insurance", "do you bill sunlife", "We bill Sun Life for you", "Manulife"),
        ("practitioner", "does anyone speak french", "Sam Sample speaks French", "Kim"),
    ],
)
def test_the_fact_that_was_asked_is_told_and_no_other(topic: str, asked: str, told: str, never: str) -> None:
    said = picked(topic, asked)
    assert told in said
    assert never not in said


def test_an_insurer_that_is_not_billed_is_said_to_be_none() -> None:
    assert says("insurance.insurer", "desjardins, covered?").startswith("Desjardins plans differ")
    assert "We cannot bill Desjardins for you" in says("insurance.insurer", "desjardins, covered?")


def test_ways_of_paying_are_told_one_by_one() -> None:
    assert says("cost.pay_ways", "can I pay by e-transfer").startswith("We take e-transfer.")
    assert says("cost.pay_ways", "do u take amex").startswith("We do not take American Express.")
    assert says("cost.pay_ways", "do you take credit cards").startswith("We take credit cards.")


def test_no_case_opens_with_yes_or_no() -> None:
    """One answer is for both ways of asking: "are you open", "are you closed"."""
    for answer, cases in shipped().clinic_answers.answers.items():
        for case in cases:
            assert not re.match(r"(?:Yes|No)[,:.]", case.say), answer


def test_every_case_names_facts_that_there_are() -> None:
    knowledge = shipped()
    clinic, words = knowledge.clinic, knowledge.clinic_answers.words
    texts, states = {*CLINIC, *words, *clinic.fields}, {*words, *clinic.fields}
    for asked in (
        "6 visits for a student at 30 min, 80% covered, $500, in french with robin at 6 pm on friday, sun life, visa",
        "from the ferry and the hospital on boxing day as a senior with rcmp and my ubc plan, open this weekend?",
        "canada day",
        "monday or saturday",
    ):
        for now in (MONDAY, SUNDAY, CHRISTMAS):
            values = clinic_values(clinic, knowledge.asked_words, knowledge.clinic_answers.each, now, asked)
            texts |= set(values.text)
            states |= set(values.state)
    only_elsewhere = {
        "second_day.why",
        "gap.from",
        "gap.to",
        "gap.days",
        "packages.one",
        "answers.reviewed_count",
        "answers.count",
    }
    only_elsewhere |= {f"discounts.family.{part}" for part in ("who", "percent", "first", "next")}
    parts = {key[: key.rindex(".")] for key in clinic.fields if "." in key}  # a part that there is none of
    for answer, cases in {**words, **knowledge.clinic_answers.answers}.items():
        for case in cases:
            assert (
                set(PLACEHOLDER.findall(case.say)) - texts - only_elsewhere - {f"{key}_or" for key in texts} == set()
            ), answer
            assert set(case.when) - states - parts - {"answers.reviewed", "day.is_today", "second_day.why"} == set(), (
                answer
            )


@pytest.mark.parametrize("asked", ["", "on saturday", "sun life", "6 visits"])
def test_what_the_demo_clinic_says_is_short_and_plain(asked: str) -> None:
    knowledge = shipped()
    for answer in knowledge.clinic_answers.answers:
        said = knowledge.clinic_says(answer, MONDAY, asked)
        if said:
            reading = knowledge.readability.measure(said)
            assert reading.words <= 50, (answer, said)
            assert "{" not in said and "  " not in said


def test_an_unset_fact_leaves_the_answer_that_says_so() -> None:
    knowledge = shipped()
    answer = knowledge.topics["insurance"].answers["refugee"]
    assert knowledge.said(answer, MONDAY, "does it pay") == knowledge.fill(answer.text)


# loading

FIELDS = """\
    fields:
    - {key: walk_ins, kind: flag, question: Do you take walk-ins?}
    - {key: plans.fee, kind: amount, question: What does it cost?}
    - {key: floor, kind: choice, options: [ground, first], question: Which floor?}
    - {key: near, kind: items, parts: [what, far], question: What is near?}
    - {key: fax, kind: text, question: What is your fax number?}
    """


def test_facts_have_their_types(data: Data) -> None:
    data.write("clinic_fields.yml", FIELDS)
    data.replace("clinic.yml", "demo: true", 'demo: true\nwalk_ins: false\nplans: {fee: "$22.50"}\nfax: false')
    clinic = data.load().clinic

    assert dict(clinic.facts) == {"walk_ins": False, "plans.fee": Amount(2250), "fax": False}
    assert [field.key for field in clinic.unset()] == ["floor", "near"]


@pytest.mark.parametrize(
    "line, told",
    [
        ("walk_ins: maybe", "'walk_ins' is not what it should be"),
        ("plans: {fee: 25}", "'plans.fee' is not what it should be"),
        ("plans: {free: true}", "the clinic has no field 'plans.free'"),
        ("floor: third", "'floor' is not what it should be"),
        ("near: [{what: a mall}]", "'near' is not what it should be"),
        ("plans: soon", "'plans' has to hold keys"),
    ],
)
def test_a_fact_of_the_wrong_kind_is_told_with_its_line(data: Data, line: str, told: str) -> None:
    data.write("clinic_fields.yml", FIELDS)
    data.replace("clinic.yml", "demo: true", f"demo: true\n{line}")

    assert data.only_problem() == ("clinic.yml", 2, told)


def test_the_owner_is_asked_for_each_fact_that_is_not_set(data: Data) -> None:
    data.write("clinic_fields.yml", FIELDS)
    asks = list(unset_facts(data.load()))

    assert [ask.remedy for ask in asks][:2] == ["Do you take walk-ins?", "What does it cost?"]
    assert all(ask.severity == "note" for ask in asks)


def test_cases_for_an_answer_that_there_is_not_are_told(data: Data) -> None:
    data.write("clinic_answers.yml", "answers:\n  soreness.gone:\n  - {say: We are here.}\n")

    assert data.only_problem() == ("clinic_answers.yml", 3, "there is no specific answer 'soreness.gone'")


@pytest.mark.parametrize("written, cents", [("$115", 11500), ("$22.50", 2250), ("$1,200", 120000), ("115", None)])
def test_money_is_read_from_how_a_clinic_writes_it(written: str, cents: int | None) -> None:
    assert amount(written) == (None if cents is None else Amount(cents))
