"""The clinic's file as the office changes it: what is asked for is written, and nothing else is lost."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from gateway.office.clinic_file import ClinicFile, Written, clinic_of, marks, told_at
from gateway.office.kinds import Rows, Typed, Week, Wrong
from gateway.office.parts import NONE, Part, pages
from gateway.studio.topics.round_trip import edited, load
from tests.support.fuzzing import tries
from tests.support.shipped import shipped_knowledge

pytestmark = pytest.mark.slow  # takes more than a few seconds

SHIPPED = Path("data/clinic.yml").read_text("utf-8")
NOW = load(SHIPPED)
KNOWN = shipped_knowledge()
PAGES = pages(KNOWN.clinic, KNOWN.fill)
PARTS = {part.key: part for page in PAGES.values() for part in page.parts}
COMMENTS = [line[line.index("# ") :] for line in SHIPPED.splitlines() if "# " in line]


SETTINGS = [part.key for page in PAGES.values() if not page.facts for part in page.parts]
FACTS = [part.key for page in PAGES.values() if page.facts for part in page.parts]


def written(text: str, part: Part, typed: Typed) -> str:
    """The file after one part was typed anew."""
    wrong: Wrong = {}
    plain = part.plain(typed, wrong)
    assert wrong == {}
    return edited(text, lambda document: part.write(document, typed, plain))


def another(part: Part) -> Typed:
    """Something else that could be typed there."""
    now = part.typed(NOW)
    if isinstance(part.kind, Week):
        return (("07:15-09:00", "10:00-19:45"), *now[1:])
    if isinstance(part.kind, Rows):
        now = now if isinstance(now, tuple) else ()
        row = tuple(
            "2031-02-03" if column.key in ("date", "until") else "250-555-0199" if column.key == "number" else ""
            for column in part.kind.columns
        )
        values = {"what": "A talk", "name": "Ann Other", "role": "physiotherapist", "offers": "yes", "price": "$12"}
        filled = tuple(
            given or values.get(column.key, "7" if column.needed else "")
            for column, given in zip(part.kind.columns, row, strict=True)
        )
        return (*now[1:], filled)
    simple = ("yes", "no", "$8.50", "9", "70", "2031-02-03", "#123456", "a@b.example", "250-555-0199")
    for typed in (*simple, "https://example.org/x", "https://example.org"):
        wrong: Wrong = {}
        part.plain(typed, wrong)
        if not wrong and typed != now:
            return typed
    options = getattr(part.kind, "options", {})
    return next(option for option in options if option != now)


@pytest.mark.parametrize("key", [*SETTINGS, *FACTS[::6], *FACTS[-3:]])
def test_each_part_can_be_changed_and_every_comment_stays(key: str) -> None:
    part = PARTS[key]
    typed = another(part)
    text = written(SHIPPED, part, typed)
    assert [comment for comment in COMMENTS if comment not in text] == []
    document = load(text)
    if key != "closures":  # its days are written out
        assert part.typed(document) == typed
    assert [other for other, each in PARTS.items() if each.typed(document) != each.typed(NOW)] == [key]
    clinic, problems = clinic_of(text, Path("data"))
    assert problems == [] and clinic is not None


def test_all_that_is_not_known_any_more_is_taken_out_and_every_comment_stays() -> None:
    parts = [part for part in PARTS.values() if not part.needed and part.key != "hours"]
    text = SHIPPED
    for part in parts:
        text = written(text, part, part.kind.empty)
    document = load(text)
    assert [part.key for part in parts if part.typed(document) not in (part.kind.empty, NONE)] == []
    assert [comment for comment in COMMENTS if comment not in text] == []
    clinic, problems = clinic_of(text, Path("data"))
    assert problems == [] and clinic is not None
    assert clinic.facts.keys() <= {"place.moved"} and clinic.fees == () and clinic.email is None


def test_that_there_is_none_is_said_everywhere_and_taken_back() -> None:
    parts = [part for part in PARTS.values() if part.none]
    text = SHIPPED
    for part in parts:
        text = written(text, part, NONE)
    assert [part.key for part in parts if part.typed(load(text)) != NONE] == []
    clinic, problems = clinic_of(text, Path("data"))
    assert problems == [] and clinic is not None
    flags = {key for key, field in clinic.fields.items() if field.kind == "flag"}
    assert {fact for key, fact in clinic.facts.items() if key not in flags} <= {False, ()}
    for part in parts:
        text = written(text, part, another(part))
    assert [part.key for part in parts if part.typed(load(text)) != another(part)] == []
    assert [comment for comment in COMMENTS if comment not in text] == []
    assert clinic_of(text, Path("data"))[1] == []


FORMS = {"hours", "contact", "fees", "team", "chat", "facts-prices-and-paying"}
INPUTS = [
    *("hours.monday.0.from", "hours.monday.0.to", "closures.rows", "closures.0.date", "closures.0.until"),
    *("closures.0.name", "holidays.closed", "phone", "name", "fees.rows", "fees.0.what", "fees.0.price", "take"),
    *("retention_days", "theme.primary", "website_origins", "practitioners.rows", "practitioners.0.days", "tax"),
    *("discounts.rows", "discounts.0.percent", "discounts.0.group", "discounts.none", "needle_fee", "low_income"),
]
TYPED = st.text(max_size=30) | st.sampled_from(
    ["1", "$5", "yes", "(none)", "2027-01-02", "08:00", "&a", "*a", "- x", "!!python/name:os.system", "#", "%", "x: y"]
)


@given(
    name=st.sampled_from(sorted(FORMS)),
    fields=st.dictionaries(st.sampled_from(INPUTS), st.lists(TYPED, max_size=2)),
    known=st.booleans(),
)
@tries(40)
def test_any_form_of_the_office_is_written_or_refused(name: str, fields: dict[str, list[str]], known: bool) -> None:
    page = PAGES[name]
    sent = page.sent(FormData([(field, value) for field, values in fields.items() for value in values]))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        shutil.copy("data/clinic.yml", data)
        file = ClinicFile(data, Path(folder) / "var")
        new = file.written(page, sent, marks(file.typed(page)) if known else "", fields.get("take", []))
    if isinstance(new, Written):
        assert {key for key in new.keys if PARTS[key].typed(load(new.after)) == PARTS[key].typed(NOW)} <= {"closures"}
        clinic, problems = clinic_of(new.after, Path("data"))
        assert clinic is not None or told_at(page, new, problems).wrong
