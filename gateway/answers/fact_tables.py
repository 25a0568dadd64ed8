"""The clinic's prices and hours as tables, for answers that name all of them: numbers are found sooner in rows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from knowledge import Knowledge
from knowledge.clinic import WEEKDAYS

Json = dict[str, Any]
MOST_OF_A_WEEK = 4  # days that a sentence names when it tells the whole week
SENTENCE = re.compile(r"(?<=[.!?])\s+")


def fact_tables(knowledge: Knowledge, text: str, now: datetime) -> list[Json]:
    """Each with its title and rows. A `folded` one stands behind a tap, in place of the sentence `instead_of`."""
    clinic = knowledge.clinic
    tables: list[Json] = []
    if clinic.fees and all(fee.price in text for fee in clinic.fees):
        rows = [[f"{fee.what} ({fee.minutes} min)" if fee.minutes else fee.what, fee.price] for fee in clinic.fees]
        tables.append({"title": knowledge.wording("table_fees"), "rows": rows})
    weeks = [sentence for sentence in SENTENCE.split(text) if _days(sentence) >= MOST_OF_A_WEEK]
    if clinic.hours and weeks:
        title, rows = knowledge.wording("table_hours"), _week(knowledge, now)
        tables.append({"title": title, "rows": rows, "folded": True, "instead_of": weeks[0]})
    return tables


def _days(sentence: str) -> int:
    return sum(day.capitalize() in sentence for day in WEEKDAYS)


def _week(knowledge: Knowledge, now: datetime) -> list[list[str]]:
    """The next seven days, today first, as they really are: with holidays and other closures."""
    say, rows = knowledge.wording, []
    for ahead in range(len(WEEKDAYS)):
        day = (now + timedelta(days=ahead)).date()
        weekday = WEEKDAYS[day.weekday()].capitalize()
        open_hours = " and ".join(map(str, knowledge.clinic.hours_on(day))) or say("table_closed")
        rows.append([weekday if ahead else say("table_today", day=weekday), open_hours])
    return rows
