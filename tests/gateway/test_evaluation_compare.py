"""Two runs side by side, in words."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.engine.command import NotMeasured
from gateway.evaluation.compare import FORMAT, SAME, compare, read_evaluation
from gateway.evaluation.hint3 import mcc

Json = dict[str, Any]


def run(figure: str, right: int, of: int = 100, start: int = 0) -> Json:
    return {"sets": {"own": {"outcomes": {figure: {f"item {n}": n < right for n in range(start, start + of)}}}}}


@pytest.mark.parametrize(
    ("figure", "before", "after", "words"),
    [
        ("right topic", 80, 90, "better"),
        ("right topic", 90, 80, "worse"),
        ("right topic", 80, 83, SAME),
        ("right topic", 80, 80, SAME),
        ("wrong with confidence", 20, 8, "better"),
        ("wrong with confidence", 8, 20, "worse"),
        ("false alarms on look-alikes", 1, 12, "worse"),
        ("answered", 70, 90, "more"),
        ("answered", 90, 70, "fewer"),
    ],
)
def test_a_difference_is_told_in_words(figure: str, before: int, after: int, words: str) -> None:
    (difference,) = compare(run(figure, before), run(figure, after))
    assert difference.words == words
    low, high = difference.interval
    assert low - 1e-9 <= difference.new - difference.old <= high + 1e-9


def test_only_items_of_both_runs_are_compared() -> None:
    (difference,) = compare(run("right topic", 50), run("right topic", 150, start=50))
    assert (difference.items, difference.only_in_one) == (50, 100)
    assert (difference.old, difference.new) == (0.0, 1.0)


def test_parts_that_one_run_lacks_are_left_out() -> None:
    assert compare({"examples": {}}, run("right topic", 5)) == []


def labelled(right: int) -> Json:
    items = [{"text": str(n), "wanted": "ab"[n % 2], "given": "ab"[(n + (n >= right)) % 2]} for n in range(60)]
    return {"hint3": {"x": {"items": items}}}


def test_mcc_is_compared_by_resampling_pairs() -> None:
    assert compare(labelled(40), labelled(58))[0].words == "better"
    assert compare(labelled(40), labelled(41))[0].words == SAME


def test_mcc_is_one_for_all_right_and_zero_for_a_single_label() -> None:
    assert mcc([{"wanted": label, "given": label} for label in "abcabc"]) == pytest.approx(1.0)
    assert mcc([{"wanted": label, "given": "a"} for label in "abcabc"]) == 0.0
    confusion = {("a", "a"): 3, ("a", "b"): 1, ("b", "a"): 2, ("b", "b"): 4}
    items = [{"wanted": w, "given": g} for (w, g), n in confusion.items() for _ in range(n)]
    assert mcc(items) == pytest.approx((3 * 4 - 1 * 2) / (4 * 6 * 5 * 5) ** 0.5)  # the two-label formula


@pytest.mark.parametrize("content", ["", "no json", "[]", "{}", '{"format": "other"}'])
def test_a_file_that_is_no_evaluation_is_refused_with_a_remedy(tmp_path: Path, content: str) -> None:
    file = tmp_path / "old.json"
    file.write_text(content)
    with pytest.raises(NotMeasured, match="What to do"):
        read_evaluation(file)


def test_a_missing_file_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="What to do"):
        read_evaluation(tmp_path / "none.json")


def test_an_evaluation_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    file.write_text(json.dumps({"format": FORMAT, "sets": {}}))
    assert read_evaluation(file)["sets"] == {}
