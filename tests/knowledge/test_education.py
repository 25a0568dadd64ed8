"""The scores of the answers: read, checked and written into a page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from knowledge import Problem, education
from knowledge.check import check, main
from tests.knowledge.conftest import Data
from tests.support.shipped import shipped_knowledge

TODAY = date(2026, 11, 21)
REAL = Path("data")
SCORED = """\
    rater: first reading
    date: "2026-11-21"
    method: [read as a patient]
    fixed: []
    limits: [one reader]
    instruments:
    - name: actionability
      title: PEMAT-P actionability
      citation: a tool
      target: 85
      items: {20: Names an action, 21: Speaks to the reader, 24: Helps to calculate}
      may_be_na: ["24"]
    answers:
      soreness:
        actionability: {20: yes, 21: yes, 24: na}
        note: says when to call
      human:
        actionability: {20: yes, 21: yes, 24: yes}
    """


@pytest.fixture
def scored(data: Data) -> Data:
    """A good data/ folder whose two answers are scored."""
    data.write(education.FILE, SCORED)
    return data


def messages(data: Data) -> list[str]:
    return [problem.message for problem in check(data.folder, TODAY)]


def test_scored_answers_have_nothing_to_mend(scored: Data) -> None:
    assert messages(scored) == []


def test_only_items_that_apply_count(scored: Data) -> None:
    scored.replace(education.FILE, "21: yes, 24: na", "21: no, 24: na")
    readings = education.read_education(scored.folder / education.FILE, [])

    assert readings is not None
    assert readings.readings["soreness"].percent("actionability") == 50
    assert readings.readings["soreness"].low("actionability") == ["21"]
    assert readings.mean("actionability") == 75


def test_an_answer_below_the_target_is_found(scored: Data) -> None:
    scored.replace(education.FILE, "21: yes, 24: na", "21: no, 24: na")
    [found] = check(scored.folder, TODAY)

    assert (found.severity, found.line) == ("finding", 15)
    assert "'soreness' reaches 50 of 100 in PEMAT-P actionability; the target is 85" in found.message
    assert "21 (Speaks to the reader)" in found.remedy


def test_an_answer_without_scores_is_found(scored: Data) -> None:
    scored.replace(education.FILE, "human:", "gone:")

    assert messages(scored) == ["nobody has scored the answer 'human'", "there is no answer 'gone'"]


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("20: yes, 21: yes, 24: na", "20: na, 21: yes, 24: na", "does not let item 20 be left out"),
        ("20: yes, 21: yes, 24: na", "20: maybe, 21: yes, 24: na", "'20' is 'maybe'"),
        ("20: yes, 21: yes, 24: na", "20: yes, 24: na", "has no '21'"),
        ("20: yes, 21: yes, 24: na", "20: yes, 21: yes, 24: na, 27: yes", "unknown key '27'"),
        ('"2026-11-21"', "soon", "not a date"),
    ],
)
def test_scores_that_cannot_be_read_are_errors(scored: Data, old: str, new: str, message: str) -> None:
    scored.replace(education.FILE, old, new)
    found: list[Problem] = []

    assert education.read_education(scored.folder / education.FILE, found) is None
    assert [problem.severity for problem in found] == ["error"]
    assert message in found[0].message
    assert check(scored.folder, TODAY) == found


def test_the_page_says_what_was_scored_and_how(scored: Data) -> None:
    assert main([str(scored.folder), "--write-docs"]) == 0
    page = (scored.folder.parent / "docs" / "education.md").read_text(encoding="utf-8")

    assert "| mean | **100.0** |" in page
    assert "- soreness: says when to call" in page
    assert "## Limits" in page
    assert "## What was fixed" not in page


def test_every_answer_is_scored_and_reaches_the_targets() -> None:
    found: list[Problem] = []
    readings = education.read_education(REAL / education.FILE, found)

    assert readings is not None, found
    assert list(education.problems(readings, REAL / education.FILE, shipped_knowledge().topics)) == []
    assert {name: each.target for name, each in readings.instruments.items()} == {
        "understandability": 90,
        "actionability": 85,
        "cci": 90,
    }
    assert [len(each.items) for each in readings.instruments.values()] == [17, 7, 20]
