"""What can be said of the clinic at a moment, to a question: the values of placeholders, and what cases depend on.

``text`` holds what a placeholder is filled with; a name that is missing there cannot be said. ``state`` holds what a
case can ask for: the facts as they are set, what was asked, and whether the clinic is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby

from knowledge.asked import BEFORE, Asked, AskedWords, Day
from knowledge.clinic import WEEKDAYS, Clinic, Hours, Practitioner, clock, public_holiday
from knowledge.clinic_fields import Amount, Fact
from knowledge.placeholders import fill

LATE = time(18)  # an evening begins
PASSING = ("today.", "opening", "booking.wait", "next_holiday")  # begins the names of what is true for a moment
STALE = timedelta(days=30)  # how long a wait for a first visit is still told
EXAMPLE_PERCENT = 80.0
SOME, MORE = 4, 6  # visits whose sum is told to whoever names no number


@dataclass
class Values:
    """Texts by placeholder and state by name."""

    text: dict[str, str] = field(default_factory=dict)
    state: dict[str, str | int | bool] = field(default_factory=dict)

    def add(self, name: str, text: str | None, state: str | int | bool | None = None) -> None:
        """One value; what is None is not there."""
        if text is not None:
            self.text[name] = text
        told = text if state is None else state
        if told is not None:
            self.state[name] = told

    def without(self, beginnings: tuple[str, ...]) -> Values:
        """The same without the names that begin so."""
        return Values(
            {name: text for name, text in self.text.items() if not name.startswith(beginnings)},
            {name: state for name, state in self.state.items() if not name.startswith(beginnings)},
        )


def clinic_values(
    clinic: Clinic, words: AskedWords, each: Mapping[str, str], now: datetime, asked: str = "", *, lasting: bool = False
) -> Values:
    """Everything that can be said of this clinic now, to whoever asked this; ``each`` tells a fact of each physio.

    ``lasting`` leaves out what is true at this moment only.
    """
    today = now.astimezone(clinic.timezone)

    def holiday(day: date) -> str | None:
        return public_holiday(clinic.country, clinic.province, day)

    question = words.read(asked, today.date(), holiday)
    values = Values()
    for step in (_own, _facts, _places):
        step(clinic, question, values)
    _hours(clinic, today, question, values)
    _fees(clinic, question, values)
    _people(clinic, each, today.year, question, values)
    _named(clinic, words, question, values)
    _wait(clinic, today.date(), values)
    return values.without(PASSING) if lasting else values


def joined(parts: Iterable[str], last: str = "and") -> str:
    """A list as people write it: "a, b and c"."""
    *before, end = list(parts) or [""]
    return f"{', '.join(before)} {last} {end}" if before else end


def long_day(day: date) -> str:
    """ "Friday, December 25"."""
    return f"{day:%A}, {day:%B} {day.day}"


def _own(clinic: Clinic, asked: Asked, values: Values) -> None:
    for name, text in (
        ("email", clinic.email),
        ("address", clinic.address),
        ("parking", clinic.parking),
        ("insurance", clinic.insurance),
        ("referral", clinic.referral),
    ):
        values.add(name, text)
    values.add("retention_days", str(clinic.retention_days))
    values.state["booking_link"] = bool(clinic.booking_link)
    if clinic.languages:
        values.add("languages", joined(clinic.languages))


def _facts(clinic: Clinic, asked: Asked, values: Values) -> None:
    for key, fact in clinic.facts.items():
        _fact(values, key, fact)


def _fact(values: Values, key: str, fact: Fact) -> None:
    if isinstance(fact, bool):
        values.state[key] = fact
    elif isinstance(fact, Amount):
        values.add(key, str(fact), fact.cents)
    elif isinstance(fact, date):
        values.add(key, f"{fact:%B} {fact.day}, {fact.year}")
    elif isinstance(fact, tuple):
        texts = [part for part in fact if isinstance(part, str)]
        values.state[key] = bool(fact)
        if texts:
            values.text[key] = joined(texts)
            values.text[f"{key}_or"] = joined(texts, "or")
    else:
        values.add(key, str(fact), fact)


def _places(clinic: Clinic, asked: Asked, values: Values) -> None:
    """The way from a place that was named, as far as the clinic has told it."""
    for key, name, how in (("place.directions", "from", "how"), ("place.near", "what", "how_far")):
        for item in clinic.facts.get(key) or ():  # type: ignore[union-attr]
            if not isinstance(item, str) and any(
                len(word) > len("the") and word.lower() in asked.text.split() for word in item[name].split()
            ):
                values.add(f"asked.{name}", item[name])
                values.add(f"asked.{how}", item[how])


def _wait(clinic: Clinic, today: date, values: Values) -> None:
    as_of = clinic.facts.get("booking.wait.as_of")
    if isinstance(as_of, date):
        values.add("booking.wait.on", f"{as_of:%B} {as_of.day}", today - as_of <= STALE)


# hours


def _hours(clinic: Clinic, now: datetime, asked: Asked, values: Values) -> None:
    values.add("closed_on_holidays", None, clinic.closed_on_holidays)
    if clinic.hours is None:
        return
    values.state["hours"] = True
    today, spans = now.date(), clinic.hours_on(now.date())
    values.add("today.is", None, _open(spans, now.time()))
    if spans:
        values.add("today.opens", clock(spans[0].opens))
        values.add("today.closes", clock(spans[-1].closes))
    values.add("today.why", clinic.closed_because(today))
    values.add("today.weekday", f"{now:%A}")
    if opens := clinic.next_opening(now):
        values.add("opening", f"{_when(opens.date(), today)} at {clock(opens.time())}")
    week = clinic.hours
    values.add("hours.week", _by_day(week, lambda spans: joined(map(str, spans)) if spans else "closed", ", "))
    closing, opening = {}, {}
    for day in WEEKDAYS:
        if week[day]:
            closing[day], opening[day] = week[day][-1].closes, week[day][0].opens
    values.add("hours.closings", _times(closing))
    values.add("hours.openings", _times(opening))
    if closing:
        latest = max(closing.values())
        values.add("hours.latest", clock(latest))
        values.add("hours.latest_days", _days([day for day in closing if closing[day] == latest]))
        late = [day for day in closing if closing[day] > LATE]
        values.add("hours.late_days", _days(late) if late else None, bool(late))
        last = clinic.facts.get("last_visit")
        if isinstance(last, int):
            values.add("hours.last_start", clock(_earlier(latest, last)))
    gaps = {day: (spans[0].closes, spans[1].opens) for day, spans in week.items() if len(spans) > 1}
    values.state["hours.gap"] = bool(gaps)
    if gaps:
        shut, again = next(iter(gaps.values()))
        values.add("gap.from", clock(shut))
        values.add("gap.to", clock(again))
        values.add("gap.days", _days([day for day in gaps if gaps[day] == (shut, again)]))
    if asked.at:
        values.add("asked.time", f"{asked.when} {clock(asked.at)}")
        open_then = [day for day, spans in week.items() if any(_meant(span, asked) for span in spans)]
        values.add("asked.time_days", _days(open_then) if open_then else None, bool(open_then))
    _asked_days(clinic, now, asked.days, values)
    holidays = (today + timedelta(days=ahead) for ahead in range(1, 200))
    coming = next((day for day in holidays if public_holiday(clinic.country, clinic.province, day)), None)
    if coming:
        name = public_holiday(clinic.country, clinic.province, coming)
        values.add("next_holiday", f"{name} on {long_day(coming)}")
    _christmas(clinic, today, values)


def _asked_days(clinic: Clinic, now: datetime, days: Sequence[Day], values: Values) -> None:
    """Up to two days that were named: "On Saturday we are open from 9 am to 1 pm"."""
    for name, day in zip(("day", "second_day"), days, strict=False):
        spans = clinic.hours_on(day.date)
        usual = clinic.hours[WEEKDAYS[day.date.weekday()]] if clinic.hours else ()
        values.add(f"{name}.on", _on(day, now.date()))
        values.state[f"{name}.is_today"] = day.date == now.date()
        values.add(f"{name}.name", day.name or None)
        values.add(f"{name}.open", joined(f"from {span}" for span in spans) if spans else None, bool(spans))
        values.add(f"{name}.usually", joined(f"from {span}" for span in usual) if usual else None)
        values.add(f"{name}.weekday", f"{day.date:%A}")
        why = clinic.closed_because(day.date)
        values.add(f"{name}.why", None if why == day.name else why)
        later = clinic.next_opening(datetime.combine(day.date, time(23, 59), now.tzinfo))
        if later:
            values.add(f"{name}.opening", f"{_when(later.date(), now.date())} at {clock(later.time())}")


def _on(day: Day, today: date) -> str:
    if day.name:
        return f"On {day.name} ({long_day(day.date)})"
    ahead = (day.date - today).days
    if ahead in (0, 1):
        return f"{('Today', 'Tomorrow')[ahead]} ({day.date:%A})"
    return f"On {day.date:%A}" if ahead < len(WEEKDAYS) else f"On {long_day(day.date)}"


def _christmas(clinic: Clinic, today: date, values: Values) -> None:
    """The days from Christmas Eve to January 2 on which the clinic is closed though it is open on that weekday."""
    first = date(today.year if today.month > 1 else today.year - 1, 12, 24)
    closed = [day for day in (first + timedelta(days=ahead) for ahead in range(10)) if clinic.closed_because(day)]
    values.add("christmas.closed", joined(f"{long_day(day)} ({clinic.closed_because(day)})" for day in closed) or None)


def _open(spans: Sequence[Hours], at: time) -> str:
    if not spans:
        return "closed"
    if any(span.opens <= at < span.closes for span in spans):
        return "open"
    return "later" if any(at < span.opens for span in spans) else "over"


def _when(day: date, today: date) -> str:
    ahead = (day - today).days
    return ("today", "tomorrow")[ahead] if ahead in (0, 1) else f"on {long_day(day)}"


def _by_day(week: Mapping[str, Sequence[Hours]], say: Callable[[Sequence[Hours]], str], between: str) -> str:
    """The week with the same hours told once, also where the days do not follow each other."""
    same: dict[str, list[str]] = {}
    for day in WEEKDAYS:
        same.setdefault(say(week[day]), []).append(day)
    return between.join(f"{_days(days)} {said}" for said, days in same.items())


def _times(times: Mapping[str, time]) -> str | None:
    same: dict[time, list[str]] = {}
    for day, at in times.items():
        same.setdefault(at, []).append(day)
    return joined(f"at {clock(at)} on {_days(days)}" for at, days in same.items()) if same else None


def _meant(span: Hours, asked: Asked) -> bool:
    """Whether these hours hold the time that was asked for, or some time before it."""
    assert asked.at
    return span.opens < asked.at if asked.when == BEFORE else span.opens <= asked.at < span.closes


def _days(days: Sequence[str]) -> str:
    """ "Monday to Thursday and Saturday": three days and more that follow each other become one span."""
    runs = groupby(days, key=lambda day: WEEKDAYS.index(day) - days.index(day))
    spans: list[str] = []
    for run in ([day.capitalize() for day in group] for _, group in runs):
        spans += run if len(run) < len("abc") else [f"{run[0]} to {run[-1]}"]
    return joined(spans)


def _earlier(at: time, minutes: int) -> time:
    return (datetime.combine(date.min + timedelta(days=1), at) - timedelta(minutes=minutes)).time()


# fees


def _fees(clinic: Clinic, asked: Asked, values: Values) -> None:
    if clinic.fees:
        values.add("fees", joined(f"{fee.what} {fee.price}" for fee in clinic.fees))
    first, following = (next((fee for fee in clinic.fees if fee.visit == visit), None) for visit in ("first", "next"))
    for name, fee in (("fees.first", first), ("fees.next", following)):
        if fee:
            values.add(f"{name}.what", fee.what)
            values.add(f"{name}.price", fee.price)
            values.add(f"{name}.minutes", str(fee.minutes) if fee.minutes else None)
    minutes = asked.numbers.get("minutes")
    if minutes:
        values.add("asked.minutes", f"{minutes:g}")
        long = next((fee for fee in clinic.fees if fee.minutes == minutes), None)
        values.add("asked.minutes_price", long.price if long else None, bool(long))
    if late := clinic.facts.get("booking.late_minutes"):
        values.state["late.in_time"] = bool(minutes) and minutes <= late  # type: ignore[operator]
    if first and following and first.amount and following.amount:
        _sums(clinic, asked, first.amount.cents, following.amount.cents, values)


def _sums(clinic: Clinic, asked: Asked, first: int, following: int, values: Values) -> None:
    def total(visits: int, off: float = 0) -> str:
        return str(Amount(round((first + (visits - 1) * following) * (1 - off / 100))))

    values.add("fees.difference", str(Amount(abs(first - following))), first - following)
    values.add("total.some", total(SOME))
    values.add("total.more", total(MORE))
    visits = int(asked.numbers.get("visits", 0))
    if visits > 1:
        values.add("asked.visits", str(visits))
        values.add("asked.total", total(visits))
    needles, part = clinic.facts.get("needle_fee"), clinic.facts.get("msp.amount")
    if isinstance(needles, Amount):
        values.add("fees.next.with_needles", str(Amount(following + needles.cents)))
    if isinstance(part, Amount):
        values.add("rest.first", str(Amount(max(0, first - part.cents))))
        values.add("rest.next", str(Amount(max(0, following - part.cents))))
    percent = asked.numbers.get("percent")
    values.add("asked.percent", f"{percent:g}" if percent else None)
    left = 1 - (percent or EXAMPLE_PERCENT) / 100
    values.add("share.first", str(Amount(round(first * left))))
    values.add("share.next", str(Amount(round(following * left))))
    if money := asked.numbers.get("amount"):
        _enough(round(money * 100), first, following, values)
    for item in clinic.facts.get("discounts") or ():  # type: ignore[union-attr]
        if not isinstance(item, str):
            off, name = float(item["percent"]), f"discounts.{item['group']}"
            values.add(f"{name}.who", item["who"])
            values.add(f"{name}.percent", item["percent"])
            values.add(f"{name}.first", str(Amount(round(first * (1 - off / 100)))))
            values.add(f"{name}.next", str(Amount(round(following * (1 - off / 100)))))
            if visits > 1:
                values.add(f"{name}.total", total(visits, off))
    for item in clinic.facts.get("packages") or ():  # type: ignore[union-attr]
        if not isinstance(item, str):
            values.add("packages.one", f"{item['visits']} visits for {item['price']}")


def _enough(money: int, first: int, following: int, values: Values) -> None:
    """How far an amount of money goes."""
    values.add("asked.amount", str(Amount(money)))
    values.state["asked.enough"] = "first" if money >= first else "next" if money >= following else "none"
    values.add("asked.missing", str(Amount(max(0, first - money))))
    if money >= first and following:
        more = (money - first) // following
        values.add("asked.more_visits", str(more))
        values.add("asked.covered", str(Amount(first + more * following)))


# people


def _people(clinic: Clinic, each: Mapping[str, str], year: int, asked: Asked, values: Values) -> None:
    people = [person for person in clinic.practitioners if person.offers]
    if not people:
        return
    names = [person.name for person in people]
    values.add("practitioners", joined(names))
    values.add("practitioners.offering_or", joined(names, "or"))
    values.add("practitioners.roles", joined(f"{person.name} ({person.role})" for person in people))
    values.state["practitioners.all"] = len(people) == len(clinic.practitioners)
    values.state["practitioners.one_role"] = len({person.role for person in people}) == 1
    for name, template in each.items():
        values.add(f"practitioners.{name}", _each(people, year, template))
    genders = {person.gender for person in people}
    values.state["practitioners.choice"] = len(genders) > 1
    gunn = [person.name for person in people if person.gunn]
    told = all(person.gunn is not None for person in people)
    values.add("practitioners.gunn", joined(gunn) if gunn else None, bool(gunn) if told else None)
    kids = [person.name for person in people if person.kids]
    told = all(person.kids is not None for person in people)
    values.add("practitioners.kids", joined(kids) if kids else None, bool(kids) if told else None)
    since = [(person.needling_since, person.name) for person in people if person.needling_since]
    if len(since) == len(people):
        values.add("practitioners.longest", min(since)[1])
        values.add("practitioners.longest_since", str(min(since)[0]))
    for person in clinic.practitioners:
        first, *_, last = person.name.lower().split()
        if person.days and ({first, last} & set(asked.text.split())):
            values.add("asked.physio", person.name)
            values.add("asked.physio_days", _days([day for day in WEEKDAYS if day in person.days]))
    if language := asked.names.get("language"):
        speak = [person.name for person in people if language.name in person.languages]
        values.add("asked.language_names", joined(speak) if speak else None, bool(speak))


def _each(people: Sequence[Practitioner], year: int, template: str) -> str | None:
    """What is so of each person, only where it is known of all of them."""
    told = []
    for person in people:
        known = {
            "name": person.name,
            "role": person.role,
            "course": person.course,
            "how_often": person.how_often,
            "gender": person.gender,
            "refresher": person.refresher,
            "needling_years": year - person.needling_since if person.needling_since else None,
            "physio_years": year - person.physio_since if person.physio_since else None,
        }
        try:
            told.append(fill(template, {name: str(value) for name, value in known.items() if value is not None}))
        except KeyError:
            return None
    return joined(told)


# what was named


def _named(clinic: Clinic, words: AskedWords, asked: Asked, values: Values) -> None:
    """The insurer, program, way of paying or language that was named, and whether the clinic has it."""
    for kind, named in asked.names.items():
        have = _list(clinic, words.fields[kind])
        values.add(f"asked.{kind}", named.name)
        if have is not None:
            meant = [each for each in have if each.lower() in {name.lower() for name in (named.name, *named.any_of)}]
            meant = meant or [each for each in have if named.name.lower().removeprefix("the ") == each.lower()]
            values.state[f"asked.{kind}.have"] = bool(meant)
            values.add(f"asked.{kind}.others", joined((each for each in have if each not in meant), "or") or None)


def _list(clinic: Clinic, key: str) -> list[str] | None:
    if key == "languages":
        return list(clinic.languages)
    fact = clinic.facts.get(key)
    if fact is False:
        return []
    if not isinstance(fact, tuple):
        return None
    return [part if isinstance(part, str) else part["group"] for part in fact]
