"""The Grafana dashboard and the alerts ask for numbers that the gateway has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from ruamel.yaml import YAML

from gateway.monitoring.metrics import Metrics

NAME = re.compile(r"\b(?:ims|process)_[a-z_]+")


def exported() -> set[str]:
    """The names of all samples, also of those that have counted nothing yet."""
    text = generate_latest(Metrics().registry).decode()
    families = dict(re.findall(r"# TYPE (\S+) (\S+)", text))
    histograms = {name + end for name, kind in families.items() if kind == "histogram" for end in ("_bucket", "_count")}
    return {*families, *histograms}


def expressions() -> list[tuple[str, str]]:
    dashboard = json.loads(Path("deploy/grafana/dashboard.json").read_text("utf-8"))
    asked = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel["targets"]]
    alerts: Any = YAML(typ="safe").load(Path("deploy/prometheus/alerts.yml"))
    return asked + [(rule["alert"], rule["expr"]) for group in alerts["groups"] for rule in group["rules"]]


@pytest.mark.parametrize(("title", "expression"), expressions())
def test_the_numbers_asked_for_exist(title: str, expression: str) -> None:
    names = set(NAME.findall(expression))
    assert names
    assert names <= exported()


def test_each_number_of_ours_is_on_the_dashboard() -> None:
    shown = set(NAME.findall(Path("deploy/grafana/dashboard.json").read_text("utf-8")))
    families = {re.sub(r"_(bucket|count|total)$", "", name) for name in exported() if name.startswith("ims_")}
    missing = {name for name in families if not any(one.startswith(name) for one in shown)}
    assert {name for name in missing if not name.endswith("_created")} == set()
