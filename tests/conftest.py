"""Which tests a run leaves out, and how the hazard log is held against all that ran.

`--quick` leaves out what needs a model, a browser or a whole gateway, or takes long (`engine`, `needs`, `browser`,
`slow`, and what uses one of the fixtures that start a gateway).
Each run can note which tests passed (`--write-outcomes FILE`); the last one reads what the others noted (`--outcomes
FILE`, as often as needed) and asks in `tests/governance/test_hazards.py` what was not shown.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.system import skip_or_fail

LEFT_OUT_WHEN_QUICK = ("engine", "needs", "browser", "slow")
WHOLE_GATEWAY = {"start", "clinic"}  # the fixtures that start one


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
    group = parser.getgroup("ims")
    group.addoption("--quick", action="store_true", help="only tests that need no model, browser or server")
    group.addoption("--write-outcomes", metavar="FILE", help="note here which tests passed")
    group.addoption("--outcomes", metavar="FILE", action="append", help="what another run noted")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Outcomes(), "outcomes")


@pytest.hookimpl(trylast=True)  # after the markers that conftests of folders add
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        slow = {item for item in items if _is_slow(item)}
        items[:] = [item for item in items if item not in slow]
        config.hook.pytest_deselected(items=list(slow))


def _is_slow(item: pytest.Item) -> bool:
    if any(item.get_closest_marker(name) for name in LEFT_OUT_WHEN_QUICK):
        return True
    return isinstance(item, pytest.Function) and not WHOLE_GATEWAY.isdisjoint(item.fixturenames)


def pytest_runtest_setup(item: pytest.Item) -> None:
    skip_or_fail(item)


def pytest_sessionfinish(session: pytest.Session) -> None:
    plugin: Any = session.config.pluginmanager.get_plugin("outcomes")
    file = session.config.getoption("--write-outcomes")
    if file and not hasattr(session.config, "workerinput"):  # of several processes, the one that hears of all tests
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(json.dumps(plugin.found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
