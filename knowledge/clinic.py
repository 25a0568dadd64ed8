"""This clinic's own facts (``data/clinic.yml``): name, phone, hours, fees. What is not set is None, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, reset_tzpath

from knowledge.clinic_fields import Amount, Fact, Field, amount, read_facts, read_fields, roots
from knowledge.placeholders import REGION
from knowledge.problems import Problem
from knowledge.yaml import Section, read

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
VISITS = ("first", "next", "long", "short", "other")
SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
# How a browser names a site: no path, no slash at the end. Only this machine's own sites do without encryption.
ORIGIN = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
# The locked tzdata, not the machine's own, which may be years old: rules change, and a clinic's hours with them.
if find_spec("tzdata"):
    reset_tzpath(())
LONGEST_CLOSURE = timedelta(days=60)


@dataclass(frozen=True)
class Numbers:
    """Whom to call in the clinic's region. Each is a placeholder of that name."""

    emergency: str
    nurse_line: str
    crisis_line: str
    poison_line: str
    victim_line: str
    child_line: str
    youth_line: str

    def named(self) -> dict[str, str]:
        """The number of each placeholder."""
        return {name: getattr(self, name) for name in REGION}


@dataclass(frozen=True)
class Hours:
    """One opening of a day, from the first to the second time."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{clock(self.opens)} to {clock(self.closes)}"


@dataclass(frozen=True)
class Fee:
    """What a visit costs, as the clinic writes it; ``visit`` says whether it is the first, the next, or another."""

    what: str
    price: str
    visit: str = ""
    minutes: int | None = None

    @property
    def amount(self) -> Amount | None:
        """The price as money, to reckon with."""
        return amount(self.price)


@dataclass(frozen=True)
class Practitioner:
    """A person who works at the clinic; ``offers`` says whether they give the treatment, None is what nobody has said.

    ``course`` reads on after the name ("trained in Gunn IMS"), and ``gender`` is the word that the person wants.
    """

    name: str
    role: str
    offers: bool
    note: str | None = None
    gender: str | None = None
    languages: tuple[str, ...] = ()
    course: str | None = None
    gunn: bool | None = None
    physio_since: int | None = None
    needling_since: int | None = None
    how_often: str | None = None
    refresher: int | None = None
    days: tuple[str, ...] = ()
    kids: bool | None = None


@dataclass(frozen=True)
class Treatment:
    """What the assistant is about, as patients call it: briefly ("IMS") and in full ("IMS (dry needling)")."""

    name: str
    in_full: str

    def named(self) -> dict[str, str]:
        """What stands for it in a text; the names with a capital begin a sentence."""
        return {
            "treatment": self.name,
            "Treatment": _capital(self.name),
            "treatment_in_full": self.in_full,
            "Treatment_in_full": _capital(self.in_full),
        }


@dataclass(frozen=True)
class Waiting:
    """What happens while a patient waits for a person in the chat; times in minutes."""

    alert_minutes: tuple[int, ...] = (2, 5, 15)
    quiet_minutes: int = 5
    email_alerts: bool = False
    alarm_minutes: tuple[int, ...] = (1, 2, 5, 15)  # of an alarm that nobody has opened; the last step goes on and on
    alarm_emails: tuple[str, ...] = ()  # who is told of such an alarm besides the clinic's own address


@dataclass(frozen=True)
class Clinic:
    """The clinic. ``demo`` marks one that does not exist; times are those of ``timezone``."""

    demo: bool
    name: str
    treatment: Treatment
    phone: str
    region: str
    numbers: Numbers
    more_crisis_lines: tuple[tuple[str, str], ...]  # name and number of others that a person in a crisis can choose
    crisis_text: str | None  # the number at which the crisis line takes text messages
    timezone: tzinfo
    hours: Mapping[str, tuple[Hours, ...]] | None
    country: str
    province: str
    closed_on_holidays: bool
    closures: Mapping[date, str]
    address: str | None
    parking: str | None
    booking_link: str | None
    email: str | None
    fees: tuple[Fee, ...]
    insurance: str | None
    referral: str | None
    practitioners: tuple[Practitioner, ...]
    languages: tuple[str, ...]
    consent_required: bool
    retention_days: int
    website_origins: tuple[str, ...]  # other sites whose pages may show the chat
    theme: Mapping[str, str]
    waiting: Waiting = field(default_factory=Waiting)
    fields: Mapping[str, Field] = field(default_factory=dict)  # what the owner is asked for
    facts: Mapping[str, Fact] = field(default_factory=dict)  # and has answered

    def knows(self, field: str) -> bool:
        """Whether the clinic has given this fact; dots lead into parts of it."""
        if field in self.facts or field in self.fields:
            return field not in {each.key for each in self.unset()}
        value: object = self
        for name in field.split("."):
            value = getattr(value, name, None)
        return value is not None

    def open_at(self, when: datetime) -> bool:
        """Whether the clinic is open at a moment, given with its time zone. Without hours it is taken for closed."""
        return self.closes_at(when) is not None

    def closes_at(self, when: datetime) -> datetime | None:
        """When the clinic closes, in its own time, if it is open at this moment."""
        moment = _moment(when)
        for opens, closes in self._openings(self._local_day(moment), days=1):
            if opens <= moment < closes:
                return closes.astimezone(self.timezone)
        return None

    def next_opening(self, when: datetime) -> datetime | None:
        """When the clinic next opens after this moment, in its own time; None if not within two months."""
        moment = _moment(when)
        for opens, _ in self._openings(self._local_day(moment), days=LONGEST_CLOSURE.days):
            if opens > moment:
                return opens.astimezone(self.timezone)
        return None

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """When the clinic is open on a day: not at all on a holiday or closure, or without hours."""
        if self.hours is None or self.closed_because(day):
            return ()
        return self.hours[WEEKDAYS[day.weekday()]]

    def closed_because(self, day: date) -> str | None:
        """The name of the holiday or closure on a day, or None."""
        if day in self.closures:
            return self.closures[day]
        if self.closed_on_holidays:
            return public_holiday(self.country, self.province, day)
        return None

    def unset(self) -> list[Field]:
        """The fields that the owner has not filled in, in the order of asking."""
        known = {*self.facts, *_elsewhere(self)}
        return [each for key, each in self.fields.items() if key not in known and not _within(key, self.facts)]

    def _local_day(self, moment: datetime) -> date:
        return moment.astimezone(self.timezone).date()

    def _openings(self, first: date, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Openings in order, in UTC: times of one zone compare by the clock on the wall, which repeats in autumn."""
        if self.hours is None:
            return
        for day in (first + timedelta(days=number) for number in range(days)):
            hours = self.hours[WEEKDAYS[day.weekday()]]
            if not hours or self.closed_because(day):
                continue
            for span in hours:
                yield self._moment_of(day, span.opens), self._moment_of(day, span.closes)

    def _moment_of(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.timezone).astimezone(timezone.utc)


