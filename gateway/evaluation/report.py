"""The evaluation as a page that needs nothing else: pictures stand in it, and it asks no server for anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2

from gateway.evaluation import pictures
from gateway.pages import TEMPLATES


def render(evaluation: Mapping[str, Any]) -> str:
    """The HTML of an evaluation; parts that were not measured are left out."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"percent": _percent, "span": _span, "points": _points, "short": pictures.short}
    parts = {name: evaluation.get(name) for name in ("examples", "sets", "hint3", "comparison")}
    return pages.get_template("evaluation.html").render(evaluation=evaluation, pictures=pictures, **parts)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _span(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.1%} to {interval[1]:.1%}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"
