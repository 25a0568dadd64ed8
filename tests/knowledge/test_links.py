"""Phone numbers, addresses and links of a text, for a page to make tappable."""

from __future__ import annotations

import pytest

from knowledge.links import Link, links
from tests.support.shipped import shipped_knowledge

CLINIC = shipped_knowledge().clinic


@pytest.mark.parametrize(
    "text, found",
    [
        ("Call 250-555-0142.", [Link("tel", "250-555-0142", "tel:2505550142")]),
        ("Call 911, or 811 for a nurse.", [Link("tel", "911", "tel:911"), Link("tel", "811", "tel:811")]),
        ("It costs $911 for 9811 visits.", []),
        ("Book at https://example.org/book.", [Link("url", "https://example.org/book", "https://example.org/book")]),
        ("Write to manager@example.org.", [Link("url", "manager@example.org", "mailto:manager@example.org")]),
        (
            "We are at 100 Example Street, Victoria, BC.",
            [Link("map", "100 Example Street, Victoria, BC", "https://example.org/map")],
        ),
        ("You may be sore for a day or two.", []),
    ],
)
def test_what_can_be_tapped_is_found(text: str, found: list[Link]) -> None:
    assert links(text, CLINIC) == found


def test_a_number_that_is_named_twice_is_one_link() -> None:
    assert len(links("Call 911. If it gets worse, call 911.", CLINIC)) == 1
