"""What a question about the clinic names: an insurer, a number of visits, a day (``data/lexicon/asked.yml``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from knowledge.problems import Problem
from knowledge.yaml import Section, read

CLOCK = re.compile(
    r"(?<![\d$:])(?P<hour>1[0-2]|[1-9])(?::(?P<minute>[0-5]\d))?\s?(?P<half>am|pm|a\.m\.|p\.m\.)(?!\w)"
    r"|\b(?:after|at|by|until|till|before) (?P<bare>1[0-2]|[1-9])(?::(?P<past>[0-5]\d))?\b(?!\s?[%\w])"
)
AT, BEFORE = "at", "before"
SIDE = re.compile(r"\b(before|after) \d{1,2}$")
NUMBER = r"\d{1,4}(?:\.\d\d)?"
AFTERNOON = 7  # an hour before this is one of the afternoon: "until 5"
NAMED_DAY = re.compile(r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* (\d{1,2})(?:st|nd|rd|th)?\b")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Named:
    """A thing of a kind, as patients are told of it; ``any_of`` are the things that a word for several stands for."""

    name: str
    words: tuple[str, ...]
    any_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Holiday:
    """A day with a name: as the calendar calls it, on a day of the year, or this many days after another."""

    name: str
    said: str
    words: tuple[str, ...]
    day: str
    after: str
    days: int


Entry = TypeVar("Entry", Named, Holiday)


@dataclass(frozen=True)
class Day:
    """A day that was asked for, and its name where it has one."""

    date: date
    name: str = ""


@dataclass(frozen=True)
class Asked:
    """What a question names; all of it may be missing."""

    text: str = ""
    names: Mapping[str, Named] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    days: tuple[Day, ...] = ()
    at: time | None = None
    when: str = AT  # "before" or "after" where a time on that side of it is meant: "anything before 8"


@dataclass(frozen=True)
class AskedWords:
    """The words for all of these, and the field of the clinic that says whether it has one of a kind."""

    kinds: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    per_week: Mapping[str, int] = field(default_factory=dict)
    months: Mapping[str, int] = field(default_factory=dict)
    days: tuple[tuple[tuple[str, ...], str, int], ...] = ()
    holidays: tuple[Holiday, ...] = ()

    def read(self, text: str, today: date, holiday: Callable[[date], str | None]) -> Asked:
        """What a text names; ``holiday`` gives the public holiday of a day."""
        text = " ".join(text.lower().replace("’", "'").split())
        names = {kind: found for kind, entries in self.kinds.items() if (found := _longest(text, entries))}
        at, when = _clock(text)
        return Asked(text, names, self._numbers(text), tuple(self._days(text, today, holiday)), at, when)

    def _numbers(self, text: str) -> dict[str, float]:
        found: dict[str, float] = {}
        words = "|".join(map(re.escape, self.numbers))
        for unit, names in self.units.items():
            ends = "|".join(re.escape(name) + (r"\b" if name.isalpha() else "") for name in names)
            if match := re.search(
                rf"(?<![\w$.])({NUMBER}|{words})\s?(?:more |ims |follow-up |followup )?(?:{ends})", text
            ):
                found[unit] = self._number(match[1])
        if match := re.search(rf"\$\s?({NUMBER})\b", text):
            found["amount"] = float(match[1])
        weekly = next((count for words, count in self.per_week.items() if _has(text, words)), 0)
        weeks = found.get("weeks", 0) or next((count for words, count in self.months.items() if _has(text, words)), 0)
        if weekly and weeks:
            found["visits"] = weekly * weeks
        return found

    def _number(self, written: str) -> float:
        return float(self.numbers.get(written) or written)

    def _days(self, text: str, today: date, holiday: Callable[[date], str | None]) -> Iterator[Day]:
        named = _longest(text, self.holidays)
        if named and (day := self._date_of(named, today, holiday)):
            yield Day(day, named.said)
            return
        if match := NAMED_DAY.search(text):
            try:
                day = date(today.year, MONTHS.index(match[1]) + 1, int(match[2]))
            except ValueError:
                return
            yield Day(day if day >= today else day.replace(year=day.year + 1))
            return
        for words, how, number in self.days:
            if any(_has(text, word) for word in words):
                ahead = number if how == "today" else (number - today.weekday()) % 7
                yield Day(today + timedelta(days=ahead))

    def _date_of(self, named: Holiday, today: date, holiday: Callable[[date], str | None]) -> date | None:
        for day in (today + timedelta(days=ahead) for ahead in range(366)):
            if named.day and f"{day:%m-%d}" == named.day:
                return day
            if not named.day and (named.after or named.name) in (holiday(day - timedelta(days=named.days)) or ""):
                return day
        return None


def _has(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _longest(text: str, entries: Sequence[Entry]) -> Entry | None:
    words = [(len(word), -number) for number, entry in enumerate(entries) for word in entry.words if _has(text, word)]
    return entries[-max(words)[1]] if words else None


def _clock(text: str) -> tuple[time | None, str]:
    """The time that a text names, and on which side of it."""
    match = CLOCK.search(text)
    if match is None:
        return None, AT
    hour, minute = int(match["hour"] or match["bare"]), int(match["minute"] or match["past"] or 0)
    side = SIDE.search(text[: match.end("hour" if match["hour"] else "bare")])
    when = side[1] if side else AT
    if match["half"]:
        return time(hour % 12 + (12 if match["half"].startswith("p") else 0), minute), when
    return time(hour + 12 if hour < AFTERNOON else hour, minute), when


def read_asked(path: Path, problems: list[Problem]) -> AskedWords:
    """The words; none where an assistant has no such file."""
    file = read(path, problems) if path.exists() else None
    if file is None:
        return AskedWords()
    file.only("names", "units", "numbers", "per_week", "months", "days", "holidays")
    kinds: dict[str, tuple[Named, ...]] = {}
    fields: dict[str, str] = {}
    names = file.section("names")
    for kind in names.values:
        section = names.section(kind)
        section.only("field", "entries")
        fields[kind] = section.text("field")
        kinds[kind] = tuple(map(_named, section.sections("entries")))
    units = file.section("units")
    return AskedWords(
        kinds=MappingProxyType(kinds),
        fields=MappingProxyType(fields),
        units=MappingProxyType({unit: tuple(units.texts(unit)) for unit in units.values}),
        numbers=_counts(file.section("numbers")),
        per_week=_counts(file.section("per_week")),
        months=_counts(file.section("months")),
        days=tuple(map(_day, file.sections("days"))),
        holidays=tuple(map(_holiday, file.sections("holidays"))),
    )


def _counts(section: Section) -> Mapping[str, int]:
    return MappingProxyType({words: section.integer(words) for words in section.values})


def _named(section: Section) -> Named:
    section.only("name", "words", "any_of")
    return Named(section.text("name"), tuple(section.texts("words")), tuple(section.texts("any_of")))


def _day(section: Section) -> tuple[tuple[str, ...], str, int]:
    section.only("words", "today", "weekday")
    how = "today" if "today" in section else "weekday"
    return tuple(section.texts("words")), how, section.integer(how)


def _holiday(section: Section) -> Holiday:
    section.only("name", "said", "words", "day", "after", "days")
    return Holiday(
        name=section.text("name"),
        said=section.optional_text("said") or section.text("name"),
        words=tuple(section.texts("words")),
        day=section.optional_text("day") or "",
        after=section.optional_text("after") or "",
        days=section.integer("days") if "days" in section else 0,
    )
