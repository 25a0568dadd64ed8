"""The evaluation as a page that needs nothing else: pictures stand in it, and it asks no server for anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.evaluation import plots
from gateway.web.templates import environment


def render(evaluation: Mapping[str, Any]) -> str:
    """The HTML of an evaluation; parts that were not measured are left out."""
    pages = environment(trim_blocks=True, lstrip_blocks=True)
    pages.filters |= {"percent": _percent, "span": _span, "points": _points, "short": plots.short}
    parts = {name: evaluation.get(name) for name in ("examples", "sets", "hint3", "comparison")}
    return pages.get_template("evaluation.html").render(evaluation=evaluation, plots=plots, **parts)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _span(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.1%} to {interval[1]:.1%}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"
