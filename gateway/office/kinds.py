"""How a fact is typed in a form, and what it is in the file.

`sent` takes what a browser sent, `typed` what the file holds; both give the same form of it, so that they can be
compared. `plain` gives what is to be written, and notes in `wrong`, under the name of the input, what cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any, TypeAlias

from gateway.studio.topics.round_trip import folded
from gateway.studio.topics.topic_file import TAG
from knowledge.clinic import COLOUR, LONGEST_CLOSURE, ORIGIN, SPAN, WEEKDAYS
from knowledge.clinic_fields import amount
from knowledge.placeholders import BRACE, CLINIC, PLACEHOLDER

LONGEST = 1000  # characters of a text
MOST = 200  # lines of a list, rows of a table
SPARE = 2  # empty rows for what is new
TIMES = 2  # openings of a day that can always be typed
DIAL = re.compile(r"\+?[0-9][0-9 ().-]{0,22}")
MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}")
YES, NO = "yes", "no"

Typed: TypeAlias = "str | tuple[tuple[str, ...], ...]"
Wrong: TypeAlias = "dict[str, str]"


class Mistake(ValueError):
    """What is wrong with something that was typed, as a sentence for whoever typed it."""


def clean(text: str) -> str:
    """On one line, without what cannot be seen."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


# what one input holds


def text(typed: str) -> str:
    if len(typed) > LONGEST:
        raise Mistake(f"This is too long: {len(typed):,} characters. Write at most {LONGEST}.")
    if TAG.search(typed):
        raise Mistake("This holds HTML. Write it as plain text.")
    if BRACE.search(typed):
        raise Mistake("Please write it without { and }.")
    return typed


def said(names: Collection[str]) -> Callable[[str], str]:
    """A text that is said, in which these facts are filled in."""

    def read(typed: str) -> str:
        text(PLACEHOLDER.sub("", typed))
        for name in PLACEHOLDER.findall(typed):
            if name not in names:
                raise Mistake(f"There is no fact {{{name}}}. Use one of those above, or write it out.")
        return typed

    return read


def flag(typed: str) -> bool:
    if typed not in (YES, NO):
        raise Mistake("Choose yes or no.")
    return typed == YES


