"""docs/advisories.yml is about the versions that are installed, and each reason in it stands on a test."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

LOCKS = [Path("environments/engine.txt"), Path("environments/gateway.txt"), Path("environments/uv.txt")]
LOG: Any = YAML(typ="safe").load(Path("docs/advisories.yml"))
PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)
OURS = {"MessageReader", "ExampleVariants", "EncoderFeaturizer", "TopicMatcher", "RedFlagNet", "RulePolicy"}


@pytest.mark.parametrize("advisory", LOG["advisories"], ids=lambda advisory: advisory["ids"][0])
def test_each_listed_version_is_the_installed_one(advisory: dict[str, Any]) -> None:
    installed = dict(PINNED.findall(LOCKS[0].read_text("utf-8")))
    assert installed[advisory["package"]] == str(advisory["version"]), "look its advisories up again"
    assert all(re.fullmatch(r"CVE-\d{4}-\d{4,}|GHSA(-[a-z0-9]{4}){3}", name) for name in advisory["ids"])
    assert advisory["what"]
    assert advisory["held_off_by"] in LOG["barriers"]


def test_no_advisory_is_listed_twice_and_each_barrier_holds_something_off() -> None:
    names = [name for advisory in LOG["advisories"] for name in advisory["ids"]]
    assert len(names) == len(set(names))
    assert {advisory["held_off_by"] for advisory in LOG["advisories"]} == set(LOG["barriers"])
    assert isinstance(LOG["looked_up"], date)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_by_hash(lock: Path) -> None:
    text = lock.read_text("utf-8")
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    packages = [block for block in blocks if PINNED.match(block)]
    assert packages
    assert all("--hash=sha256:" in block for block in packages)
    assert "://" not in text


def test_the_pipeline_uses_no_part_that_is_held_off_as_unused() -> None:
    config: Any = YAML(typ="safe").load(Path("config.yml"))
    names = {part["name"].rpartition(".")[2] for part in (*config["pipeline"], *config["policies"])}
    assert names <= OURS
    endpoints: Any = YAML(typ="safe").load(Path("endpoints.yml"))
    assert "tracker_store" not in endpoints, "no conversation is kept in the engine, nor in a database of Rasa's"
