"""When the clinic is open: by its own clock, through daylight saving time, holidays and closures."""

from __future__ import annotations

import builtins
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from knowledge import Clinic
from tests.knowledge.conftest import Data

VANCOUVER = ZoneInfo("America/Vancouver")


def local(month: int, day: int, hour: int, minute: int = 0, year: int = 2026, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=VANCOUVER, fold=fold)


@pytest.fixture
def clinic(data: Data) -> Clinic:
    return data.load().clinic


def test_the_facts_have_their_types(clinic: Clinic) -> None:
    assert clinic.demo is True
    assert clinic.numbers.emergency == "911"
    assert clinic.retention_days == 30
    assert clinic.consent_required is True
    assert clinic.theme["primary"] == "#1f6f5c"


def test_what_is_not_set_is_none(clinic: Clinic) -> None:
    assert clinic.address is clinic.parking is clinic.insurance is clinic.referral is clinic.booking_link is None
    assert (clinic.fees, clinic.practitioners, clinic.languages) == ((), (), ())


@pytest.mark.parametrize(
    "when, is_open",
    [
        (local(11, 23, 7, 59), False),  # a Monday with a lunch break
        (local(11, 23, 8), True),
        (local(11, 23, 11, 59), True),
        (local(11, 23, 12), False),
        (local(11, 23, 13), True),
        (local(11, 23, 17), False),
        (local(11, 28, 10), False),  # a Saturday
    ],
)
def test_it_is_open_from_the_first_minute_to_the_last(clinic: Clinic, when: datetime, is_open: bool) -> None:
    assert clinic.open_at(when) is is_open


def test_a_moment_of_another_time_zone_is_the_same_moment(clinic: Clinic) -> None:
    assert clinic.open_at(datetime(2026, 11, 23, 15, 0, tzinfo=timezone.utc))
    assert not clinic.open_at(datetime(2026, 11, 23, 14, 59, tzinfo=timezone.utc))
    assert clinic.open_at(datetime(2026, 11, 23, 23, 30, tzinfo=timezone(timedelta(hours=8), "Perth")))


def test_a_moment_without_time_zone_is_refused(clinic: Clinic) -> None:
    with pytest.raises(ValueError, match="time zone"):
        clinic.open_at(datetime(2026, 11, 23, 9, 0))


def test_opening_follows_daylight_saving_time(clinic: Clinic) -> None:
    """8 am is 16:00 UTC in winter and 15:00 UTC in summer."""
    assert clinic.next_opening(local(3, 6, 20)) == datetime(2026, 3, 8, 8, 30, tzinfo=timezone.utc)
    assert not clinic.open_at(datetime(2026, 3, 9, 14, 59, tzinfo=timezone.utc))
    assert clinic.open_at(datetime(2026, 3, 9, 15, 0, tzinfo=timezone.utc))
    assert not clinic.open_at(datetime(2025, 11, 3, 15, 59, tzinfo=timezone.utc))
    assert clinic.open_at(datetime(2025, 11, 3, 16, 0, tzinfo=timezone.utc))


def test_the_rules_of_the_clock_are_current_whatever_the_machine_has(clinic: Clinic) -> None:
    """British Columbia has kept summer time since March 2026: 8 am is 15:00 UTC in November too."""
    assert not clinic.open_at(datetime(2026, 11, 2, 14, 59, tzinfo=timezone.utc))
    assert clinic.open_at(datetime(2026, 11, 2, 15, 0, tzinfo=timezone.utc))


def test_the_hour_that_does_not_exist_in_spring_is_skipped(clinic: Clinic) -> None:
    """Sunday 00:30 to 03:30 lasts two hours on 8 March 2026, when 2 am becomes 3 am."""
    opens = datetime(2026, 3, 8, 8, 30, tzinfo=timezone.utc)

    assert clinic.open_at(opens)
    assert clinic.open_at(opens + timedelta(hours=1, minutes=59))
    assert not clinic.open_at(opens + timedelta(hours=2))


def test_the_hour_that_comes_twice_in_autumn_counts_twice(clinic: Clinic) -> None:
    """Sunday 00:30 to 03:30 lasts four hours on 2 November 2025, when 2 am becomes 1 am."""
    opens = datetime(2025, 11, 2, 7, 30, tzinfo=timezone.utc)

    assert clinic.open_at(opens)
    assert clinic.open_at(local(11, 2, 1, 30, year=2025, fold=0))
    assert clinic.open_at(local(11, 2, 1, 30, year=2025, fold=1))
    assert clinic.open_at(opens + timedelta(hours=3, minutes=59))
    assert not clinic.open_at(opens + timedelta(hours=4))


def test_it_is_closed_on_a_public_holiday_of_the_province(clinic: Clinic) -> None:
    assert clinic.closed_because(date(2026, 11, 11)) == "Remembrance Day"
    assert not clinic.open_at(local(11, 11, 10))
    assert clinic.next_opening(local(11, 11, 10)) == local(11, 12, 8)


