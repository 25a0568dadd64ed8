"""The office's pages of what the assistant says and understands: lists, replies, and words of danger that are tried."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from gateway.office.clinic_file import ClinicFile, Written, marks
from gateway.office.listed import LISTS
from gateway.office.replies import reply_pages
from gateway.office.word_trial import NO_ALARM, try_words
from tests.gateway.conftest import Start
from tests.support.forms import Form
from tests.support.staff import BASE, Browser
from tests.support.studio_site import HTML, Studio, page, studio_at_work, with_facts

pytestmark = pytest.mark.slow  # takes more than a few seconds

HERE = "/office"
DATA = Path("data")
COPIED = ("desk.yml", "dialogue/small_talk.yml", "dialogue/refusals.yml", "lexicon/red_flag_words.yml")
THINGS = """# Kept.
things:
- id: ball
  name: a therapy ball
  words: [therapy ball, gym ball]   # everyday words
  is: exercise ball
  topics:
    soreness: A therapy ball can be used again once you feel like it.
  else: A therapy ball does not rule out needling.
  sources: []
- id: sauna
  name: a sauna
  words: [sauna]
  is: hot room
  else: A sauna does not rule out needling.
  sources: []
"""


@pytest.fixture
async def studio(start: Start, tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio_at_work(start, tmp_path) as studio:
        with_facts(studio.data)
        for name in COPIED:
            studio.data.write_bytes(name, (DATA / name).read_bytes())
        studio.data.write("things/sports.yml", THINGS)
        yield studio


async def save(person: Browser, path: str, **typed: str | list[str]) -> httpx.Response:
    fields = Form(await page(person, path)).fill(**typed)
    return await person.client.post(path, data=fields, headers={"origin": BASE, **HTML})


def text_of(studio: Studio, name: str) -> str:
    return (studio.data.folder / name).read_text("utf-8")


def new_lines(before: str, after: str) -> list[str]:
    return [line.strip() for line in after.splitlines() if line not in before.splitlines()]


async def test_the_overview_leads_to_every_list_and_reply_that_the_data_has(studio: Studio) -> None:
    shown = await page(await studio.person("olga", "admin"), HERE)
    for name in ("small-talk", "refusals", "ready-replies", "things", "danger-words"):
        assert f'href="/office/{name}"' in shown
    assert 'href="/office/not-understood"' not in shown  # this folder has no such file


@pytest.mark.parametrize(
    "path", ["/office/things", "/office/things/ball", "/office/danger-words", "/office/ready-replies"]
)
async def test_only_the_owner_sees_them(studio: Studio, path: str) -> None:
    await page(await studio.person("olga", "admin"), path)
    for role in ("clinical_reviewer", "trainer", "desk"):
        await page(await studio.person(f"a{role}", role), path, 403)


async def test_what_does_not_exist_is_not_found(studio: Studio) -> None:
    olga = await studio.person("olga", "admin")
    for path in ("things/unicorn", "unicorns/ball", "unicorns", "history?of=unicorns", "history?of=things/unicorn"):
        await page(olga, f"{HERE}/{path}", 404)


async def test_a_thing_is_found_by_a_word_of_it_and_one_line_is_changed(studio: Studio) -> None:
    olga = await studio.person("olga", "admin")
    assert "/office/things/ball" in await page(olga, "/office/things?q=gym+ball")
    assert "/office/things/sauna" not in await page(olga, "/office/things?q=gym+ball")
    before = text_of(studio, "things/sports.yml")
    assert (await save(olga, "/office/things/ball")).status_code == 303
    assert text_of(studio, "things/sports.yml") == before
    reply = await save(olga, "/office/things/ball", **{"else": "A ball is fine. Ask your physio."})
    assert reply.status_code == 303, reply.text
    assert new_lines(before, text_of(studio, "things/sports.yml")) == ["else: A ball is fine. Ask your physio."]
    assert "after a clinical reviewer has approved it there" in await page(olga, reply.headers["location"])


async def test_a_word_of_another_thing_is_refused_at_the_words(studio: Studio) -> None:
    olga = await studio.person("olga", "admin")
    before = text_of(studio, "things/sports.yml")
    reply = await save(olga, "/office/things/ball", words="therapy ball\nsauna")
    assert reply.status_code == 400 and "sauna" in unescape(reply.text)
    assert Form(reply.text).fields["words"] == ["therapy ball\nsauna"]
    assert text_of(studio, "things/sports.yml") == before


async def test_what_an_entry_said_before_comes_back_and_other_entries_stay(studio: Studio) -> None:
    olga, file = await studio.person("olga", "admin"), "things/sports.yml"
    first = text_of(studio, file)
    assert (await save(olga, "/office/things/ball", **{"else": "A ball is fine."})).status_code == 303
    assert (await save(olga, "/office/things/sauna", **{"else": "A sauna is warm."})).status_code == 303
    path = f"{HERE}/history?of=things/ball"
    shown = await page(olga, path)
    assert "A ball is fine." in shown and "A sauna is warm." not in shown
    oldest = re.findall(r'name="version" value="(\w+)"', shown)[-1]
    reply = await olga.post(path, path, version=oldest)
    assert reply.status_code == 303 and reply.headers["location"] == "/office/things/ball"
    assert new_lines(first, text_of(studio, file)) == ["else: A sauna is warm."]


async def test_a_refusal_is_changed_and_shown_with_the_clinics_facts(studio: Studio) -> None:
    olga, file = await studio.person("olga", "admin"), "dialogue/refusals.yml"
    before = text_of(studio, file)
    typed = {"utter_refuse/promise": "I cannot promise that. Call {clinic_phone}."}
    shown = await save(olga, f"{HERE}/refusals", **typed, preview="1")
    assert "I cannot promise that. Call 250-555-0100." in shown.text and text_of(studio, file) == before
    assert (await save(olga, f"{HERE}/refusals", **typed)).status_code == 303
    lines = new_lines(before, text_of(studio, file))
    assert lines == ["I cannot promise that. Call {clinic_phone}."]


async def test_the_desks_replies_are_changed_with_the_name_of_who_sends_them(studio: Studio) -> None:
    olga, path = await studio.person("olga", "admin"), f"{HERE}/ready-replies"
    rows = len(studio.data.load().desk.replies)
    typed = {f"replies.{rows}.name": "Parking", f"replies.{rows}.text": "This is {me}. Park behind the house."}
    shown = await save(olga, path, **typed, preview="1")
    assert "Parking, This is Olga. Park behind the house." in unescape(shown.text)
    assert (await save(olga, path, **typed)).status_code == 303
    assert studio.data.load().desk.replies[-1].name == "Parking"
    reply = await save(olga, path, **{"replies.0.text": "Call {my_phone}."})
    assert reply.status_code == 400 and "There is no fact {my_phone}" in unescape(reply.text)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped data, to be changed."""
    copy = tmp_path_factory.mktemp("shipped") / "data"
    shutil.copytree(DATA, copy, ignore=shutil.ignore_patterns("rounds"))
    return copy


