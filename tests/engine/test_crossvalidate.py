"""Cross-validation for the trainers' report, on a few topics."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasa.shared.exceptions import RasaException

from nlu.crossvalidate import RANKED, cross_validate
from nlu.ranker import RankerConfig, folds_of

ROOT = Path(__file__).resolve().parents[2]
TOPICS = ("soreness", "how_often", "cost", "pregnancy")
CONFIG, DOMAIN = ROOT / "config.yml", ROOT / "domain.yml"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for topic in TOPICS:
        shutil.copy(ROOT / "data" / "answers" / f"{topic}.yml", folder)
    return folder


@pytest.fixture(scope="module")
def found(data: Path) -> dict[str, Any]:
    return cross_validate(data, CONFIG, DOMAIN)


def test_the_same_data_give_the_same_model_and_the_same_numbers(data: Path, found: dict[str, Any]) -> None:
    assert cross_validate(data, CONFIG, DOMAIN) == found


def test_the_same_examples_give_the_samefolds_of() -> None:
    y, groups = np.repeat(np.arange(4), 10), [f"text {number}" for number in range(40)]
    first, again = (folds_of(y, groups, RankerConfig()) for _ in range(2))
    assert [fold.tolist() for fold in first] == [fold.tolist() for fold in again]
    assert sorted(np.concatenate(first)) == list(range(40))


def test_variants_of_an_example_stay_in_its_fold() -> None:
    groups = [f"text {number // 2}" for number in range(40)]
    for fold in folds_of(np.repeat(np.arange(4), 10), groups, RankerConfig()):
        assert {number // 2 for number in fold} == {number // 2 for number in fold if number ^ 1 in fold}


def test_every_example_is_understood_once_without_having_been_seen(data: Path, found: dict[str, Any]) -> None:
    written = sum(file.read_text("utf-8").count("\n    - ") for file in data.iterdir())
    assert len(found["examples"]) == written  # variants are learned from, not counted
    right = sum(example["ranking"][0][0] == example["wanted"] for example in found["examples"])
    assert 0.8 < right / written < 1.0  # a matcher tested on what it has seen gets all


def test_labels_are_ranked_best_first_with_a_confidence(found: dict[str, Any]) -> None:
    assert found["labels"] == [f"faq/{topic}" for topic in sorted(TOPICS)]
    for example in found["examples"]:
        scores = [score for _, score in example["ranking"]]
        assert scores == sorted(scores, reverse=True) and len(scores) == min(RANKED, len(TOPICS))
        assert 0 <= example["confidence"] <= 1


def test_another_seed_gives_otherfolds_of(data: Path, found: dict[str, Any], tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    matcher = "- name: nlu.topic_matcher.TopicMatcher"
    config.write_text(CONFIG.read_text("utf-8").replace(matcher, f"{matcher}\n  ranker: {{seed: 1}}\n"), "utf-8")
    other = cross_validate(data, config, DOMAIN)
    assert other["seed"] == 1 and other["examples"] != found["examples"]


def test_missing_data_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RasaException, match="What to do"):
        cross_validate(tmp_path / "nowhere", CONFIG, DOMAIN)
