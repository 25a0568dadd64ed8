"""Intervals and tests of chance, against values that are known."""

import math

import pytest

from gateway.evaluation.intervals import F1, Change, Share, bootstrap


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),  # 1 - 0.025 ** (1 / 10)
        (10, 10, 0.6915, 1.0),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (8, 10, 0.4439, 0.9748),
        (15, 20, 0.5090, 0.9134),
        (90, 100, 0.8238, 0.9510),
    ],
)
def test_the_interval_of_a_share_is_the_exact_one(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=6e-5)


def test_the_interval_of_thousands_of_items_is_near_the_normal_one() -> None:
    low, high = Share(5000, 7000).interval
    half = 1.96 * math.sqrt(5 / 7 * 2 / 7 / 7000)
    assert (low, high) == pytest.approx((5 / 7 - half, 5 / 7 + half), abs=2e-4)


def test_the_interval_mirrors_when_hits_and_misses_change_places() -> None:
    low, high = Share(3, 40).interval
    assert Share(37, 40).interval == pytest.approx((1 - high, 1 - low))


def test_a_share_of_nothing_says_so() -> None:
    assert str(Share(0, 0)) == "no items"
    assert Share(0, 0).as_json() == {"hits": 0, "of": 0, "share": None, "interval": [0.0, 1.0]}


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    precision, recall = 8 / 10, 8 / 12
    f1 = F1(right=8, wrong=2, missed=4)
    assert f1.value == pytest.approx(2 * precision * recall / (precision + recall))
    assert f1.interval[0] < f1.value < f1.interval[1]


@pytest.mark.parametrize(("gained", "lost", "p"), [(0, 0, 1.0), (5, 5, 1.0), (6, 0, 0.03125), (9, 1, 0.021484375)])
def test_the_chance_of_a_change_is_that_of_coins(gained: int, lost: int, p: float) -> None:
    assert Change(gained, lost, 100).p == pytest.approx(p)


@pytest.mark.parametrize("gained", range(12))
def test_the_interval_of_a_change_leaves_out_zero_just_when_the_test_is_sure(gained: int) -> None:
    change = Change(gained, 11 - gained, 50)
    low, high = change.interval
    assert (not low <= 0 <= high) == (change.p < 0.05)
    assert low <= change.difference <= high


def test_items_are_compared_each_with_itself() -> None:
    assert Change.between([True, False, False, True], [True, True, True, False]) == Change(gained=2, lost=1, of=4)


def test_resampling_gives_the_same_interval_each_time() -> None:
    items = [0.0] * 20 + [1.0] * 20
    low, high = bootstrap(items, lambda sample: sum(sample) / len(sample))
    assert (low, high) == bootstrap(items, lambda sample: sum(sample) / len(sample))
    assert 0.3 < low < 0.5 < high < 0.7
