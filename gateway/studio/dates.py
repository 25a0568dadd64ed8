"""Dates as trainers write them."""

from __future__ import annotations

from datetime import date

from gateway.studio.errors import StudioError


def day(written: str) -> date:
    """The date, written as year-month-day."""
    try:
        return date.fromisoformat(written.strip())
    except ValueError:
        raise StudioError(f"'{written[:20]}' is no date. What to do: write it as year-month-day, 2027-05-21.") from None
