"""The count of words beside the encoder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from danger.head import Head, dangers_and_others
from danger.learned import Counted, Learned, levels_in
from danger.reader import Reader
from danger.store import LEARNED
from danger.words import PLACES, Words, counted, places
from safety import Net
from tests.safety.conftest import ROOT

DANGERS = ["my lips swell and i cannot breathe", "i cannot breathe", "my lips are blue and swell"]
OTHERS = ["can i park here", "what do you charge", "can i breathe out when the needle goes in", "i park my bike"]


@pytest.fixture(scope="module")
def words() -> Words:
    return counted(DANGERS * 9, OTHERS * 9)


def test_words_of_dangers_speak_for_danger_and_words_of_other_messages_against_it(words: Words) -> None:
    nothing_known = words("zebra")
    assert words("my lips swell") > nothing_known > words("can i park")


def test_neighbours_count_where_a_word_alone_says_little(words: Words) -> None:
    assert words("cannot breathe") > words("breathe cannot")


def test_how_a_word_is_written_does_not_count() -> None:
    assert set(places("CAN'T  Breathe!")) == set(places("cant breathe")) == set(places("can’t, breathe"))


def test_a_message_without_words_is_like_one_without_known_words(words: Words) -> None:
    assert words("") == words("?!") == words.weights[PLACES]


def test_the_count_is_kept_with_the_head(words: Words, tmp_path: Path) -> None:
    head = Head(np.zeros((2, 385), np.float32), ("none", "E01"), "", words)
    head.keep(tmp_path / "head.npz")
    assert Head.read(tmp_path / "head.npz").words("my lips swell") == pytest.approx(words("my lips swell"), abs=0.01)


def test_the_score_is_what_the_encoder_hears_and_a_share_of_the_count(net: Net) -> None:
    assert net.learned is not None
    borders, head, reader = net.learned.borders, Head.read(LEARNED), Reader.load()
    levels = levels_in(ROOT / "data")
    text = "how should i sleep tonight, she did both sides of my neck"
    without = Learned(reader, head, replace(borders, words=Counted(0.0, -4, 1)), levels).judge(text)
    beside = Learned(reader, head, replace(borders, words=Counted(0.5, -9, 9)), levels).judge(text)
    assert beside.score - without.score == pytest.approx(0.5 * head.words(text), abs=1e-3)
    assert (beside.level, beside.sign) == (without.level, without.sign)


def test_the_count_calms_and_alarms_within_bounds() -> None:
    counts = Counted(share=0.5, least=-4, most=1)
    assert [counts(score) for score in (-9, -2, 0.5, 9)] == [-2, -1, 0.25, 0.5]


def test_a_message_that_is_judged_can_be_left_out_of_the_count() -> None:
    dangers, others = dangers_and_others(ROOT / "data")
    fewer, fewer_others = dangers_and_others(ROOT / "data", {dangers[0], others[-1]})
    assert dangers[0] not in fewer and others[-1] not in fewer_others
    assert len(fewer) < len(dangers) and len(fewer_others) < len(others)
