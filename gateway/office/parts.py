"""What can be changed at the office: each part has a place in `clinic.yml`, a question to the owner, and a kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString

from gateway.office.kinds import (
    COUNT,
    DAY,
    FLAG,
    LONG,
    MONEY,
    NUMBER,
    SHORT,
    Column,
    Days,
    Kind,
    Lines,
    One,
    Rows,
    Typed,
    Week,
    Wrong,
    choice,
    colour,
    link,
    mail,
    phone,
    price,
    site,
)
from gateway.studio.topics.round_trip import folded
from knowledge import Clinic
from knowledge.clinic import VISITS, WEEKDAYS
from knowledge.clinic_fields import Field
from knowledge.placeholders import REGION

CLINIC_FILE = "clinic.yml"
NONE = "(none)"  # stands in a form for: there is none
QUOTED = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d-\d\d:\d\d|#[0-9a-fA-F]{6}|[0-9]+")


@dataclass(frozen=True)
class Part:
    """One thing that can be changed. `key` is its place in the file; dots are levels."""

    key: str
    question: str
    kind: Kind
    needed: bool = False
    none: str = ""  # the place that says that there is none of it; empty: it cannot be said
    hint: str = ""

    def place(self, document: Any) -> Any:
        """What of the file holds the key."""
        return document

    def typed(self, document: Any) -> Typed:
        """What the file says, as a form has it."""
        document = self.place(document)
        plain = _at(document, self.key)
        if self.none and _at(document, self.none) is False:
            return NONE
        if plain is None or (plain is False and self.kind != FLAG):
            return self.kind.empty
        if self.none and plain == [] and self.kind.nothing == []:
            return NONE
        return self.kind.typed(plain)

    def sent(self, form: Any) -> Typed:
        """What a browser sent."""
        return NONE if self.none and form.get(f"{self.key}.none") else self.kind.sent(form, self.key)

    def words(self, typed: Typed) -> list[str]:
        """It in words, one line each."""
        if typed == NONE:
            return ["There is none"]
        if typed == self.kind.empty:
            return ["Not known"]
        if isinstance(typed, str):
            return [self.kind.options.get(typed, typed)] if isinstance(self.kind, One) else typed.splitlines()
        if isinstance(self.kind, Week):
            return [
                f"{day.title()}: {', '.join(spans) or 'closed'}" for day, spans in zip(WEEKDAYS, typed, strict=True)
            ]
        return [", ".join(filter(None, row)) for row in typed]

    def plain(self, typed: Typed, wrong: Wrong) -> Any:
        """What is to be written; None where it is not known. What cannot be is noted in `wrong`."""
        if typed == NONE:
            return False if self.none != self.key else self.kind.nothing
        if typed == self.kind.empty and not isinstance(self.kind, Week):
            if self.needed:
                wrong[self.key] = "Please fill this in: the assistant cannot do without it."
            return [] if self.kind.nothing == [] and not self.none else None
        return self.kind.plain(typed, self.key, wrong)

    def write(self, document: Any, typed: Typed, plain: Any) -> None:
        """Put it into the file."""
        document = self.place(document)
        if typed == NONE:
            _put(document, self.none, plain)
        elif isinstance(self.kind, Rows) and plain:
            _put(document, self.key, _rows(_at(document, self.key), self.kind, plain))
        elif isinstance(self.kind, Week) and isinstance(_at(document, self.key), dict):
            for day in WEEKDAYS:
                if plain[day] != _at(document, f"{self.key}.{day}"):
                    _put(document, f"{self.key}.{day}", plain[day])
        else:
            _put(document, self.key, plain)


@dataclass(frozen=True)
class Page:
    """Parts of a file that are changed together. `facts`: what is not known may stay so; `back`: where it is listed."""

    name: str
    title: str
    about: str
    parts: tuple[Part, ...]
    facts: bool = False
    file: str = CLINIC_FILE
    back: tuple[str, str] = ("/office", "the clinic")

    def typed(self, document: Any) -> dict[str, Typed]:
        """All of it, as the file says it."""
        return {part.key: part.typed(document) for part in self.parts}

    def sent(self, form: Any) -> dict[str, Typed]:
        """All of it, as a browser sent it."""
        return {part.key: part.sent(form) for part in self.parts}

    def known(self, typed: Mapping[str, Typed]) -> int:
        """How many are answered."""
        return sum(typed[part.key] != part.kind.empty for part in self.parts)


# the pages

FEE = (
    Column("what", "What patients call it", SHORT, needed=True),
    Column("visit", "Which visit it is", choice(dict(zip(VISITS, (
        "A new patient's first visit", "The usual next visit", "A longer visit", "A shorter visit", "Something else",
    ), strict=True)))),
    Column("minutes", "Minutes", COUNT),
    Column("price", "Price", One("short", price), needed=True),
)  # fmt: skip
PERSON = (
    Column("name", "Name, as patients know it", SHORT, needed=True),
    Column("role", "Profession", SHORT, needed=True),
    Column("offers", "Does {treatment}, with the college's permission", FLAG, needed=True),
    Column("gender", "Woman, man, or as they want to be described (ask them; may stay empty)", SHORT),
    Column("languages", "Languages they can treat in, with commas", SHORT, listed=True),
    Column("course", "Needling course, to follow the name: trained in Gunn IMS", SHORT),
    Column("gunn", "Has the Gunn IMS certificate", FLAG),
    Column("physio_since", "A physio since the year", COUNT),
    Column("needling_since", "Does {treatment} since the year", COUNT),
    Column("how_often", "How often they needle: most days, a few times a week", SHORT),
    Column("refresher", "Year of the last needling refresher", COUNT),
    Column("days", "Days at the clinic", SHORT, many=WEEKDAYS),
    Column("kids", "Is used to treating children and teens", FLAG),
    Column("note", "Anything else, in a few words", SHORT),
)
NUMBERS = dict(zip(REGION, (
    "Emergency number", "Nurse line", "Crisis line", "Poison line", "Line for victims of violence",
    "Line for a child who is in danger", "Line for young people",
), strict=True))  # fmt: skip
HOURS = Page(
    "hours", "Opening hours and closures", "When patients can reach you, by the clock of your clinic.",
    (
        Part("hours", "When are you open? Leave a day empty if you are closed.", Week()),
        Part("holidays.closed", "Are you closed on public holidays?", FLAG, needed=True),
        Part("closures", "On which other days are you closed?", Days((
            Column("date", "First day", DAY, needed=True),
            Column("until", "Last day, if there are several", DAY),
            Column("name", "What patients read as the reason", SHORT, needed=True),
        ), "closure"), hint="Write the reason to follow “because of”: staff day, winter holidays."),
    ),
)  # fmt: skip
FEES = Page(
    "fees", "Fees", "What a visit costs. The assistant works out sums from the first and the usual next visit.",
    (Part("fees", "Your fees", Rows(FEE, "fee")),),
)  # fmt: skip
TEAM = Page(
    "team", "The people who treat", "Whom patients can ask for. What is left empty is not told of anybody.",
    (Part("practitioners", "Your team", Rows(PERSON, "person")),),
)  # fmt: skip
CHAT = Page(
    "chat", "The chat on your website", "How long chats are kept, how the chat looks, and where it is shown.",
    (
        Part("retention_days", "For how many days is a chat kept after its last message?", COUNT, needed=True),
        Part("consent_required", "Do patients have to agree before they write?", FLAG, needed=True),
        Part("desk.alert_minutes", "After how many minutes is the front desk alerted again, while a patient waits?",
             Lines(COUNT.read), needed=True, hint="One number per line, each higher than the one before."),
        Part("desk.quiet_minutes", "After how many minutes without a reply does a colleague lose a chat to the queue?",
             COUNT, needed=True),
        Part("desk.email_alerts", "Is your e-mail address alerted too, from the second alert on?", FLAG, needed=True),
        Part("theme.primary", "Colour of buttons", One("colour", colour), needed=True),
        Part("theme.on_primary", "Colour of the words on buttons", One("colour", colour), needed=True),
        Part("theme.background", "Colour behind the messages", One("colour", colour), needed=True),
        Part("theme.text", "Colour of the messages' words", One("colour", colour), needed=True),
        Part("website_origins", "Which other websites show the chat?", Lines(site),
             hint="One per line, such as https://www.your-clinic.ca. Your own assistant's pages always show it."),
    ),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {
    "text": LONG,
    "flag": FLAG,
    "number": NUMBER,
    "amount": MONEY,
    "date": DAY,
    "texts": Lines(),
}
# Parts of items with which sums are worked out.
COLUMNS = {"percent": NUMBER, "visits": NUMBER, "price": One("short", price)}
# Fields that the clinic's own code reads: those not named here have a page of their own.
ELSEWHERE: Mapping[str, Kind] = {
    "email": One("short", mail),
    "booking_link": One("short", link),
    "languages": Lines(),
    "address": LONG,
    "parking": LONG,
    "insurance": LONG,
    "referral": LONG,
}


def pages(clinic: Clinic, fill: Any) -> dict[str, Page]:
    """All pages by name; the clinic's facts in groups, asked as `data/clinic_fields.yml` has it."""
    found = [HOURS, _contact(clinic), FEES, TEAM, CHAT]
    groups: dict[str, list[Field]] = {}
    absent = {field.none: field.key for field in clinic.fields.values() if field.none}
    for field in clinic.fields.values():
        groups.setdefault(field.group, []).append(field)
    for title, fields in groups.items():
        asked = [field for field in fields if field.kind != "elsewhere" or field.key in ELSEWHERE]
        parts = tuple(_fact(field, _none(field, absent), fill) for field in asked)
        if parts:
            name = re.sub(r"\W+", "-", title.lower()).strip("-")
            found.append(Page(f"facts-{name}", title, "", parts, facts=True))
    return {page.name: page for page in found}