def test_a_holiday_of_another_province_is_none(data: Data) -> None:
    assert data.load().clinic.closed_because(date(2026, 6, 24)) is None

    data.replace("clinic.yml", "province: BC", "province: QC")
    assert data.load().clinic.closed_because(date(2026, 6, 24)) is not None


def test_a_clinic_may_open_on_holidays(data: Data) -> None:
    data.replace("clinic.yml", "closed: true", "closed: false")

    assert data.load().clinic.open_at(local(11, 11, 10))


def test_it_is_closed_on_its_own_closures(clinic: Clinic) -> None:
    assert clinic.closed_because(date(2026, 12, 24)) == "staff day"
    # Thursday staff day, Friday Christmas, Saturday closed: Sunday is next
    assert clinic.next_opening(local(12, 23, 18)) == local(12, 27, 0, 30)


def test_the_next_opening_after_lunch_is_the_same_day(clinic: Clinic) -> None:
    assert clinic.next_opening(local(11, 23, 12, 10)) == local(11, 23, 13)
    assert clinic.closes_at(local(11, 23, 13, 10)) == local(11, 23, 17)
    assert clinic.closes_at(local(11, 23, 12, 10)) is None


def test_a_clinic_that_never_opens_has_no_next_opening(data: Data) -> None:
    text = (data.folder / "clinic.yml").read_text(encoding="utf-8")
    data.write(
        "clinic.yml", "\n".join(line.split("[")[0] + "[]" if '["' in line else line for line in text.split("\n"))
    )

    assert data.load().clinic.next_opening(local(11, 23, 8)) is None


def test_without_the_holidays_package_the_error_says_where_it_is(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_holidays(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "holidays":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_holidays)
    with pytest.raises(RuntimeError, match="only the gateway environment has"):
        clinic.open_at(local(11, 23, 9, year=2031))  # a year that no test has asked for


# sentences


def facts(data: Data, topic: str, now: datetime) -> str:
    data.write("wording.yml", Path("data/wording.yml").read_text(encoding="utf-8"))
    return " ".join(data.load().clinic_facts(topic, now))


def test_open_now_tells_until_when(data: Data) -> None:
    assert "We are open now, until 12 pm." in facts(data, "hours_location", local(11, 23, 9))


def test_closed_now_tells_when_it_opens(data: Data) -> None:
    assert "We open today at 1 pm." in facts(data, "hours_location", local(11, 23, 12))
    assert "We open tomorrow at 8 am." in facts(data, "hours_location", local(11, 23, 18))
    assert "We open on Sunday, November 29 at 12:30 am." in facts(data, "hours_location", local(11, 27, 18))


def test_a_holiday_is_named(data: Data) -> None:
    assert "We are closed today (Remembrance Day). We open tomorrow at 8 am." in facts(
        data, "hours_location", local(11, 11, 10)
    )


def test_days_with_the_same_hours_stand_together(data: Data) -> None:
    assert (
        "Monday 8 am to 12 pm and 1 pm to 5 pm, Tuesday to Friday 8 am to 5 pm, Saturday closed, "
        "Sunday 12:30 am to 3:30 am"
    ) in facts(data, "hours_location", local(11, 23, 9))


@pytest.mark.parametrize("topic", ["hours_location", "cost", "insurance", "referral", "practitioner"])
def test_what_is_not_set_is_said_to_be_unknown_with_the_phone(data: Data, topic: str) -> None:
    said = facts(data, topic, local(11, 23, 9))

    assert "I do not" in said
    assert "250-555-0100" in said


def test_hours_that_are_not_set_are_said_to_be_unknown(data: Data) -> None:
    text = (data.folder / "clinic.yml").read_text(encoding="utf-8")
    data.write("clinic.yml", text[: text.index("hours:")] + text[text.index("holidays:") :])
    said = facts(data, "hours_location", local(11, 23, 9))

    assert "I do not have our hours here." in said
    assert "open now" not in said
    assert data.load().clinic.open_at(local(11, 23, 9)) is False


def test_what_is_set_is_said(data: Data) -> None:
    data.replace(
        "clinic.yml",
        "demo: true",
        "demo: true\nfees:\n- {what: First visit, price: $115}\naddress: 100 Example Street\npractitioners:\n"
        "- {name: Robin Example, role: physiotherapist, offers: true}\n"
        "- {name: Kim Sample, role: physio, offers: false}",
    )
    now = local(11, 23, 9)

    assert facts(data, "cost", now) == "Our fees: First visit $115."
    assert "Our address: 100 Example Street." in facts(data, "hours_location", now)
    assert facts(data, "practitioner", now) == "IMS is given here by: Robin Example, physiotherapist."


def test_other_topics_have_no_clinic_facts(data: Data) -> None:
    assert facts(data, "soreness", local(11, 23, 9)) == ""