@pytest.mark.parametrize("name", LISTS)
def test_each_entry_has_a_page_and_a_change_of_one_keeps_the_rest_of_the_file(name: str, shipped: Path) -> None:
    listed = LISTS[name]
    entries = listed.entries(shipped)
    assert len(entries) == len({entry.id for entry in entries}) > 5
    for entry in (entries[len(entries) // 2], entries[-1]):
        own = listed.page(shipped, entry.id, {})
        assert own is not None and own.parts
        file = ClinicFile(shipped, shipped.parent / "var", file=own.file)
        typed = file.typed(own)
        part = own.parts[0]
        new = file.written(own, {**typed, part.key: f"{typed[part.key]}\nAnother one"}, marks(typed))
        assert isinstance(new, Written) and new.keys == (part.key,)
        kept = [line for line in new.before.splitlines() if line.lstrip().startswith("#")]
        assert kept == [line for line in new.after.splitlines() if line.lstrip().startswith("#")]
        assert len(new_lines(new.before, new.after)) < 40


@pytest.mark.parametrize("name", reply_pages(DATA))
def test_no_reply_of_the_shipped_dialogue_is_rewritten_by_looking_at_it(name: str, shipped: Path) -> None:
    own = reply_pages(shipped)[name]
    file = ClinicFile(shipped, shipped.parent / "var", file=own.file)
    typed = file.typed(own)
    assert all(typed.values())
    new = file.written(own, typed, marks(typed))
    assert isinstance(new, Written) and new.before == new.after


def test_a_word_of_danger_is_tried_on_the_stored_examples_and_on_ones_own(shipped: Path) -> None:
    own = LISTS["danger-words"].page(shipped, "CHEST", {})
    assert own is not None
    file = ClinicFile(shipped, shipped.parent / "var", file=own.file)
    typed = file.typed(own)
    before = str(typed["words.CHEST"]).splitlines()

    def tried(words: list[str], *messages: str) -> object:
        new = file.written(own, {"words.CHEST": "\n".join(words)}, marks(typed))
        assert isinstance(new, Written)
        return try_words(shipped, before, words, new.after, messages)

    more = tried([*before, "brisket"], "my brisket feels tight and i cant breathe", "crushing pressure in my brisket")
    assert [(it.before, it.now) for it in more.own][1] == (NO_ALARM, "emergency")  # type: ignore[attr-defined]
    less = tried([word for word in before if word != "chest"])
    assert less.asked > 100 and less.lost and not less.found  # type: ignore[attr-defined]
