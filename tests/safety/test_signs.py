"""Every sign of the catalogue is noticed, at its level, in several wordings."""

import pytest

from benchmarks.safety.stress import seeds
from safety import Net, Rules

SEEDS = seeds()
FLAGS = [(sign, text) for sign, texts in SEEDS["flags"].items() for text in texts]


def test_the_catalogue_has_all_34_signs_and_each_has_seeds(rules: Rules) -> None:
    assert len(rules.signs) == 34
    assert {sign.id for sign in rules.signs} == set(SEEDS["flags"])
    assert set(rules.order) == set(SEEDS["flags"])
    assert all(len(texts) >= 4 for texts in SEEDS["flags"].values())


@pytest.mark.parametrize(("sign", "text"), FLAGS)
def test_a_red_flag_is_noticed_at_its_level(net: Net, sign: str, text: str) -> None:
    """By the rules, which stand when the learned half fails, or else by both together."""
    told = {finding.level for finding in (net.rules.check(text), net.check(text)) if finding}
    assert told & set(SEEDS["levels"][sign[0]])


def test_without_the_learned_half_the_rules_still_notice_nine_in_ten(rules: Rules) -> None:
    heard = [getattr(rules.check(text), "level", None) in SEEDS["levels"][sign[0]] for sign, text in FLAGS]
    assert sum(heard) >= 0.9 * len(FLAGS)


@pytest.mark.parametrize(("sign", "texts"), list(SEEDS["flags"].items()))
def test_the_rules_alone_name_two_in_three_wordings_of_every_sign(rules: Rules, sign: str, texts: list[str]) -> None:
    named = [text for text in texts if sign in getattr(rules.check(text), "signs", ())]
    assert len(named) >= 0.65 * len(texts)


def test_every_sign_has_words_to_say_and_a_source(rules: Rules) -> None:
    for sign in rules.signs:
        assert sign.reply
        assert (
            "{" not in sign.reply
            or "{emergency}" in sign.reply
            or "_line}" in sign.reply
            or "{clinic_phone}" in sign.reply
        )


@pytest.mark.parametrize(
    "text", ["je ne peux pas respirer", "J'ai une douleur à la poitrine", "no puedo respirar", "dolor en el pecho"]
)
def test_the_first_words_of_an_emergency_are_known_in_french_and_spanish(rules: Rules, text: str) -> None:
    finding = rules.check(text)
    assert finding is not None and finding.level == "emergency"


def test_the_worst_level_leads_and_all_signs_are_named(rules: Rules) -> None:
    finding = rules.check("there is still a needle in my arm and i cant breathe")
    assert finding is not None
    assert (finding.level, finding.sign) == ("emergency", "E01")
    assert "U08" in finding.signs


def test_an_overdose_with_a_wish_to_die_gets_both_replies(rules: Rules) -> None:
    finding = rules.check("i took too many pills because i want to die")
    assert finding is not None
    assert finding.level == "emergency"
    assert {"E16", "C01"} <= set(finding.signs)
    assert "{poison_line}" in finding.reply and "{crisis_line}" in finding.reply


def test_a_needle_broken_off_inside_is_an_emergency_a_needle_left_in_the_skin_is_urgent(rules: Rules) -> None:
    inside = rules.check("a bit of the needle broke off inside my calf")
    left = rules.check("you forgot a needle in my calf")
    assert inside is not None and inside.level == "emergency"
    assert left is not None and left.level == "urgent"


def test_spans_point_at_the_words_in_the_message(rules: Rules) -> None:
    text = "Hello! Quick one: my chest really HURTS today."
    finding = rules.check(text)
    assert finding is not None
    start, end = finding.spans[0]
    assert text[start:end].startswith("chest")
