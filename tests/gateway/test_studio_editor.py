"""The topic editor: what is typed is saved whole, or told and kept; nobody's work is lost; nothing typed is run."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.studio.meaning import Meaning
from tests.gateway.conftest import Start
from tests.support.staff import BASE, Browser
from tests.support.studio_site import HTML, Studio, encode, form_fields, page, save, studio_at_work

TOPIC = "/studio/topics/soreness"


@pytest.fixture
async def studio(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    monkeypatch.setattr(Meaning, "_by_engine", lambda _, texts: encode(texts))
    async with studio_at_work(start, tmp_path) as running:
        yield running


@pytest.fixture
async def kim(studio: Studio) -> Browser:
    return await studio.person("kim")


async def test_the_menu_shows_the_studio_to_those_who_teach_and_to_nobody_else(studio: Studio) -> None:
    for role, may in {"trainer": True, "clinical_reviewer": True, "admin": True, "desk": False}.items():
        person = await studio.person(f"a{role}", role)
        assert ('href="/studio"' in await page(person, "/staff")) is may
        for path in ("/studio", "/studio/inbox", "/studio/topics", TOPIC, f"{TOPIC}/history", "/studio/dry-run"):
            reply = await person.client.get(path, headers=HTML)
            assert reply.status_code == (200 if may else 403), (role, path)
    assert (await studio.gateway.client.get(TOPIC, headers=HTML)).headers["location"].startswith("/staff/login")


async def test_what_is_saved_changes_those_lines_of_the_file_and_no_other(studio: Studio, kim: Browser) -> None:
    before = studio.file().splitlines()
    reply = await save(kim, await page(kim, TOPIC), title="Is it normal to be sore?")
    assert reply.status_code == 303, reply.text
    after = studio.file().splitlines()
    assert [line.strip() for line in after if line not in before] == ["title: Is it normal to be sore?"]
    assert "Saved: question above the answer." in await page(kim, reply.headers["location"])


async def test_a_form_that_was_not_changed_writes_nothing(studio: Studio, kim: Browser) -> None:
    before = studio.file()
    assert (await save(kim, await page(kim, TOPIC))).status_code == 303
    assert studio.file() == before


async def test_every_part_can_be_changed(studio: Studio, kim: Browser) -> None:
    examples = "\n".join(f"do my legs hurt on day {number}" for number in range(30))
    changes = {"examples": examples, "short": "You may ache for a day or two. Rest.", "review_by": "2027-01-31"}
    changes |= {"more": "You may ache for a day or two.\n\n- Rest.\n- Walk.", "see_also": "", "source": "brady2014"}
    reply = await save(kim, await page(kim, TOPIC), **changes)
    assert reply.status_code == 303, reply.text
    topic = studio.data.load().topics["soreness"]
    assert len(topic.examples) == 30
    assert (topic.short, topic.more) == (changes["short"], "You may ache for a day or two.\n\n- Rest.\n\n- Walk.")
    assert topic.see_also == () and str(topic.review_by) == "2027-01-31"
    assert {source.id for source in topic.sources} == {"brady2014"}


async def test_a_picture_is_chosen_and_takes_the_signature_off(studio: Studio) -> None:
    robin = await studio.person("robin", "clinical_reviewer")
    studio.data.write(
        "pictures.yml",
        "pictures:\n- {id: knees, title: Knees, topics: [human], sources: ['003'], columns: [A, B],\n"
        "   rows: [{about: x, cells: [y, z]}]}\n",
    )
    await sign(studio, robin)
    assert 'reviewer: "Robin"' in studio.file()
    assert (await save(robin, await page(robin, TOPIC), picture="knees")).status_code == 303
    assert studio.data.load().topics["soreness"].picture.id == "knees"  # type: ignore[union-attr]
    assert 'reviewer: ""' in studio.file()
    assert (await save(robin, await page(robin, TOPIC), picture="")).status_code == 303
    assert studio.data.load().topics["soreness"].picture is None


async def test_two_trainers_who_change_different_parts_both_have_their_way(studio: Studio, kim: Browser) -> None:
    lee = await studio.person("lee")
    mine, theirs = await page(kim, TOPIC), await page(lee, TOPIC)
    examples = dict(form_fields(theirs))["examples"]
    assert (
        await save(lee, theirs, short="You may ache for a day or two.", examples=f"{examples}\nlee asks")
    ).is_redirect
    reply = await save(kim, mine, title="Sore?", examples=f"{examples}\nkim asks")
    topic = studio.data.load().topics["soreness"]
    assert topic.title == "Sore?" and topic.short == "You may ache for a day or two."
    assert {"kim asks", "lee asks"} <= set(topic.examples)
    told = await page(kim, reply.headers["location"])
    assert "Somebody else saved in the meantime: examples, short answer. Both are kept." in told


async def test_two_trainers_who_change_the_same_see_both_side_by_side_and_choose(studio: Studio, kim: Browser) -> None:
    lee = await studio.person("lee")
    mine, theirs = await page(kim, TOPIC), await page(lee, TOPIC)
    assert (await save(lee, theirs, short="You may ache for a day or two, says Lee.")).is_redirect
    reply = await save(kim, mine, short="You may ache for a day or two, says Kim.", title="Kim's title?")
    assert reply.status_code == 409
    assert "says Lee" in reply.text and "says Kim" in reply.text and "says Lee" in studio.file()
    assert dict(form_fields(reply.text))["short"].endswith("says Kim.")
    took = await save(kim, reply.text, take="short")
    assert took.status_code == 303
    topic = studio.data.load().topics["soreness"]
    assert topic.short.endswith("says Lee.") and topic.title == "Kim's title?"
    again = await save(kim, reply.text, short="You may ache for a day or two, says Kim.")
    assert again.status_code == 303 and "says Kim" in studio.file()


async def test_a_file_broken_by_hand_is_shown_and_can_be_restored(studio: Studio, kim: Browser) -> None:
    opened = await page(kim, TOPIC)
    assert (await save(kim, opened, title="First?")).is_redirect
    opened = await page(kim, TOPIC)
    studio.data.write("answers/soreness.yml", "nlu: [\n<b>")
    reply = await save(kim, opened, title="Typed meanwhile?")
    assert reply.status_code == 409
    assert "Typed meanwhile?" in reply.text and "not valid YAML" in reply.text and "&lt;b&gt;" in reply.text
    assert "Cannot be read" in await page(kim, "/studio/topics")
    assert "not valid YAML" in await page(kim, TOPIC, 409)
    version = studio.work.topics().history.of("soreness")[0].id
    assert (await kim.post(f"{TOPIC}/restore", f"{TOPIC}/history", version=version)).status_code == 303
    assert studio.data.load().topics["soreness"].title == "First?"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"examples": ""}, "A topic needs an example"),
        ({"examples": "only one"}, "fewer than 25"),
        ({"short": "", "more": "", "title": ""}, "is empty"),
        ({"short": "Call {my_phone}."}, "placeholder"),
        ({"review_by": "soon"}, "is no date"),
        ({"examples": "x" * 500}, "more than 400"),
    ],
    ids=["no example", "one example", "no text", "unknown placeholder", "no date", "a long example"],
)
async def test_what_cannot_be_saved_is_told_and_kept_in_the_form(
    studio: Studio, kim: Browser, changes: dict[str, str], told: str
) -> None:
    before = studio.file()
    reply = await save(kim, await page(kim, TOPIC), **changes)
    assert reply.status_code == 400
    assert told in reply.text and "What you wrote is still here." in reply.text
    assert {name: value for name, value in form_fields(reply.text) if name in changes} == changes
    assert studio.file() == before


async def test_ten_thousand_examples_are_refused_with_the_limit(studio: Studio, kim: Browser) -> None:
    before = studio.file()
    pasted = "\n".join(f"pasted question number {number}" for number in range(10_000))
    reply = await save(kim, await page(kim, TOPIC), examples=pasted)
    assert reply.status_code == 400
    assert "These are 10,000 examples; a topic takes at most 1,000." in reply.text
    assert "pasted question number 9999" in reply.text
    assert studio.file() == before


async def test_another_language_is_saved_letter_by_letter_and_pointed_out(studio: Studio, kim: Browser) -> None:
    opened = await page(kim, TOPIC)
    foreign = ["هل يؤلم بعد الجلسة كثيرا", "針灸之後會痛嗎", "est-ce que ça fait encore mal après la séance"]
    examples = "\n".join([dict(form_fields(opened))["examples"], *foreign])
    assert (await save(kim, opened, examples=examples)).is_redirect
    assert studio.data.load().topics["soreness"].examples[-3:] == tuple(foreign)
    headers = {"origin": BASE, "x-csrf-token": await kim.token(TOPIC)}
    typed = {"examples": "\n".join(["let me talk to person number 12", *foreign])}
    shown = (await kim.client.post(f"{TOPIC}/parts/examples", data=typed, headers=headers)).text
    assert shown.count("may not be in English") == 3 and all(example in shown for example in foreign)


async def test_html_is_refused_in_answers_and_harmless_wherever_it_is_shown(studio: Studio, kim: Browser) -> None:
    evil = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    reply = await save(kim, await page(kim, TOPIC), short=f"It may ache. {evil}", title=evil)
    assert reply.status_code == 400 and "HTML" in reply.text
    examples = dict(form_fields(reply.text))["examples"] + f"\nwill </textarea>{evil} hurt me"
    saved = await save(kim, await page(kim, TOPIC), examples=examples)
    assert saved.is_redirect
    shown = [reply.text, await page(kim, TOPIC), await page(kim, f"{TOPIC}/history"), await page(kim, "/studio/topics")]
    headers = {"origin": BASE, "x-csrf-token": await kim.token(TOPIC)}
    for part in ("answer", "examples"):
        typed = {"title": evil, "short": evil, "more": evil, "examples": evil, "source": evil, "section": evil}
        live = await kim.client.post(f"{TOPIC}/parts/{part}", data=typed, headers=headers)
        assert live.status_code == 200
        shown.append(live.text)
    for text in shown:
        assert "<script>alert" not in text and "<img src=x" not in text and "</textarea><script" not in text


@pytest.mark.parametrize(
    "path",
    ["/studio/topics", TOPIC, f"{TOPIC}/adopt", f"{TOPIC}/restore", f"{TOPIC}/sign", f"{TOPIC}/parts/answer",
     f"{TOPIC}/parts/examples", "/studio/dry-run", "/studio/inbox/teach", "/studio/inbox/new", "/studio/inbox/dismiss"],
)  # fmt: skip
async def test_nothing_is_done_for_another_site_or_without_the_pages_token(studio: Studio, path: str) -> None:
    robin = await studio.person("robin", "trainer", "clinical_reviewer")
    before = studio.file()
    token = await robin.token("/studio")
    fields = {"title": "Forged", "review_by": "2027-01-01", "ids": "1", "topic": "soreness"}
    forged = [({}, {"origin": BASE}), ({"csrf": "0" * 64}, {"origin": BASE}), ({"csrf": token}, {}),
              ({"csrf": token}, {"origin": "https://evil.example"})]  # fmt: skip
    for given, headers in forged:
        reply = await robin.client.post(path, data={**fields, **given}, headers=headers)
        assert reply.status_code == 403
    shown = await robin.client.post(path, data=fields, headers={"origin": BASE, **HTML})
    assert "This page is too old to be sent" in shown.text and "what you typed is still there" in shown.text
    assert studio.file() == before
    desk = await studio.person("dana", "desk")
    mine = {**fields, "csrf": await desk.token("/staff")}
    assert (await desk.client.post(path, data=mine, headers={"origin": BASE})).status_code == 403


async def test_a_full_disk_is_told_and_leaves_the_file_and_the_typed_text(
    studio: Studio, kim: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, before = await page(kim, TOPIC), studio.file()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        reply = await save(kim, opened, short="You may ache for a day or two. Typed on a full disk.")
    assert reply.status_code == 400
    assert "No space left on device" in reply.text and "make room on the disk" in reply.text
    assert "Typed on a full disk." in dict(form_fields(reply.text))["short"]
    assert studio.file() == before and not [*studio.data.folder.rglob("*.new"), *studio.data.folder.rglob(".*")]
    assert (await save(kim, opened, short="You may ache for a day or two. Saved later.")).is_redirect


async def test_no_address_leads_out_of_the_folder(studio: Studio, kim: Browser) -> None:
    for name in ("nowhere", "..%2Fclinic", "Soreness", "x" * 80):
        for path in (f"/studio/topics/{name}", f"/studio/topics/{name}/history"):
            assert (await kim.client.get(path, headers=HTML)).status_code == 404, path


async def sign(studio: Studio, person: Browser, **fields: str) -> object:
    seen = studio.work.topics().open("soreness").digest
    return await person.post(f"{TOPIC}/sign", TOPIC, **{"seen": seen, "review_by": "2027-02-01", **fields})


async def test_only_a_clinical_reviewer_signs_and_only_what_they_have_seen(studio: Studio, kim: Browser) -> None:
    robin = await studio.person("robin", "clinical_reviewer")
    assert "Sign what is saved" not in await page(kim, TOPIC)
    assert (await sign(studio, kim)).status_code == 403  # type: ignore[attr-defined]
    assert (await sign(studio, robin, seen="0" * 16)).status_code == 409  # type: ignore[attr-defined]
    for wrong in ("", "tomorrow", "2020-01-01"):
        assert (await sign(studio, robin, review_by=wrong)).status_code == 409  # type: ignore[attr-defined]
    assert 'reviewer: ""' in studio.file()
    assert (await sign(studio, robin)).status_code == 303  # type: ignore[attr-defined]
    assert "Signed by <strong>Robin</strong> on 2026-11-21, until 2027-02-01" in await page(kim, TOPIC)
    assert (await save(kim, await page(kim, TOPIC), review_by="2028-01-01")).status_code == 400
    assert (await save(kim, await page(kim, TOPIC), short="You may ache for a day or two. Really.")).is_redirect
    assert 'reviewer: ""' in studio.file()


async def test_history_shows_who_changed_what_and_brings_it_back(studio: Studio, kim: Browser) -> None:
    for title in ("First?", "Second?"):
        assert (await save(kim, await page(kim, TOPIC), title=title)).is_redirect
    shown = await page(kim, f"{TOPIC}/history")
    assert shown.count(": Kim</h2>") == 2 and "edited outside the studio" in shown
    changed = re.findall(r'<li class="(added|removed)">.*?</span> ([^<]*)</li>', shown)
    assert (
        changed[:2] == [("removed", "First?"), ("added", "Second?")] and "<h3>Question above the answer</h3>" in shown
    )
    first = studio.work.topics().history.of("soreness")[1]
    reply = await kim.post(f"{TOPIC}/restore", f"{TOPIC}/history", version=first.id)
    assert reply.status_code == 303
    assert studio.data.load().topics["soreness"].title == "First?"
    assert (await kim.post(f"{TOPIC}/restore", f"{TOPIC}/history", version="nope")).status_code == 409


async def test_a_new_topic_is_a_draft_until_it_is_complete(studio: Studio, kim: Browser) -> None:
    assert (await kim.post("/studio/topics", "/studio/topics", title="?!")).status_code == 400
    begun = await kim.post("/studio/topics", "/studio/topics", title="What is cupping?")
    assert begun.headers["location"] == "/studio/topics/cupping"
    shown = await page(kim, "/studio/topics/cupping")
    assert "It still lacks: 24 more examples, short, more, review-by, sources." in shown
    assert (await kim.post("/studio/topics/cupping/adopt", "/studio/topics/cupping")).status_code == 409
    fields: dict[str, list[str]] = {}
    written = {
        "examples": "\n".join(f"is cupping good number {number}" for number in range(25)),
        "short": "It is a cup.",
        "more": "It is a cup on the skin.",
        "source": "003",
    }
    for name, value in form_fields(shown):
        fields.setdefault(name, []).append(written.pop(name, value))
    reply = await kim.client.post("/studio/topics/cupping", data=fields, headers={"origin": BASE})
    assert reply.status_code == 303, reply.text
    assert "It is complete." in await page(kim, "/studio/topics/cupping")
    assert (await kim.post("/studio/topics/cupping/adopt", "/studio/topics/cupping")).status_code == 303
    assert studio.data.load().topics["cupping"].short == "It is a cup."


async def test_the_answer_is_looked_at_while_it_is_written(studio: Studio, kim: Browser) -> None:
    headers = {"origin": BASE, "x-csrf-token": await kim.token(TOPIC)}
    typed = {
        "title": "Sore?",
        "short": f"This cures you. {'word ' * 70}. Call {{clinic_phone}}.",
        "more": "- One.\n- Two.",
    }
    shown = (await kim.client.post(f"{TOPIC}/parts/answer", data=typed, headers=headers)).text
    assert "74 words <small>are too many: at most 60" in shown
    assert "says &#39;cures&#39;, but it is not known to" in shown
    assert "The answer names no source" in shown
    assert "250-555-0100" in shown and "<li>One.</li><li>Two.</li>" in shown


async def test_examples_are_looked_at_while_they_are_written(studio: Studio, kim: Browser) -> None:
    headers = {"origin": BASE, "x-csrf-token": await kim.token(TOPIC)}
    typed = "will it ache tomorrow\nache tomorrow will it\nlet me talk to person number 7\nI cannot breathe"
    shown = (await kim.client.post(f"{TOPIC}/parts/examples", data={"examples": typed}, headers=headers)).text
    assert "4 examples: 21 more are needed" in shown
    assert "0 with a question mark <small>of at least 2." in shown
    assert "teach the same (1.00)" in shown
    assert "of the topic human (1.00): patients may get either answer" in shown
    assert "“I cannot breathe” sounds like danger (E01)" in shown
