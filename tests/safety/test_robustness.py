"""Whatever is typed, the net answers; how it is typed does not matter."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.safety.stress import cases, seeds
from safety import Finding, Net, Rules
from tests.support.fuzzing import tries

FLAGS = [text for texts in seeds()["flags"].values() for text in texts]
NEUTRAL = [
    "Do you have parking at the clinic?",
    "My appointment is on Tuesday at four.",
    "Thank you for the lovely session!",
    "What should I wear?",
    "The weather is great.",
    "I would like to pay by card.",
]
calm = tries(60)


@calm
@given(text=st.text(max_size=400))
def test_any_text_is_answered(net: Net, text: str) -> None:
    assert net.check(text) is None or isinstance(net.check(text), Finding)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n\t",
        "\x00\x01\xff",
        "😭" * 500,
        "胸が痛い",
        "a" * 200_000,
        "chest pain " * 20_000,
        "'''’’’",
        "<fever>",
        "1.2.3,4",
        "٣٨٫٥",
        "ﬁ ß İ",
    ],
)
def test_strange_input_is_answered(net: Net, text: str) -> None:
    finding = net.check(text)
    assert finding is None or finding.level


@calm
@given(text=st.sampled_from(FLAGS), seed=st.integers(0, 3))
def test_case_and_spacing_change_nothing(rules: Rules, text: str, seed: int) -> None:
    changed = [text.upper(), text.title(), text.replace(" ", "   "), "  " + text.replace(" ", "\t") + "  "][seed]
    before, after = rules.check(text), rules.check(changed)
    assert (before and before.signs) == (after and after.signs)


@calm
@given(text=st.sampled_from(FLAGS), neutral=st.sampled_from(NEUTRAL), first=st.booleans())
def test_a_sentence_beside_it_never_silences_a_red_flag(rules: Rules, text: str, neutral: str, first: bool) -> None:
    together = f"{neutral} {text}" if first else f"{text.rstrip('.!?')}. {neutral}"
    assert rules.check(text) is None or rules.check(together) is not None


@pytest.mark.slow
def test_the_stress_set_is_recalled(rules: Rules) -> None:
    stressed = list(cases())
    found = [case for case in stressed if getattr(rules.check(case.text), "level", None) in case.levels]
    assert len(stressed) >= 600
    assert len(found) >= 0.9 * len(stressed)


def test_nothing_that_was_typed_is_kept(net: Net) -> None:
    net.check("zyxwvut my chest hurts, Qwertzuiop")
    assert "zyxwvut" not in net.rules.nlp.vocab.strings
    assert "Qwertzuiop" not in net.rules.nlp.vocab.strings and "qwertzuiop" not in net.rules.nlp.vocab.strings


def test_nothing_that_was_typed_is_logged(
    net: Net, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        net.check("Secretword my chest hurts")
    out, err = capfd.readouterr()
    assert "secretword" not in (caplog.text + out + err).lower()


@pytest.mark.parametrize("digits", [308, 309, 400, 5_000])
def test_a_number_of_any_length_never_silences_a_red_flag(net: Net, digits: int) -> None:
    finding = net.check(f"I have crushing chest pain and I can't breathe {'9' * digits}")
    assert finding is not None and finding.level == "emergency"