def _contact(clinic: Clinic) -> Page:
    place = f"numbers.{clinic.region}"
    numbers = (Part(f"{place}.{key}", words, One("short", phone), needed=True) for key, words in NUMBERS.items())
    lines = Rows(
        (Column("name", "Name", SHORT, needed=True), Column("number", "Number", One("short", phone), needed=True)),
        "line",
    )
    return Page(
        "contact", "Name, phone and emergency numbers",
        "Whom patients call. Check the numbers with your health authority. Another person has to approve a change of "
        "the phone or of these numbers before patients get it.",
        (
            Part("name", "Your clinic's name", SHORT, needed=True),
            Part("phone", "Phone of the front desk", One("short", phone), needed=True),
            *numbers,
            Part(f"{place}.more_crisis_lines", "Other crisis lines that patients can choose", lines),
        ),
    )  # fmt: skip


def _none(field: Field, absent: Mapping[str, str]) -> str:
    """Where it is said that there is none: of several fields that stand together, at the first for all of them."""
    if field.kind == "flag" or any(field.key.startswith(f"{key}.") and field.key != absent[key] for key in absent):
        return ""
    return field.none or field.key


def _fact(field: Field, none: str, fill: Any) -> Part:
    question = fill(field.question)
    if field.kind == "elsewhere":
        return Part(field.key, question, ELSEWHERE[field.key])
    if field.kind == "choice":
        kind: Kind = choice({option: _words(option) for option in field.options})
    elif field.kind == "items":
        columns = (Column(part, _words(part), COLUMNS.get(part, SHORT), needed=True) for part in field.parts)
        kind = Rows(tuple(columns), "row")
    else:
        kind = KINDS[field.kind]
    return Part(field.key, question, kind, none=none)


