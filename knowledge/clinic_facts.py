"""The clinic's own facts as sentences, to follow the answer of a topic: "We are open now, until 6 pm."

What ``data/clinic.yml`` does not set is said to be unknown, with the front desk's phone. The sentences themselves
stand in ``data/wording.yml``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

from knowledge.clinic import WEEKDAYS, Clinic, Hours, clock


class Say(Protocol):
    """Gives a sentence of ``data/wording.yml`` by its key."""

    def __call__(self, key: str, **values: object) -> str: ...


Facts = Callable[[Clinic, Say, datetime], Iterator[str]]


def clinic_facts(clinic: Clinic, say: Say, topic: str, now: datetime) -> list[str]:
    """The sentences that belong to a topic at a moment (given with its time zone); none for most topics."""
    return list(FACTS[topic](clinic, say, now)) if topic in FACTS else []


def _hours_location(clinic: Clinic, say: Say, now: datetime) -> Iterator[str]:
    if clinic.hours is None:
        yield say("not_set_hours")
    else:
        yield _open_now(clinic, say, now)
        yield say("hours", hours=week(clinic.hours))
        if clinic.closed_on_holidays:
            yield say("closed_on_holidays")
    yield say("address", address=clinic.address) if clinic.address else say("not_set_address")
    yield clinic.parking or say("not_set_parking")


def _open_now(clinic: Clinic, say: Say, now: datetime) -> str:
    closes = clinic.closes_at(now)
    if closes is not None:
        return say("open_now", time=clock(closes.time()))
    today = now.astimezone(clinic.timezone)
    holiday = clinic.closed_because(today.date())
    opens = clinic.next_opening(now)
    if opens is None:
        return say("closed_for_long")
    opening = opening_words(opens, today)
    return say("closed_today", reason=holiday, opening=opening) if holiday else say("closed_now", opening=opening)


def opening_words(opens: datetime, today: datetime) -> str:
    """When the clinic opens, said on a day; both in the clinic's own time: "tomorrow at 9 am"."""
    return f"{_day(opens, today)} at {clock(opens.time())}"


def _day(day: datetime, today: datetime) -> str:
    if day.date() == today.date():
        return "today"
    if day.date() == today.date() + timedelta(days=1):
        return "tomorrow"
    return f"on {day:%A}, {day:%B} {day.day}"


def week(hours: Mapping[str, tuple[Hours, ...]]) -> str:
    """The week in a line, days with the same hours together: "Monday to Friday 8 am to 6 pm, Saturday closed"."""
    parts = []
    for spans, group in groupby(WEEKDAYS, key=lambda day: hours[day]):
        days = [day.capitalize() for day in group]
        named = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        parts.append(f"{named} {' and '.join(map(str, spans)) or 'closed'}")
    return ", ".join(parts)


def _fees(clinic: Clinic, say: Say, now: datetime) -> Iterator[str]:
    fees = ", ".join(f"{fee.what} {fee.price}" for fee in clinic.fees)
    yield say("fees", fees=fees) if fees else say("not_set_fees")


def _insurance(clinic: Clinic, say: Say, now: datetime) -> Iterator[str]:
    yield clinic.insurance or say("not_set_insurance")


def _referral(clinic: Clinic, say: Say, now: datetime) -> Iterator[str]:
    yield clinic.referral or say("not_set_referral")


def _practitioners(clinic: Clinic, say: Say, now: datetime) -> Iterator[str]:
    names = [
        f"{person.name}, {person.role}" + (f" ({person.note})" if person.note else "")
        for person in clinic.practitioners
        if person.offers
    ]
    yield say("practitioners", names="; ".join(names)) if names else say("not_set_practitioners")
    if clinic.languages:
        yield say("languages", languages=", ".join(clinic.languages))


def _booking(clinic: Clinic, say: Say, now: datetime) -> Iterator[str]:
    if clinic.hours is not None:
        yield _open_now(clinic, say, now)


FACTS: Mapping[str, Facts] = {
    "hours_location": _hours_location,
    "cost": _fees,
    "insurance": _insurance,
    "referral": _referral,
    "practitioner": _practitioners,
    "booking": _booking,
    "human": _booking,
}
