"""The lock files: what goes on top of an environment changes nothing in it, and nothing is installed unchecked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LOCKS = sorted(Path("environments").glob("*.txt"))
PINNED = re.compile(r"^([a-z][\w.-]*)(?:\[[\w,]+\])?==(\S+)", re.M)


def pinned(name: str) -> dict[str, str]:
    return dict(PINNED.findall(Path(f"environments/{name}.txt").read_text("utf-8")))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_each_package_has_a_version_and_a_hash(lock: Path) -> None:
    text = re.sub(r"\\\n\s+", " ", lock.read_text("utf-8"))
    packages = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert packages
    assert [line for line in packages if not PINNED.match(line) or "--hash=sha256:" not in line] == []


def test_the_packages_for_tests_are_those_of_the_gateway_and_some_more() -> None:
    gateway, test = pinned("gateway"), pinned("test")
    tools = {"pytest-xdist", "hypothesis", "playwright", "mypy", "ruff", "matplotlib"}
    assert not tools & gateway.keys(), "what serves needs no test tool (medspaCy itself asks for pytest)"
    assert tools <= test.keys()
    both = gateway.keys() & test.keys()
    assert {name: test[name] for name in both} == {name: gateway[name] for name in both}


def test_the_packages_for_traces_are_those_of_the_gateway_and_some_more() -> None:
    gateway, tracing = pinned("gateway"), pinned("tracing")
    both = gateway.keys() & tracing.keys()
    assert "opentelemetry-api" in both
    assert "opentelemetry-sdk" not in gateway, "nobody gets it who did not ask for it"
    assert {name: tracing[name] for name in both} == {name: gateway[name] for name in both}