def number(typed: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", typed):
        raise Mistake("Write a whole number, such as 30.")
    return int(typed)


def least_one(typed: str) -> int:
    if number(typed) < 1:
        raise Mistake("Write a number of at least 1.")
    return number(typed)


def money(typed: str) -> str | int:
    given = amount(typed if typed.startswith("$") else f"${typed}")
    if given is None:
        raise Mistake("Write an amount in dollars, such as $45 or 45.50. Write 0 if it costs nothing.")
    return str(given).replace(",", "") if given.cents else 0


def price(typed: str) -> str:
    return str(found) if (found := money(typed)) else "$0"


def day(typed: str) -> str:
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        raise Mistake("Write a date as year-month-day, such as 2027-05-21.") from None


def phone(typed: str) -> str:
    if not DIAL.fullmatch(typed):
        raise Mistake("Write a phone number in digits, such as 250-555-0142.")
    return typed


def mail(typed: str) -> str:
    if not MAIL.fullmatch(typed):
        raise Mistake("Write an e-mail address, such as desk@your-clinic.ca.")
    return text(typed)


def link(typed: str) -> str:
    if not re.fullmatch(r"https://[^\s/]+\S*", typed):
        raise Mistake("Write a web address that begins with https://.")
    return text(typed)


def site(typed: str) -> str:
    if not ORIGIN.fullmatch(typed):
        raise Mistake(f"“{typed[:60]}” is not the name of a site. Write it like https://www.your-clinic.ca.")
    return typed


def colour(typed: str) -> str:
    if not COLOUR.fullmatch(typed):
        raise Mistake("Choose a colour, or write it like #1f6f5c.")
    return typed


@dataclass(frozen=True)
class One:
    """One input. `draw` names the input in the page, `options` are the values of a choice, each with its words."""

    draw: str
    read: Callable[[str], Any]
    options: Mapping[str, str] = field(default_factory=dict)
    nothing: Any = False  # what the file says where there is none
    empty: Typed = ""

    def sent(self, form: Any, name: str) -> Typed:
        return clean(str(form.get(name) or ""))

    def typed(self, plain: Any) -> Typed:
        if isinstance(plain, bool):
            return YES if plain else NO
        return clean(str(plain))

    def plain(self, typed: Typed, name: str, wrong: Wrong) -> Any:
        assert isinstance(typed, str)
        try:
            return self.read(typed)
        except Mistake as mistake:
            wrong[name] = str(mistake)
            return None


@dataclass(frozen=True)
class Lines:
    """A list of texts, one on each line."""

    read: Callable[[str], Any] = text
    draw: str = "lines"
    nothing: Any = field(default_factory=list)
    empty: Typed = ""
    most: int = MOST

    def sent(self, form: Any, name: str) -> Typed:
        lines = map(clean, str(form.get(name) or "").splitlines())
        return "\n".join(dict.fromkeys(line for line in lines if line))

    def typed(self, plain: Any) -> Typed:
        return "\n".join(clean(str(each)) for each in plain)

    def plain(self, typed: Typed, name: str, wrong: Wrong) -> Any:
        assert isinstance(typed, str)
        lines = typed.splitlines()
        if len(lines) > self.most:
            wrong[name] = f"These are {len(lines):,} lines. Write at most {self.most}."
            return None
        try:
            return [self.read(line) for line in lines]
        except Mistake as mistake:
            wrong[name] = str(mistake)
            return None


@dataclass(frozen=True)
class WordList(Lines):
    """A list of words, one on each line of the form; the file has them with commas in one text."""

    def typed(self, plain: Any) -> Typed:
        return "\n".join(dict.fromkeys(filter(None, map(clean, str(plain).split(",")))))

    def plain(self, typed: Typed, name: str, wrong: Wrong) -> Any:
        words = super().plain(typed, name, wrong)
        return None if words is None else folded(", ".join(words))


@dataclass(frozen=True)
class Column:
    """An input of each row. A list stands in one input, with commas; `many` are its choices, each with a tick."""

    key: str
    label: str
    kind: One
    needed: bool = False
    listed: bool = False
    many: tuple[str, ...] = ()

    def typed(self, plain: Any) -> str:
        if plain is None:
            return ""
        if isinstance(plain, list):
            return ", ".join(clean(str(each)) for each in plain)
        return str(self.kind.typed(plain))

    def sent(self, form: Any, name: str) -> str:
        if self.many:
            return ", ".join(each for each in self.many if each in form.getlist(name))
        return str(self.kind.sent(form, name))

    def plain(self, typed: str, name: str, wrong: Wrong) -> Any:
        if not typed:
            if self.needed:
                wrong[name] = "Please fill this in."
            return None
        if not self.listed and not self.many:
            return self.kind.plain(typed, name, wrong)
        return [self.kind.plain(each.strip(), name, wrong) for each in typed.split(",") if each.strip()]


@dataclass(frozen=True)
class Rows:
    """A list of things with several inputs each."""

    columns: tuple[Column, ...]
    one: str  # what a row is: a fee
    draw: str = "rows"
    nothing: Any = field(default_factory=list)
    empty: Typed = ()

    def sent(self, form: Any, name: str) -> Typed:
        count = str(form.get(f"{name}.rows") or "0")
        rows = []
        for at in range(min(int(count) if re.fullmatch(r"\d{1,4}", count) else 0, MOST + SPARE)):
            row = tuple(column.sent(form, f"{name}.{at}.{column.key}") for column in self.columns)
            if any(row) and not form.get(f"{name}.{at}.remove"):
                rows.append(row)
        return tuple(rows)

    def typed(self, plain: Any) -> Typed:
        return tuple(tuple(column.typed(item.get(column.key)) for column in self.columns) for item in plain)

    def plain(self, typed: Typed, name: str, wrong: Wrong) -> Any:
        if len(typed) > MOST:
            wrong[name] = f"These are {len(typed):,} rows. Write at most {MOST}."
        return [self._row(row, f"{name}.{at}", wrong) for at, row in enumerate(typed)]

    def _row(self, row: Sequence[str], name: str, wrong: Wrong) -> dict[str, Any]:
        read = {
            column.key: column.plain(given, f"{name}.{column.key}", wrong)
            for column, given in zip(self.columns, row, strict=True)
        }
        return {key: plain for key, plain in read.items() if plain is not None}


class Days(Rows):
    """Rows with a date each, which stand for several days where `until` is given."""

    def plain(self, typed: Typed, name: str, wrong: Wrong) -> Any:
        days: dict[str, dict[str, Any]] = {}
        for at, item in enumerate(super().plain(typed, name, wrong)):
            for each in _days(item, f"{name}.{at}", wrong):
                if each in days:
                    wrong[f"{name}.{at}.date"] = f"{each} stands here twice. Keep one of the two."
                days[each] = {"date": each, "name": item.get("name", "")}
        return [days[each] for each in sorted(days)]


def _days(item: Mapping[str, Any], name: str, wrong: Wrong) -> Iterator[str]:
    if "date" not in item:
        return
    first = date.fromisoformat(item["date"])
    last = date.fromisoformat(item.get("until") or item["date"])
    if last < first:
        wrong[f"{name}.until"] = "The last day is before the first."
    elif last - first > LONGEST_CLOSURE:
        wrong[f"{name}.until"] = f"This is more than {LONGEST_CLOSURE.days} days. Check the year."
    else:
        yield from ((first + timedelta(days=ahead)).isoformat() for ahead in range((last - first).days + 1))


@dataclass(frozen=True)
class Week:
    """The opening hours: for each day of the week the times from and to; a break makes two of them."""

    draw: str = "week"
    nothing: Any = None
    empty: Typed = ((),) * len(WEEKDAYS)

    def sent(self, form: Any, name: str) -> Typed:
        return tuple(tuple(self._day(form, f"{name}.{day}")) for day in WEEKDAYS)

    def _day(self, form: Any, name: str) -> Iterator[str]:
        for at in range(MOST):
            if f"{name}.{at}.from" not in form:
                return
            times = [str(form.get(f"{name}.{at}.{end}") or "").strip() for end in ("from", "to")]
            if any(times):
                yield "-".join(times)

    def typed(self, plain: Any) -> Typed:
        return tuple(tuple(map(str, plain.get(day) or ())) for day in WEEKDAYS)

    def times(self, spans: Sequence[str]) -> list[tuple[str, str]]:
        """The times of a day as inputs show them."""
        shown = [(first, last) for first, _, last in (span.partition("-") for span in spans)]
        return shown + [("", "")] * (TIMES - len(shown))

    def plain(self, typed: Typed, name: str, wrong: Wrong) -> Any:
        for day, spans in zip(WEEKDAYS, typed, strict=True):
            if mistake := _mistake_in(spans):
                wrong[f"{name}.{day}"] = mistake
        return {day: list(spans) for day, spans in zip(WEEKDAYS, typed, strict=True)}


def _mistake_in(spans: Sequence[str]) -> str:
    before = time.min
    for span in spans:
        if span.startswith("-") or span.endswith("-"):
            return "Write both times, from and to."
        found = SPAN.fullmatch(span)
        if not found:
            return f"“{span[:20]}” are no times. Write them like 08:00 and 17:30."
        opens, closes = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
        if closes <= opens:
            return f"The end, {closes:%H:%M}, is not after the beginning, {opens:%H:%M}."
        if opens < before:
            return "These times overlap. Write the earlier one first."
        before = closes
    return ""


Kind: TypeAlias = "One | Lines | Rows | Week"

SHORT, LONG = One("short", text), One("long", text)
SAID = One("long", said(CLINIC))
FLAG = One("choice", flag, {YES: "Yes", NO: "No"})
NUMBER, COUNT = One("number", number), One("number", least_one)
MONEY, DAY = One("short", money), One("date", day)


def choice(options: Mapping[str, str]) -> One:
    """One of several values, each shown in words."""

    def chosen(typed: str) -> str:
        if typed not in options:
            raise Mistake("Choose one of the list.")
        return typed

    return One("choice", chosen, options)
