"""The rules and the learned half together: each goes on without the other, and a rule gives way to a calm reading."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from danger import Judgement, Learned
from danger.examples import STATUSES
from danger.heads import Heads, learned
from danger.reader import MOST_PARTS, parts
from safety import Finding, Net, Rules, RulesError
from tests.safety.conftest import ROOT

calm = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ANY = st.text(st.characters(), max_size=400) | st.text("0123456789.,", max_size=400) | st.text(max_size=60)


class Fixed:
    """A learned half that always says the same."""

    def __init__(self, like: Learned, judgement: Judgement | Exception) -> None:
        self.borders, self.signs, self._judgement = like.borders, like.signs, judgement
        self.alarms = like.alarms

    def judge(self, text: str) -> Judgement:
        if isinstance(self._judgement, Exception):
            raise self._judgement
        return self._judgement


def with_learned(net: Net, judgement: Judgement | Exception) -> Net:
    assert net.learned is not None
    return Net(net.rules, Fixed(net.learned, judgement))  # type: ignore[arg-type]


@calm
@given(text=ANY)
def test_nothing_typed_makes_either_half_raise(net: Net, text: str) -> None:
    assert net.learned is not None
    net.learned.judge(text)
    net.rules.check(text)


@pytest.mark.parametrize(
    "text", ["9" * 309, "1" * 5000, "9" * 309 + ".5", "\ud800", "a\udfff b", "\x00", "٣" * 400, "½" * 9]
)
def test_numbers_of_any_length_and_half_characters_are_only_text(net: Net, text: str) -> None:
    assert net.check(f"my chest hurts and i cant breathe {text}") is not None
    net.check(text)
    assert net.fault is None


@calm
@given(text=ANY | st.text("ab .\n", min_size=500, max_size=3000))
def test_a_long_message_has_few_parts(text: str) -> None:
    assert 1 <= len(parts(text * 20)) <= MOST_PARTS + 1


def test_what_the_rules_have_no_words_for_is_heard(net: Net) -> None:
    heard = Judgement(9.0, "emergency", "E01", ("E01",))
    finding = with_learned(net, heard).check("zzz")
    assert finding is not None
    assert (finding.level, finding.sign) == ("emergency", "E01")
    assert finding.reply


def test_a_rule_gives_way_where_the_learned_half_is_sure_that_nothing_is_the_matter(net: Net) -> None:
    text = "i was here on tuesday morning and i think you left a needle in my calf"
    assert net.rules.check(text) is not None
    unsure = Judgement(net.learned.borders.calm + 0.1, "urgent", "U08", ("U08",)) if net.learned else None
    sure = Judgement(-20.0, "urgent", "U08", ("U08",))
    assert unsure is not None and with_learned(net, unsure).check(text) is not None
    assert with_learned(net, sure).check(text) is None
    assert with_learned(net, sure).check("you left a needle in my calf") is not None  # too short to mean two things


def test_nobody_is_talked_out_of_a_warning_by_the_learned_half(net: Net) -> None:
    previous = net.check("i have chest pain and cannot breathe")
    assert previous is not None
    again = with_learned(net, Judgement(-20.0, "urgent", "U09", ("U09",))).check("its probably nothing", previous)
    assert again is not None and again.signs == previous.signs


def test_a_learned_half_that_fails_leaves_the_rules_and_says_so(net: Net) -> None:
    failing = with_learned(net, RuntimeError("no"))
    assert failing.check("i have chest pain and cannot breathe") is not None
    assert failing.fault is not None and "learned" in failing.fault


def test_rules_that_fail_leave_the_learned_half_and_say_so(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Finding | None:
        raise RuntimeError("no")

    alone = Net(net.rules, net.learned)
    monkeypatch.setattr(Rules, "check", fail)
    assert alone.check("i have chest pain and cannot breathe") is not None
    assert alone.fault is not None and "rules" in alone.fault


def test_a_damaged_learned_half_is_told_and_the_rules_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> Learned:
        raise OSError("gone")

    monkeypatch.setattr(Learned, "load", missing)
    half = Net.load(ROOT / "data")
    assert half.fault is not None and half.check("i have chest pain and cannot breathe") is not None


def test_an_example_of_a_sign_that_is_not_in_the_catalogue_is_refused(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert net.learned is not None
    strange = Fixed(net.learned, Judgement(0.0, "urgent", "U09", ()))
    strange.signs = (*strange.signs, "U99")
    monkeypatch.setattr(Learned, "load", lambda data: strange)
    with pytest.raises(RulesError, match="U99"):
        Net.load(ROOT / "data")


def test_a_new_example_counts_when_the_heads_are_learned_again(tmp_path: Path) -> None:
    texts = {
        "E01.txt": "no air\nthe iron lung\n",
        "harmless.txt": "iron my shirt\n",
        "everyday.txt": "what is it\n",
    }
    folder = tmp_path / "lexicon/danger"
    folder.mkdir(parents=True)
    for name, lines in texts.items():
        (folder / name).write_text(lines, encoding="utf-8")
    vectors = dict(zip("".join(texts.values()).splitlines(), np.eye(8), strict=False))

    def encode(texts: Sequence[str]) -> np.ndarray:
        return np.stack([vectors[text] for text in texts]).astype(np.float32)

    flat = {"sign weights": np.zeros((2, 8)), "sign bias": np.zeros(2)}
    flat |= {"status weights": np.zeros((len(STATUSES), 8)), "status bias": np.zeros(len(STATUSES))}
    heads = learned(Heads(flat, ["none", "E01"]), tmp_path, encode)
    sign, status = heads(encode(["the iron lung", "iron my shirt", "what is it"]))
    assert sign.argmax(axis=1).tolist() == [1, 0, 0]
    assert STATUSES[int(status[1].argmax())] == "harmless"
