"""Whatever writes may be killed at any point: all of it happened or nothing, and doing it again repairs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.support.gateway_crash_points import MANY, ONCE, STEPS

pytestmark = pytest.mark.slow  # starts processes of its own

Json = dict[str, Any]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Json]]:
    """What was left by each step after each crash. Another process, as it forks: this one has threads."""
    folder = tmp_path_factory.mktemp("crashes")
    command = [sys.executable, "-m", "tests.support.gateway_crash_points", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, list[Json]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("step", [*STEPS, *ONCE])
def test_a_crash_leaves_all_of_a_step_or_nothing(report: dict[str, list[Json]], step: str) -> None:
    crashes = report[step]
    assert len(crashes) >= 2, "killed at least before its COMMIT"
    assert [crash["through"] for crash in crashes] == [False] * (len(crashes) - 1) + [True]
    left = [crash["left"] for crash in crashes]
    assert left == sorted(left, key=["before", "after"].index), "nothing in between, and no way back"
    assert (left[0], left[-1]) == ("before", "after")


@pytest.mark.parametrize("step", [*STEPS, *MANY])
def test_doing_it_again_after_a_crash_has_the_effect_of_once(report: dict[str, list[Json]], step: str) -> None:
    assert all(crash["again"] for crash in report[step])