def _within(key: str, facts: Mapping[str, Fact]) -> bool:
    """Whether there is none of what it is a part of: how long a phone call takes where there is none."""
    return any(facts.get(key[:at]) is False for at in range(len(key)) if key[at] == ".")


def _elsewhere(clinic: Clinic) -> Iterator[str]:
    """The fields that are set in a place of their own."""
    for key in ("email", "booking_link", "languages", "address", "parking", "hours", "insurance", "referral"):
        if getattr(clinic, key):
            yield key
    for what, items in (
        ("fees", clinic.fees),
        ("practitioners", [each for each in clinic.practitioners if each.offers]),
    ):
        for part in dataclass_fields(Fee if what == "fees" else Practitioner):
            if items and all(getattr(item, part.name) not in (None, "", ()) for item in items):
                yield f"{what}.{part.name}"


def public_holiday(country: str, province: str, day: date) -> str | None:
    """The public holiday on a day in a province."""
    return _calendar(country, province, day.year).get(day)


@cache
def _calendar(country: str, province: str, year: int) -> Mapping[date, str]:
    """The public holidays of a year. The one place that needs the `holidays` package."""
    try:
        import holidays
    except ImportError:
        raise RuntimeError(
            "Opening hours need the 'holidays' package, which only the gateway environment has: "
            "ask for them from the gateway."
        ) from None
    return dict(holidays.country_holidays(country, subdiv=province, years=year))


def clock(at: time) -> str:
    """A time as people in Canada write it: 9 am, 5:30 pm."""
    hour = at.hour % 12 or 12
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{hour}{minutes} {'am' if at.hour < 12 else 'pm'}"


