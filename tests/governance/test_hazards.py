"""Every hazard has controls, every control has a test, and in a run of all tests each of them passed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from knowledge import hazards
from knowledge.hazards import HazardLog, page, read_hazards, unproven
from knowledge.problems import Problem
from tests.conftest import Outcomes

ROOT = Path(__file__).resolve().parents[2]
GOOD = """\
owner: the clinic
hazards:
- id: H01
  hazard: It is not noticed
  harm: death
  causes: [other words]
  before: 5
  after: 2
  controls:
  - {control: a net, tests: ["tests/test_net.py::test_it_notices"]}
"""


@pytest.fixture(scope="module")
def log() -> HazardLog:
    found: list[Problem] = []
    log = read_hazards(ROOT / "docs" / "hazards.yml", found)
    assert log is not None and found == []
    return log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project with a hazard log, to spoil."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_net.py").write_text("async def test_it_notices(): ...\n")
    (tmp_path / "hazards.yml").write_text(GOOD)
    return tmp_path


def found(folder: Path) -> list[str]:
    problems: list[Problem] = []
    log = read_hazards(folder / "hazards.yml", problems)
    return [it.message for it in (*problems, *(hazards.problems(log, folder / "hazards.yml", folder) if log else ()))]


def test_a_good_log_has_nothing_to_mend(folder: Path) -> None:
    assert found(folder) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("test_it_notices", "test_it_does_not_exist", "there is no test"),
        ("tests/test_net.py", "tests/test_nat.py", "there is no test"),
        ('["tests/test_net.py::test_it_notices"]', "[]", "no test shows that 'a net'"),
        ("  controls:\n  -", "  controls: []\n  #", "has no control"),
        ("[other words]", "[]", "has no cause"),
        ("after: 2", "after: 4", "the risk of H01 stays at 4"),
        ("before: 5", "before: 1", "is no pair of 1 to 5"),
        ("  harm: death\n", "", "has no 'harm'"),
        ("  harm: death\n", "  harm: death\n  oops: 1\n", "unknown key 'oops'"),
    ],
)
def test_a_spoiled_log_is_refused(folder: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    (folder / "hazards.yml").write_text(GOOD.replace(old, new))
    assert any(message in it for it in found(folder)), found(folder)


def test_a_test_that_failed_or_did_not_run_proves_nothing(folder: Path) -> None:
    log = read_hazards(folder / "hazards.yml", [])
    assert log is not None
    test = "tests/test_net.py::test_it_notices"
    assert unproven(log, {test: "passed"}) == []
    assert "H01: tests/test_net.py::test_it_notices failed" in unproven(log, {test: "failed"})
    assert "H01: tests/test_net.py::test_it_notices did not run" in unproven(log, {})
    assert unproven(log, {test: "skipped"}) == ["H01: no test shows that 'a net'"]


def test_of_a_tests_parameters_the_worst_counts() -> None:
    class Report:
        when = "call"

        def __init__(self, parameter: str, outcome: str) -> None:
            self.nodeid, self.outcome, self.passed = f"a::b[{parameter}]", outcome, outcome == "passed"

    cases = ((["passed", "failed"], "failed"), (["passed", "skipped"], "passed"), (["skipped"], "skipped"))
    for outcomes, whole in cases:
        noted = Outcomes()
        for number, outcome in enumerate(outcomes):
            report: Any = Report(str(number), outcome)
            noted.pytest_runtest_logreport(report)
        assert noted.found == {"a::b": whole}


def test_there_are_at_least_18_hazards_and_none_stays_unacceptable(log: HazardLog) -> None:
    assert len(log.hazards) >= 18
    assert len({hazard.hazard for hazard in log.hazards}) == len(log.hazards)
    assert all(hazard.after < hazards.UNACCEPTABLE for hazard in log.hazards)


def test_every_named_test_exists(log: HazardLog) -> None:
    assert list(hazards.problems(log, ROOT / "docs" / "hazards.yml", ROOT)) == []


def test_the_page_names_every_hazard_control_and_test(log: HazardLog) -> None:
    text = "\n".join(page(log))
    for hazard in log.hazards:
        assert f"## {hazard.id}\n" in text
        for control in hazard.controls:
            assert control.text in text
            assert all(test in text for test in control.tests)


def test_every_control_was_shown_to_work_in_this_run(log: HazardLog, request: pytest.FixtureRequest) -> None:
    files = request.config.getoption("--outcomes")
    if not files:
        pytest.skip("only a run of all tests can show it (make test)")
    outcomes: dict[str, str] = {}
    for file in files:
        outcomes |= json.loads(Path(file).read_text(encoding="utf-8"))
    assert unproven(log, outcomes) == []
