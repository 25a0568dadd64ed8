"""The facts that a clinic may give about itself (``data/clinic_fields.yml``), and their values in ``data/clinic.yml``.

A field has a key ("plans.icbc.fee": dots are levels of the file), a kind and the question that its owner is asked. A
fact that is not set is legal and is never guessed. ``false`` says that there is none: no fax, no bike rack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Union

from knowledge.problems import Problem
from knowledge.yaml import Plain, Section, Value, read

AMOUNT = re.compile(r"\$(\d{1,5})(?:\.(\d\d))?")
# ``elsewhere``: the code of the clinic reads it by itself; the field is here to be asked for.
KINDS = ("text", "flag", "number", "amount", "date", "choice", "texts", "items", "elsewhere")
Item = Mapping[str, str]


@dataclass(frozen=True)
class Amount:
    """Money, in cents."""

    cents: int

    def __str__(self) -> str:
        dollars, cents = divmod(self.cents, 100)
        return f"${dollars:,}" + (f".{cents:02}" if cents else "")


Fact = Union[str, bool, int, Amount, date, "tuple[str, ...]", "tuple[Item, ...]"]


@dataclass(frozen=True)
class Field:
    """A fact that patients ask for. ``options`` are those of a choice, ``parts`` the keys of each of several items.

    ``group`` is the title under which its owner is asked for it, ``none`` the key that is false where there is none.
    """

    key: str
    kind: str
    question: str
    options: tuple[str, ...]
    parts: tuple[str, ...]
    group: str = ""
    none: str = ""


def amount(written: str) -> Amount | None:
    """The money that a text such as "$115" or "$22.50" names; None for anything else."""
    found = AMOUNT.fullmatch(written.strip().replace(",", ""))
    return Amount(int(found[1]) * 100 + int(found[2] or 0)) if found else None


def read_fields(path: Path, problems: list[Problem]) -> dict[str, Field]:
    """All fields by key; none where an assistant has no such file."""
    file = read(path, problems) if path.exists() else None
    if file is None:
        return {}
    file.only("fields")
    fields: dict[str, Field] = {}
    group = ""
    for section in file.sections("fields"):
        section.only("key", "kind", "question", "options", "parts", "group", "none")
        group = section.optional_text("group") or group
        field = Field(
            key=section.text("key"),
            kind=section.choice("kind", KINDS),
            question=section.text("question"),
            options=tuple(section.texts("options")),
            parts=tuple(section.texts("parts")),
            group=group,
            none=section.optional_text("none") or "",
        )
        if field.key in fields:
            section.report(f"the field '{field.key}' stands twice", "keep one of the two")
        if (field.kind == "choice") != bool(field.options) or (field.kind == "items") != bool(field.parts):
            section.report(f"the field '{field.key}' lacks its choices or parts", "write options: or parts:")
        fields[field.key] = field
    return fields


def read_facts(file: Section, fields: Mapping[str, Field]) -> Mapping[str, Fact]:
    """The values of the fields that a clinic's file sets, by key."""
    free = {key: field for key, field in fields.items() if field.kind != "elsewhere"}
    facts: dict[str, Fact] = {}
    for root in roots(fields):
        if root in file:
            facts.update(_facts(file, root, file.values[root], free))
    return MappingProxyType(facts)


def roots(fields: Mapping[str, Field]) -> list[str]:
    """The keys of the clinic's file that hold fields."""
    free = (field.key for field in fields.values() if field.kind != "elsewhere")
    return list(dict.fromkeys(key.partition(".")[0] for key in free))


def _facts(file: Section, key: str, value: Value, fields: Mapping[str, Field]) -> Iterator[tuple[str, Fact]]:
    if value.plain is None:
        return
    if field := fields.get(key):
        fact = _fact(file, field, value)
        if fact is not None:
            yield key, fact
    elif not any(known.startswith(f"{key}.") for known in fields):
        file.report(f"the clinic has no field '{key}'", "use a key of data/clinic_fields.yml", value.line)
    elif isinstance(value.plain, dict):
        for name, inner in value.plain.items():
            yield from _facts(file, f"{key}.{name}", inner, fields)
    elif value.plain is False:  # none of it: no reminders, no phone consult
        yield key, False
    else:
        file.report(f"'{key}' has to hold keys", "write them below it, one on each line", value.line)


def _fact(file: Section, field: Field, value: Value) -> Fact | None:
    if value.plain is False and field.kind != "items":
        return False
    if value.plain == 0 and field.kind == "amount":
        return Amount(0)
    take, asked = TAKES[field.kind]
    fact = take(value.plain, field)
    if fact is None:
        asked = asked.format(options=", ".join(field.options), parts=", ".join(field.parts))
        file.report(f"'{field.key}' is not what it should be", f"write {asked}, or leave the line out", value.line)
    return fact


def _text(plain: Plain, field: Field) -> Fact | None:
    return plain.strip() or None if isinstance(plain, str) else None


def _flag(plain: Plain, field: Field) -> Fact | None:
    return plain if isinstance(plain, bool) else None


def _number(plain: Plain, field: Field) -> Fact | None:
    return plain if isinstance(plain, int) and not isinstance(plain, bool) and plain >= 0 else None


def _amount(plain: Plain, field: Field) -> Fact | None:
    return amount(plain) if isinstance(plain, str) else None


def _date(plain: Plain, field: Field) -> Fact | None:
    try:
        return date.fromisoformat(plain) if isinstance(plain, str) else None
    except ValueError:
        return None


def _choice(plain: Plain, field: Field) -> Fact | None:
    return plain if isinstance(plain, str) and plain in field.options else None


def _texts(plain: Plain, field: Field) -> Fact | None:
    if not isinstance(plain, list) or not all(isinstance(item.plain, str) for item in plain):
        return None
    return tuple(str(item.plain) for item in plain)


def _items(plain: Plain, field: Field) -> Fact | None:
    if not isinstance(plain, list):
        return None
    items = [item.plain for item in plain if isinstance(item.plain, dict)]
    if len(items) != len(plain) or any(set(item) != set(field.parts) for item in items):
        return None
    return tuple(MappingProxyType({name: str(part.plain) for name, part in item.items()}) for item in items)


TAKES: Mapping[str, tuple[Callable[[Plain, Field], Fact | None], str]] = {
    "text": (_text, "it as text, or false if there is none"),
    "flag": (_flag, "true or false"),
    "number": (_number, "a whole number"),
    "amount": (_amount, 'it like "$45", or 0 for nothing'),
    "date": (_date, 'it as year-month-day in quotes, for example "2027-05-21"'),
    "choice": (_choice, "one of {options}"),
    "texts": (_texts, "a list of texts, which may be empty: []"),
    "items": (_items, "a list of items with {parts}"),
}
