"""Each run can note which tests passed, so that the hazard log can be held against all of them.

The engine's tests run in an environment of their own and write their outcomes to a file (`--write-outcomes FILE`); the
run of all others reads it (`--outcomes FILE`) and asks last, in `tests/governance`, what was not shown.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

LAST = "tests/governance/test_hazards.py"


class Outcomes:
    """The outcome of each test function in this run: the worst of its parameters, if any ran at all."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        name = report.nodeid.partition("[")[0]
        order = ("failed", "passed", "skipped")
        self.found[name] = min(report.outcome, self.found.get(name, report.outcome), key=order.index)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hazards")
    group.addoption("--write-outcomes", metavar="FILE", help="note here which tests passed")
    group.addoption("--outcomes", metavar="FILE", help="what the run in the other environment noted")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Outcomes(), "outcomes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.nodeid.startswith(LAST))


def pytest_sessionfinish(session: pytest.Session) -> None:
    plugin: Any = session.config.pluginmanager.get_plugin("outcomes")
    if file := session.config.getoption("--write-outcomes"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(json.dumps(plugin.found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
