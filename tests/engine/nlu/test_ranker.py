"""The ranker alone: the same data gives the same ranker, files hold what was learned, nothing is tested on itself."""

from pathlib import Path

import numpy as np
import pytest

from encoder import Encoder
from nlu import ridge
from nlu.decision import learn
from nlu.ranker import Ranker, RankerConfig

EXAMPLES = {
    "cost": ["how much is it", "what does it cost", "price of a visit", "is it expensive", "what do you charge"],
    "pain": ["does it hurt", "is it painful", "will i feel the needle", "how bad is the pain", "is it sore"],
    "booking": ["book a visit", "make an appointment", "when can i come", "cancel my visit", "change my appointment"],
}
TEXTS = [text for texts in EXAMPLES.values() for text in texts]
TARGETS = [label for label, texts in EXAMPLES.items() for _ in texts]


def fit(encoder: Encoder, texts: list[str] = TEXTS, targets: list[str] = TARGETS) -> tuple[Ranker, np.ndarray]:
    return Ranker.fit(texts, encoder.encode_all(texts), targets, texts, RankerConfig())


def test_the_same_examples_give_the_same_scores(encoder: Encoder) -> None:
    vectors = encoder.encode_all(["how much"])
    first, second = (fit(encoder)[0].scores(["how much"], vectors) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_saved_ranker_scores_as_before(encoder: Encoder, tmp_path: Path) -> None:
    ranker, _ = fit(encoder)
    ranker.save(tmp_path)
    asked = ["what is the price", "hello"]
    before = ranker.scores(asked, encoder.encode_all(asked))
    after = Ranker.load(tmp_path).scores(asked, encoder.encode_all(asked))
    assert np.array_equal(before, after)


def test_the_right_label_comes_first_and_scores_are_shares(encoder: Encoder) -> None:
    ranker, held_out = fit(encoder)
    scores = ranker.scores(["what is the price"], encoder.encode_all(["what is the price"]))[0]
    assert ranker.labels[int(scores.argmax())] == "cost"
    assert scores.min() >= 0 and scores.sum() <= 1
    assert held_out.shape == (15, 3)


def test_held_out_scores_come_from_a_ranker_that_did_not_see_the_example(encoder: Encoder) -> None:
    ranker, held_out = fit(encoder)
    seen = ranker.scores(TEXTS, encoder.encode_all(TEXTS))
    assert seen.max(axis=1).mean() > held_out.max(axis=1).mean()


@pytest.mark.parametrize("texts", [["only one"], ["one", "two"], ["same", "same", "same"]])
def test_tiny_data_still_trains(encoder: Encoder, texts: list[str]) -> None:
    targets = [str(number % 2) for number in range(len(texts))]
    ranker, scores = fit(encoder, texts, targets)
    assert np.isfinite(ranker.scores(["hello"], encoder.encode_all(["hello"]))).all()
    learn(scores, np.array([ranker.labels.index(target) for target in targets]), 0.1, 0.02)


def test_many_examples_are_learned_from_in_turns(encoder: Encoder, tmp_path: Path) -> None:
    config = RankerConfig(block=8)
    ranker, held_out = Ranker.fit(TEXTS, encoder.encode_all(TEXTS), TARGETS, TEXTS, config)
    ranker.save(tmp_path)
    asked = encoder.encode_all(["what is the price"])
    scores = Ranker.load(tmp_path).scores(["what is the price"], asked)
    assert ranker.labels[int(scores[0].argmax())] == "cost"
    assert np.array_equal(scores, ranker.scores(["what is the price"], asked))
    assert (held_out.max(axis=1) > 0).all()


def test_held_out_scores_are_those_of_a_ridge_without_the_fold() -> None:
    random = np.random.RandomState(0)
    points = random.normal(size=(40, 6))
    kernel = np.exp(-((points[:, None] - points[None]) ** 2).sum(axis=2))
    wanted, penalty = np.eye(4)[random.randint(4, size=40)], np.linspace(0.2, 0.6, 40)
    _, held_out = ridge.exact(
        lambda some, others: kernel[np.ix_(some, others)], wanted, penalty, [np.arange(0, 20), np.arange(20, 40)]
    )
    left = np.linalg.solve(kernel[20:, 20:] + np.diag(penalty[20:]), wanted[20:])  # without the first fold
    assert np.allclose(held_out[:20], kernel[:20, 20:] @ left, atol=1e-3)


def test_two_blocks_come_near_to_one_solution_of_all_and_nearer_than_one_of_them() -> None:
    random = np.random.RandomState(0)
    points = random.normal(size=(60, 3))
    matrix = np.exp(-((points[:, None] - points[None]) ** 2).sum(axis=2) / 4)

    def kernel(some: np.ndarray, others: np.ndarray) -> np.ndarray:
        return matrix[np.ix_(some, others)]

    wanted, penalty = np.sin(points @ random.normal(size=(3, 4))), np.full(60, 0.3)
    one, two = np.arange(0, 60, 2), np.arange(1, 60, 2)
    folds = [np.arange(0, 30), np.arange(30, 60)]
    whole, told = ridge.exact(kernel, wanted, penalty, folds)
    assert np.allclose(ridge.in_turns(kernel, wanted, penalty, folds, [np.arange(60)]), (whole, told))

    turns, held_out = ridge.in_turns(kernel, wanted, penalty, folds, [one, two])
    half, _ = ridge.exact(lambda some, others: kernel(one[some], one[others]), wanted[one], penalty[one], [])
    assert np.abs(matrix @ turns - matrix @ whole).mean() < 0.7 * np.abs(matrix[:, one] @ half - matrix @ whole).mean()
    assert np.abs(held_out - wanted).mean() > np.abs(matrix @ turns - wanted).mean()  # nothing is tested on itself


def test_borders_leave_out_no_more_than_was_said() -> None:
    scores = np.eye(2)[np.arange(100) % 2] * np.linspace(0.01, 1, 100)[:, None]
    decision = learn(scores, np.arange(100) % 2, 0.10, 0.02)
    best = scores.max(axis=1)
    assert (best < decision.answer).mean() == pytest.approx(0.10, abs=0.01)
    assert (best < decision.offer).mean() == pytest.approx(0.02, abs=0.01)