def read_clinic(path: Path, problems: list[Problem]) -> Clinic | None:
    """The clinic, with the facts that ``clinic_fields.yml`` beside it asks for."""
    file = read(path, problems)
    fields = read_fields(path.with_name("clinic_fields.yml"), problems)
    if file is None:
        return None
    before = len(problems)
    file.only(
        "demo", "name", "treatment", "phone", "email", "address", "parking", "region", "numbers", "timezone", "hours",
        "holidays", "closures", "booking_link", "fees", "insurance", "referral", "practitioners", "languages",
        "consent_required", "retention_days", "website_origins", "theme", "desk", *roots(fields),
    )  # fmt: skip
    holidays = file.section("holidays")
    holidays.only("country", "province", "closed")
    region = _region(file)
    clinic = Clinic(
        demo=file.boolean("demo"),
        name=file.text("name"),
        treatment=_treatment(file.section("treatment")),
        phone=file.text("phone"),
        region=file.text("region"),
        numbers=Numbers(**{name: region.text(name) if region else "" for name in REGION}),
        more_crisis_lines=tuple(map(_line, region.sections("more_crisis_lines") if region else ())),
        crisis_text=region.optional_text("crisis_text") if region else None,
        timezone=_zone(file),
        hours=_hours(file),
        country=holidays.text("country"),
        province=holidays.text("province"),
        closed_on_holidays=holidays.boolean("closed"),
        closures=_closures(file),
        address=file.optional_text("address"),
        parking=file.optional_text("parking"),
        booking_link=_booking_link(file),
        email=file.optional_text("email"),
        fees=tuple(map(_fee, file.sections("fees"))),
        insurance=file.optional_text("insurance"),
        referral=file.optional_text("referral"),
        practitioners=tuple(map(_practitioner, file.sections("practitioners"))),
        languages=tuple(file.texts("languages")),
        consent_required=file.boolean("consent_required"),
        retention_days=_retention_days(file),
        website_origins=_website_origins(file),
        theme=_theme(file),
        waiting=_waiting(file),
        fields=MappingProxyType(fields),
        facts=read_facts(file, fields),
    )
    return clinic if len(problems) == before else None


def _treatment(section: Section) -> Treatment:
    section.only("name", "in_full")
    return Treatment(section.text("name"), section.text("in_full"))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _moment(when: datetime) -> datetime:
    if when.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return when.astimezone(timezone.utc)


def _zone(file: Section) -> tzinfo:
    name = file.text("timezone")
    try:
        return ZoneInfo(name)
    except Exception:  # zoneinfo raises several kinds for a name that is none
        if name:
            file.report(f"the time zone '{name[:40]}' is unknown", "write it like America/Vancouver", "timezone")
        return timezone.utc


def _region(file: Section) -> Section | None:
    region, regions = file.text("region"), file.section("numbers")
    if region in regions:
        section = regions.section(region)
        section.only(*REGION, "more_crisis_lines", "crisis_text")
        return section
    if region and regions.values:
        remedy = f"add {region}: with {', '.join(REGION)}"
        regions.report(f"there are no phone numbers for the region '{region}'", remedy)
    return None


def _line(section: Section) -> tuple[str, str]:
    section.only("name", "number")
    return section.text("name"), section.text("number")


def _booking_link(file: Section) -> str | None:
    link = file.optional_text("booking_link")
    if link and not link.startswith("https://"):
        file.report(f"'{link[:60]}' is not a web address", "begin it with https://", "booking_link")
    return link


def _retention_days(file: Section) -> int:
    days = file.integer("retention_days")
    if days < 1 and "retention_days" in file:
        file.report("'retention_days' is less than 1", "write for how many days chats are kept", "retention_days")
    return days


def _website_origins(file: Section) -> tuple[str, ...]:
    origins = file.texts_with_lines("website_origins")
    for origin, line in origins:
        if not ORIGIN.fullmatch(origin):
            remedy = "write it like https://www.your-clinic.ca, with nothing after the name"
            file.report(f"'{origin[:60]}' is not the name of a site", remedy, line)
    return tuple(origin for origin, _ in origins)


