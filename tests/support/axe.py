"""Runs axe-core (tests/support/vendor, MPL-2.0) in a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page

SOURCE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page, exclude: Sequence[str] = ()) -> list[str]:
    """What is not accessible, one line for each element: rule, element, what is wrong."""
    page.evaluate(SOURCE)  # not as a script element, which the pages' security policy would refuse
    found = page.evaluate(
        "([exclude, values]) => axe.run({exclude}, {runOnly: {type: 'tag', values}})",
        [[[selector] for selector in exclude], RULES],
    )
    return [
        f"{violation['id']}: {node['html'][:120]}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
