"""The evaluation's main figures as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from gateway.evaluation.intervals import Share


def tables(evaluation: Mapping[str, Any]) -> Iterator[Table]:
    """One table for each part that was measured."""
    parts = {"training examples, held out": evaluation.get("examples") or {}, **(evaluation.get("sets") or {})}
    for part, found in parts.items():
        if figures := found.get("figures"):
            yield _table(part, {name: str(Share(each["hits"], each["of"])) for name, each in figures.items()})
    if hint3 := evaluation.get("hint3"):
        yield _table("HINT3", {name: _mcc(run) for name, run in hint3.items()})
    if comparison := evaluation.get("comparison"):
        rows = {
            f"{row['part']}: {row['figure']}": f"{row['old']:.3f} -> {row['new']:.3f}: {row['words']}"
            for row in comparison
        }
        yield _table("compared with the earlier run", rows)


def _table(title: str, rows: Mapping[str, str]) -> Table:
    table = Table("figure", "value", title=title, title_justify="left")
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _mcc(run: Mapping[str, Any]) -> str:
    low, high = run["interval"]
    return f"MCC {run['mcc']:.3f} (95 % interval {low:.3f} to {high:.3f}), trained in {run['training_seconds']} s"