def _words(key: str) -> str:
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]


# the file


def _at(document: Any, key: str) -> Any:
    for level in key.split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(level)
    return document


def _put(document: Any, key: str, plain: Any) -> None:
    *levels, last = key.split(".")
    for level in levels:
        if not isinstance(document.get(level), dict):
            _set(document, level, CommentedMap())
        document = document[level]
    if plain is not None or last in document:
        _set(document, last, _node(plain, document.get(last)))


def _set(mapping: CommentedMap, key: str, new: Any) -> None:
    """Set a value; a comment that follows the old one, often the head of what comes next, stays where it is."""
    old = mapping.get(key)
    if isinstance(old, CommentedMap | CommentedSeq) and old is not new:
        _give_tail(mapping, key, new, _take_tail(old))
    mapping[key] = new


def _node(plain: Any, old: Any = None) -> Any:
    if isinstance(plain, str) and QUOTED.fullmatch(plain):
        return DoubleQuotedScalarString(plain)
    if isinstance(plain, str) and isinstance(old, FoldedScalarString):
        return folded(plain, old)
    if isinstance(plain, dict):
        new = CommentedMap({key: _node(each) for key, each in plain.items()})
        new.fa.set_flow_style()
        return new
    if isinstance(plain, list) and not isinstance(plain, CommentedSeq):
        listed = CommentedSeq(map(_node, plain))
        block = isinstance(old, CommentedSeq) and len(old) and not old.fa.flow_style()
        (listed.fa.set_block_style if plain and block else listed.fa.set_flow_style)()
        return listed
    return plain


