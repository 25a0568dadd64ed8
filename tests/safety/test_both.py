"""The rules and the learned half together: each goes on without the other, and a rule gives way to a calm reading."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from danger import Judgement, Learned, catch_up, head
from danger.examples import NONE, STORY, Example, digest, is_left_out
from danger.head import Head, Lesson, learned, lessons
from danger.reader import MOST_PARTS, parts
from danger.store import LEARNED
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


@pytest.mark.parametrize(
    "text",
    [
        "bye",
        "Goodbye!",
        "hi",
        "ok",
        "no",
        "thanks",
        "later",
        "nothing",
        "whatever",
        "alone",
        "my kid too",
        "he is 10",
        "she takes accutane as well",
        "he's on amlodipine",
        "I have no car",
        "it's turning green",
        "tuesday",
        "price?",
    ],
)
def test_a_few_words_of_small_talk_or_about_oneself_are_no_danger(net: Net, text: str) -> None:
    assert net.check(text) is None


def test_a_rule_gives_way_where_the_learned_half_is_sure_that_nothing_is_the_matter(net: Net) -> None:
    text = "i was here on tuesday morning and i think you left a needle in my calf"
    assert net.rules.check(text) is not None
    unsure = Judgement(net.learned.borders.calm["urgent"] + 0.1, "urgent", "U08", ("U08",)) if net.learned else None
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


@pytest.fixture
def teaching(tmp_path: Path) -> Path:
    """The examples as they are, to be changed."""
    shutil.copytree(ROOT / "data/lexicon/danger", tmp_path / "lexicon/danger")
    return tmp_path


def add(teaching: Path, file: str, message: str) -> None:
    with (teaching / "lexicon/danger" / file).open("a", encoding="utf-8") as lines:
        lines.write(f"{message}\n")


def test_what_a_trainer_adds_counts_more_than_what_the_tuning_left_out(teaching: Path) -> None:
    before = {lesson.example.text: lesson.weight for lesson in lessons(teaching)}
    add(teaching, "E08.txt", "after the tape i look like a blowfish")
    after = {lesson.example.text: lesson.weight for lesson in lessons(teaching)}
    assert set(after) - set(before) == {"after the tape i look like a blowfish"}
    left_out = [text for text in before if is_left_out(text, 0.1)]
    assert left_out and after["after the tape i look like a blowfish"] > after[left_out[0]]


def test_an_example_that_moves_to_another_file_is_learned_anew(teaching: Path) -> None:
    moved = (teaching / "lexicon/danger/harmless.txt").read_text(encoding="utf-8").splitlines()[0]
    assert all(lesson.example.text != moved for lesson in lessons(teaching))
    add(teaching, "E08.txt", moved)
    assert [lesson.example.sign for lesson in lessons(teaching) if lesson.example.text == moved] == ["E08"]


def test_the_shipped_head_has_learned_from_the_examples_as_they_are() -> None:
    assert Head.read(LEARNED).examples == digest(ROOT / "data"), "run python -m danger.relearn"


def test_the_head_is_learned_again_when_an_example_is_added_and_kept_for_the_next_time(
    teaching: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []

    def encode(texts: Sequence[str]) -> np.ndarray:
        encoded.append(len(texts))
        return np.zeros((len(texts), 384), np.float32)

    monkeypatch.setattr("danger.head.STEPS", 1)
    assert head.current(teaching, teaching, encode).examples == digest(ROOT / "data") and not encoded
    add(teaching, "over.txt", "i had the bends in 1988, all good since")
    assert head.current(teaching, teaching, encode).examples == digest(teaching)
    assert head.current(teaching, teaching, encode).examples == digest(teaching) and len(encoded) == 1


class Blank:
    """An encoder to which all messages are alike; it counts how often it was loaded."""

    loaded = 0

    @classmethod
    def load(cls, folder: Path) -> "Blank":
        cls.loaded += 1
        return cls()

    def one(self, text: str) -> np.ndarray:
        return np.zeros(384, np.float32)


def test_only_changed_examples_cost_a_training_anything(teaching: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("danger.head.STEPS", 1)
    monkeypatch.setattr("danger.learned.Reader", Blank)
    assert not catch_up(teaching, teaching) and Blank.loaded == 0
    add(teaching, "U02.txt", "one sock leaves a moat")
    assert catch_up(teaching, teaching)
    assert not catch_up(teaching, teaching) and Blank.loaded == 1


VECTORS = {"no air": 0, "the iron lung": 1, "iron my shirt": 2, "a long story": 3, "what is it": 4}


def encode_by_hand(texts: Sequence[str]) -> np.ndarray:
    return np.eye(8, dtype=np.float32)[[VECTORS[text] for text in texts]]


def test_a_new_example_counts_when_the_head_is_learned_again() -> None:
    flat = Head(np.zeros((2, 9)), (NONE, "E01"))
    old = [Lesson(Example("iron my shirt", NONE, ""), 1.0), Lesson(Example("no air", "E01", "now"), 1.0)]
    old += [Lesson(Example("a long story", NONE, "", STORY), 1.0), Lesson(Example("what is it", NONE, ""), 1.0)]
    new = Lesson(Example("the iron lung", "E01", "now"), 1.0)
    asked = encode_by_hand(["the iron lung", "iron my shirt", "what is it"])
    without, heard = learned(flat, old, encode_by_hand)(asked), learned(flat, [*old, new], encode_by_hand)(asked)
    assert heard.argmax(axis=1).tolist() == [1, 0, 0]
    assert heard[0, 1] > without[0, 1]


def test_the_head_stays_where_it_was_for_what_it_learns_nothing_about() -> None:
    start = Head(np.pad([[1.0], [-1.0]], ((0, 0), (4, 4))), (NONE, "E01"))  # all of it is about "what is it"
    heard = learned(start, [Lesson(Example("no air", "E01", "now"), 1.0)], encode_by_hand)
    assert np.allclose(heard.weights[:, 4], start.weights[:, 4])


def test_where_the_learned_half_is_certain_of_its_level_a_rule_with_a_worse_one_is_not_heard(net: Net) -> None:
    text = "my chest hurts and i cant breathe"
    rule = net.rules.check(text)
    assert rule is not None and rule.level == "emergency"
    for certain, level in ((0.99, "urgent"), (0.3, "emergency")):
        heard = Judgement(9.0, "urgent", "U09", ("U09",), certain)
        finding = with_learned(net, heard).check(text)
        assert finding is not None and finding.level == level


def test_a_rule_knows_the_bad_form_of_the_sign_that_the_learned_half_hears(net: Net) -> None:
    heard = Judgement(9.0, "urgent", "U08", ("U08",), 0.99)
    finding = with_learned(net, heard).check("the needle broke off inside my leg")
    assert finding is not None and (finding.level, finding.sign) == ("emergency", "U08")
