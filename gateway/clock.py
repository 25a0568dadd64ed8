"""The time, as whatever needs it is handed: tests hand in another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

CLOCK_SLACK = timedelta(minutes=5)  # that clocks may differ by; what is later than that is not of this time


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
