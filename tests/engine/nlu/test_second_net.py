"""The second net: likeness to examples of danger, above a border that ordinary examples hardly reach."""

from pathlib import Path

import numpy as np
import pytest

from nlu.second_net import FALSE_ALARMS, SecondNet

SIZE = 16


@pytest.fixture(scope="module")
def around() -> np.ndarray:
    """Directions that mean something: two signs of danger and an ordinary topic."""
    return np.linalg.qr(np.random.RandomState(0).randn(SIZE, SIZE))[0].astype(np.float32)


def near(direction: np.ndarray, count: int, seed: int) -> np.ndarray:
    vectors = direction + 0.1 * np.random.RandomState(seed).randn(count, SIZE).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def second(around: np.ndarray) -> SecondNet:
    dangers = [(f"breath {i}", "E01") for i in range(30)] + [(f"leg {i}", "U02") for i in range(30)]
    ordinary = [f"price {i}" for i in range(500)]
    vectors = np.vstack([near(around[0], 30, 1), near(around[1], 30, 2), near(around[2], 500, 3)])
    return SecondNet.fit(dangers, [], ordinary, vectors)


def test_a_message_like_an_example_of_danger_gets_its_sign(second: SecondNet, around: np.ndarray) -> None:
    assert second.sign("something else", near(around[0], 1, 9)[0]) == "E01"
    assert second.sign("something else", near(around[1], 1, 9)[0]) == "U02"


def test_danger_that_is_like_no_example_in_particular_has_no_sign(second: SecondNet, around: np.ndarray) -> None:
    between = (around[0] + around[1]) / np.sqrt(2)
    assert second.sign("something else", between) is None


def test_hardly_any_ordinary_message_is_above_the_border(second: SecondNet, around: np.ndarray) -> None:
    alarms = [second.sign("price", vector) for vector in near(around[2], 500, 10)]
    assert sum(sign is not None for sign in alarms) <= 5 * FALSE_ALARMS * len(alarms)


def test_it_says_the_same_after_it_was_kept(second: SecondNet, around: np.ndarray, tmp_path: Path) -> None:
    second.save(tmp_path)
    kept = SecondNet.load(tmp_path)
    for vector in near(around[0] + around[2], 50, 11):
        assert kept.sign("breath", vector) == second.sign("breath", vector)