def _rows(old: Any, kind: Rows, rows: list[dict[str, Any]]) -> CommentedSeq:
    """The rows as a list that keeps, of each one that was there, how it is written."""
    there = list(old or ())
    tail = _take_tail(old) if isinstance(old, CommentedSeq) else None
    was = [kind.typed([item])[0] for item in there]
    now = [kind.typed([row])[0] for row in rows]
    new: list[Any] = []
    for at, row in enumerate(rows):
        if now[at] in was:
            new.append(there[was.index(now[at])])
        elif at < len(there) and was[at] not in now:
            new.append(_changed(there[at], row, kind))
        else:
            new.append(_node(row))
    listed = CommentedSeq(new)
    listed.fa.set_block_style()
    _give_tail(None, "", listed, tail)
    return listed


def add_entry(listed: CommentedSeq, entry: CommentedMap) -> None:
    """Put an entry at the end of a list; a comment that follows the list stays behind it."""
    tail = _take_tail(listed)
    listed.append(entry)
    _give_tail(None, "", listed, tail)


def _changed(item: CommentedMap, row: Mapping[str, Any], kind: Rows) -> CommentedMap:
    for column in kind.columns:
        if column.key not in row:
            item.pop(column.key, None)
        elif column.typed(item.get(column.key)) != column.typed(row[column.key]):
            _set(item, column.key, _node(row[column.key], item.get(column.key)))
    return item


def _last(node: Any) -> Iterator[tuple[Any, Any, int]]:
    """The ends of a node, innermost first: what follows it as a comment hangs on one of them."""
    if isinstance(node, CommentedMap | CommentedSeq) and len(node):
        key = list(node)[-1] if isinstance(node, CommentedMap) else len(node) - 1
        yield from _last(node[key])
        yield node, key, 2 if isinstance(node, CommentedMap) else 0


def _take_tail(node: Any) -> Any:
    for holder, key, place in _last(node):
        if (tokens := holder.ca.items.get(key)) and len(tokens) > place and tokens[place]:
            token, tokens[place] = tokens[place], None
            return token
    return None


def _give_tail(parent: Any, key: str, new: Any, token: Any) -> None:
    if token is None:
        return
    ends = [end for end in _last(new) if not end[0].fa.flow_style()] or (
        [(parent, key, 2)] if parent is not None else []
    )
    for holder, at, place in ends[:1]:
        tokens = holder.ca.items.setdefault(at, [None] * 4)
        tokens[place] = token