def _waiting(file: Section) -> Waiting:
    if "desk" not in file:
        return Waiting()
    section = file.section("desk")
    section.only("alert_minutes", "quiet_minutes", "email_alerts", "alarm_minutes", "alarm_emails")
    rungs = _rungs(section, "alert_minutes")
    alarms = _rungs(section, "alarm_minutes") if "alarm_minutes" in section else Waiting.alarm_minutes
    quiet = section.integer("quiet_minutes")
    if quiet < 1 and "quiet_minutes" in section:
        section.report("'quiet_minutes' is less than 1", "write for how many minutes", "quiet_minutes")
    for address, line in section.texts_with_lines("alarm_emails"):
        if "@" not in address:
            section.report(f"'{address[:40]}' is no e-mail address", "write it like desk@your-clinic.ca", line)
    return Waiting(rungs, quiet, section.boolean("email_alerts"), alarms, tuple(section.texts("alarm_emails")))


def _rungs(section: Section, key: str) -> tuple[int, ...]:
    minutes = [item.plain for item in section.items(key)]
    whole = [number for number in minutes if isinstance(number, int) and not isinstance(number, bool) and number > 0]
    if not whole or len(whole) != len(minutes) or whole != sorted(set(whole)):
        section.report(f"'{key}' are no growing list of minutes", "write them like [2, 5, 15]", key)
    return tuple(whole)


def _fee(section: Section) -> Fee:
    section.only("what", "visit", "minutes", "price")
    visit = section.choice("visit", VISITS) if "visit" in section else ""
    return Fee(section.text("what"), section.text("price"), visit, _optional_number(section, "minutes"))


def _practitioner(section: Section) -> Practitioner:
    section.only(*(part.name for part in dataclass_fields(Practitioner)))
    days = section.texts_with_lines("days")
    for day, line in days:
        if day not in WEEKDAYS:
            section.report(f"'{day[:20]}' is no day of the week", f"use {', '.join(WEEKDAYS)}", line)
    return Practitioner(
        name=section.text("name"),
        role=section.text("role"),
        offers=section.boolean("offers"),
        note=section.optional_text("note"),
        gender=section.optional_text("gender"),
        languages=tuple(section.texts("languages")),
        course=section.optional_text("course"),
        gunn=section.boolean("gunn") if "gunn" in section else None,
        physio_since=_optional_number(section, "physio_since"),
        needling_since=_optional_number(section, "needling_since"),
        how_often=section.optional_text("how_often"),
        refresher=_optional_number(section, "refresher"),
        days=tuple(day for day, _ in days),
        kids=section.boolean("kids") if "kids" in section else None,
    )


def _optional_number(section: Section, key: str) -> int | None:
    return section.integer(key) if key in section else None


def _hours(file: Section) -> Mapping[str, tuple[Hours, ...]] | None:
    if "hours" not in file:
        return None
    section = file.section("hours")
    if section.values:
        section.only(*WEEKDAYS)
    hours: dict[str, tuple[Hours, ...]] = {}
    for day in WEEKDAYS:
        if section.values and day not in section:
            section.report(f"the hours have no '{day}'", f"add {day}: [] if the clinic is closed")
        spans: list[Hours] = []
        for written, line in section.texts_with_lines(day):
            span = _span(section, written, line)
            if span and spans and span.opens < spans[-1].closes:
                section.report(f"the hours of {day} overlap", "write them in order", line)
            if span:
                spans.append(span)
        hours[day] = tuple(spans)
    return MappingProxyType(hours)


def _span(section: Section, written: str, line: int) -> Hours | None:
    found = SPAN.fullmatch(written)
    if found:
        hours = Hours(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])))
        if hours.opens < hours.closes:
            return hours
    if written:
        section.report(f"'{written[:40]}' are no opening hours", 'write them like "08:00-17:30"', line)
    return None


def _closures(file: Section) -> Mapping[date, str]:
    closures = {}
    for section in file.sections("closures"):
        section.only("date", "name")
        day = section.date("date")
        if day is not None:
            closures[day] = section.text("name")
    return MappingProxyType(closures)


def _theme(file: Section) -> Mapping[str, str]:
    colours = file.text_map("theme")
    for name, colour in colours.items():
        if colour and not COLOUR.fullmatch(colour):
            file.report(f"the colour '{name}' is '{colour[:20]}'", 'write it like "#1f6f5c"', "theme")
    return MappingProxyType(colours)
