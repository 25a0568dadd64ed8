"""Adding a condition or a thing in the office: checked, shown, written at the end of its list, and told apart."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from gateway.office.listed import LISTS, id_of
from knowledge import Knowledge
from tests.gateway.conftest import Start
from tests.gateway.test_office_words import COPIED, DATA, HERE, THINGS, new_lines, save, text_of
from tests.support.forms import Form
from tests.support.staff import BASE, Browser
from tests.support.studio_site import HTML, Studio, page, studio_at_work, with_facts

FILE, NEW = "things/sports.yml", f"{HERE}/things/new/sports"
CONDITION = f"{HERE}/conditions/new/conditions"
LEXICON = "lexicon/conditions.yml"
SKATES = {
    "name": "a pair of skates",
    "is": "winter sport",
    "words": "skates\nice skates",
    "else": "Skates do not rule out needling. Tell your physio.",
}
SMALL = """# The conditions.
conditions:
- id: neck_pain
  name: neck pain
  documents: []
  class: not_named
  body_part: neck
  synonyms: [stiff neck]
  misspellings: []
  note: For neck pain, ask your physio.
  doctor_first: ""
  sources: []
# The parts of the body.
body_parts:
- {id: neck, name: neck, synonyms: [nape], misspellings: []}
"""


@pytest.fixture
async def studio(start: Start, tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio_at_work(start, tmp_path) as studio:
        with_facts(studio.data)
        for name in COPIED:
            studio.data.write_bytes(name, (DATA / name).read_bytes())
        studio.data.write(FILE, THINGS)
        studio.data.write(LEXICON, SMALL)
        yield studio


@pytest.fixture
async def olga(studio: Studio) -> Browser:
    return await studio.person("olga", "admin")


async def refused(person: Browser, path: str, **typed: str) -> str:
    reply = await save(person, path, **typed)
    assert reply.status_code == 400, reply.text
    return unescape(reply.text)


async def test_a_thing_is_added_at_the_end_of_its_file_and_then_has_a_page(studio: Studio, olga: Browser) -> None:
    assert NEW in await page(olga, f"{HERE}/things")
    before = text_of(studio, FILE)
    reply = await save(olga, NEW, **SKATES)
    assert reply.headers.get("location") == f"{HERE}/things/pair_of_skates?saved=1", reply.text
    after = text_of(studio, FILE)
    assert after.startswith(before), "nothing else is touched"
    assert new_lines(before, after) == [
        "- id: pair_of_skates",
        "name: a pair of skates",
        "words: [skates, ice skates]",
        "is: winter sport",
        "else: Skates do not rule out needling. Tell your physio.",
    ]
    assert "after a clinical reviewer has approved it there" in await page(olga, reply.headers["location"])
    assert Knowledge.load(studio.data.folder).things.find("my ice skates")[0].thing.id == "pair_of_skates"


async def test_a_condition_is_added_before_the_parts_of_the_body(studio: Studio, olga: Browser) -> None:
    assert CONDITION in await page(olga, f"{HERE}/conditions")
    typed = {"name": "golfer's elbow", "note": "For golfer's elbow, ask your physio.", "body_part": "neck"}
    reply = await save(olga, CONDITION, **typed, synonyms="sore inner elbow")
    assert reply.status_code == 303, reply.text
    after = text_of(studio, LEXICON)
    assert after.index("golfer_s_elbow") < after.index("# The parts of the body.") < after.index("body_parts:")
    found = Knowledge.load(studio.data.folder).conditions.conditions["golfer_s_elbow"]
    assert (found.kind, found.body_part, found.words) == ("not_named", "neck", ("sore inner elbow",))


async def test_what_patients_would_read_is_shown_before_anything_is_saved(studio: Studio, olga: Browser) -> None:
    before = text_of(studio, FILE)
    fields = Form(await page(olga, NEW)).fill(**SKATES)
    reply = await olga.client.post(NEW, data={**fields, "preview": "1"}, headers={"origin": BASE, **HTML})
    assert reply.status_code == 200 and reply.text.count("Skates do not rule out needling.") > 1
    assert Form(reply.text).fields["name"] == [SKATES["name"]]
    assert text_of(studio, FILE) == before


async def test_what_is_missing_or_there_already_is_said_and_what_was_typed_stays(studio: Studio, olga: Browser) -> None:
    before = text_of(studio, FILE)
    shown = await refused(olga, NEW, **{**SKATES, "else": ""})
    assert "Please fill this in." in shown and Form(shown).fields["name"] == [SKATES["name"]]
    assert "in the list already" in await refused(olga, NEW, **{**SKATES, "name": "Ball"})
    assert "'sauna'" in await refused(olga, NEW, **{**SKATES, "words": "skates\nsauna"}), "a word of another thing"
    assert text_of(studio, FILE) == before


async def test_nothing_can_be_added_where_there_is_no_list_and_by_nobody_else(studio: Studio, olga: Browser) -> None:
    for path in ("things/new/unicorns", "safety-questions/new/screening", "danger-words/new/red_flag_words"):
        await page(olga, f"{HERE}/{path}", 404)
    await page(await studio.person("robin", "clinical_reviewer"), NEW, 403)


def test_a_name_becomes_an_id() -> None:
    names = {"a therapy ball": "therapy_ball", "The Étirement (leg)": "etirement_leg", "a": "a", "???": ""}
    assert {name: id_of(name) for name in names} == names


@pytest.mark.parametrize("name", ["conditions", "things"])
def test_every_shipped_file_takes_an_entry(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    found = LISTS[name].new_in(data)
    assert found and all(LISTS[name].new_page(data, stem, "something else") for stem, _ in found)
