"""One thing has one level: what is light, what is serious, and what only looks alike."""

import pytest

from safety import Net

LEVELS = [
    ("emergency", "E13", "pregnant and soaking a pad an hour"),
    ("emergency", "E13", "10 weeks pregnant, bleeding and i feel faint"),
    ("urgent", "U13", "10 weeks pregnant with light spotting"),
    ("urgent", "U13", "im pregnant and have mild cramps since this morning"),
    ("emergency", "E15", "rear ended yesterday, my neck hurts and my hands are numb"),
    ("emergency", "E15", "car crash on sunday and i cant turn my head"),
    ("urgent", "U14", "rear ended yesterday, my neck is sore"),
    ("urgent", "U14", "fell down the steps this morning, my low back is sore"),
    ("emergency", "E16", "took my muscle relaxants twice and feel really drowsy"),
    ("emergency", "E16", "took the whole bottle of tylenol by mistake"),
    ("urgent", "U15", "took my blood pressure pill twice by mistake, feel fine"),
    ("urgent", "U15", "i took the wrong dose of my meds this morning by mistake"),
    ("emergency", "E07", "since you needled my neck my arm is suddenly weak"),
    ("urgent", "U06", "my grip is getting weaker, started this week"),
]


@pytest.mark.parametrize(("level", "sign", "text"), LEVELS)
def test_the_serious_form_is_an_emergency_and_the_light_one_is_for_today(
    net: Net, level: str, sign: str, text: str
) -> None:
    finding = net.check(text)
    assert finding is not None
    assert finding.level == level and sign in finding.signs


@pytest.mark.parametrize(
    "text",
    [
        "I am scared of getting HIV from the needles",
        "worried about hepatitis, are the needles new?",
        "can i catch hiv from dry needling",
        "is it possible to get hep c from your needles",
    ],
)
def test_fear_of_an_infection_is_no_contact_with_blood(net: Net, text: str) -> None:
    assert net.check(text) is None


@pytest.mark.parametrize(
    "text",
    ["i got pricked by a used needle", "someone elses blood got in my cut", "a used needle poked me, is it hiv"],
)
def test_contact_with_a_used_needle_or_blood_is_for_today(net: Net, text: str) -> None:
    finding = net.check(text)
    assert finding is not None and (finding.level, finding.sign) == ("urgent", "U11")


def test_the_poison_line_comes_first_for_a_mistake_and_the_emergency_line_for_an_overdose(net: Net) -> None:
    replies = {sign.id: sign.reply for sign in net.signs}
    assert replies["U15"].index("{poison_line}") < replies["U15"].index("{emergency}")
    assert replies["E16"].index("{emergency}") < replies["E16"].index("{poison_line}")


def test_who_may_have_a_failing_body_is_told_not_to_drive_and_how_to_help(net: Net) -> None:
    replies = {sign.id: sign.reply for sign in net.signs}
    assert all("Do not drive" in replies[sign] for sign in ("E01", "E02", "E03", "E06", "E13", "U10"))
    assert "CPR" in replies["E09"]
