"""A trainer's change may be killed at any point: all its files are changed or none, and doing it again repairs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.support.studio_crash_points import STEPS

pytestmark = pytest.mark.slow  # starts processes of its own

Json = dict[str, Any]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Json]]:
    """What was left by each change after each crash. Another process, as it forks: this one has threads."""
    command = [sys.executable, "-m", "tests.support.studio_crash_points", str(tmp_path_factory.mktemp("crashes"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, list[Json]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("change", STEPS)
def test_a_crash_leaves_all_files_of_a_change_or_none(report: dict[str, list[Json]], change: str) -> None:
    crashes = report[change]
    assert [crash["through"] for crash in crashes] == [False] * (len(crashes) - 1) + [True]
    left = [crash["left"] for crash in crashes]
    assert left == sorted(left, key=["before", "after"].index), "nothing in between, and no way back"
    assert (left[0], left[-1]) == ("before", "after")


@pytest.mark.parametrize("change", STEPS)
def test_making_a_change_again_after_a_crash_has_the_effect_of_once(report: dict[str, list[Json]], change: str) -> None:
    assert all(crash["again"] for crash in report[change])
