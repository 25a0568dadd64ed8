"""Where the borders of the alarm are set, and what they are set on."""

import pytest

from danger import Judgement
from danger.examples import NONE, Example
from safety import Finding, Net
from safety.borders import Case, cheapest, set_on

RULE = Finding("urgent", "U09", ("U09",), "")


def case(score: float, danger: bool, cost: float = 1, found: Finding | None = None, fold: str = "one") -> Case:
    example = Example("text", "U09" if danger else NONE, "", round=fold)
    kind = "urgent" if danger else "look_alike"
    return Case(example, fold, Judgement(score, "urgent", "U09", ("U09",)), found, kind, cost)


def test_where_scores_tell_all_apart_the_border_is_halfway() -> None:
    assert cheapest([case(4, True), case(1, False), case(3, True), case(0, False)]) == 2.0


@pytest.mark.parametrize(("missed", "needless", "border"), [(6, 1, 1.0), (1, 6, 3.0)])
def test_the_dearer_mistake_is_the_rarer_one(missed: float, needless: float, border: float) -> None:
    mixed = [case(0, False, needless), case(2, True, missed), case(2.0, False, needless), case(4, True, missed)]
    assert cheapest(mixed) == border


@pytest.mark.parametrize(
    ("with_rule", "calm"),
    [([case(-3, False, 1, RULE), case(-1, True, 1, RULE)], -2.0), ([case(5, False, 1, RULE)], 1.0), ([], 1.0)],
)
def test_a_rule_that_finds_something_too_lowers_the_border_and_never_raises_it(
    net: Net, with_rule: list[Case], calm: float
) -> None:
    assert net.learned is not None
    borders = set_on([case(0, False), case(2, True), *with_rule], net.learned.borders)
    assert (borders.alarm["urgent"], borders.calm["urgent"]) == (1.0, calm)


def test_what_the_writers_of_the_other_examples_wrote_sets_no_border(net: Net) -> None:
    assert net.learned is not None
    easy = case(-9, True, 100, fold="")
    assert set_on([case(0, False), case(2, True), easy], net.learned.borders).alarm["urgent"] == 1.0
