"""The reviewer's list and the specific questions: what waits, what is new in it, and signing several at once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.studio.meaning import Meaning
from tests.gateway.conftest import Start
from tests.support.publishing_site import Site
from tests.support.staff import BASE, Browser
from tests.support.studio_site import HTML, Studio, encode, page, studio_at_work

HERE, QUESTIONS = "/studio/review", "/studio/topics/soreness/questions"


@pytest.fixture
async def studio(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    monkeypatch.setattr(Meaning, "_by_engine", lambda _, texts: encode(texts))
    async with studio_at_work(start, tmp_path) as running:
        site = Site(tmp_path)
        site.models.train()
        ours = running.work.publishing
        ours.models = ours.clearances._models = site.models
        yield running


async def sent(person: Browser, path: str, **fields: object) -> tuple[int, str]:
    data = {"csrf": await person.token("/studio/topics"), **fields}
    reply = await person.client.post(path, data=data, headers={"origin": BASE, **HTML})
    return reply.status_code, reply.text


def keys(shown: str) -> list[str]:
    return re.findall(r'name="text" value="([^"]+)"', shown)


async def new_question(studio: Studio, author: str = "kim") -> Browser:
    kim = await studio.person(author)
    status, text = await sent(
        kim, QUESTIONS, title="When may I swim?", text="After a day.", examples="can i swim\nmay i go to the pool"
    )
    assert status == 303, text
    return kim


async def test_a_new_question_has_its_examples_and_waits_for_a_signature_of_its_own(studio: Studio) -> None:
    kim = await new_question(studio)

    topic = studio.data.load().topics["soreness"]
    (answer,) = topic.answers.values()
    assert (answer.title, answer.text, answer.reviewer) == ("When may I swim?", "After a day.", "")
    assert answer.examples == ("can i swim", "may i go to the pool")
    assert answer.sources == topic.sources
    assert "When may I swim?" in await page(kim, QUESTIONS)
    assert "not signed" in await page(kim, "/studio/publish")
    assert "New texts waiting for you (1)" in await page(kim, HERE)


async def test_examples_of_the_topic_move_to_the_question_that_they_ask(studio: Studio) -> None:
    kim = await new_question(studio)
    (id,) = studio.data.load().topics["soreness"].answers
    examples = "Does it ache on day 3?\nis the lake ok"
    assert (await sent(kim, f"{QUESTIONS}/{id}/examples", examples=examples))[0] == 303
    topic = studio.data.load().topics["soreness"]
    assert topic.answers[id].examples[-2:] == ("Does it ache on day 3?", "is the lake ok")
    assert sum(example.casefold().startswith("does it ache on day 3") for example in topic.examples) == 1


async def test_several_texts_are_signed_at_once_and_a_change_shows_what_is_new(studio: Studio) -> None:
    await new_question(studio)
    ben = await studio.person("ben", "clinical_reviewer")
    chosen = keys(await page(ben, f"{HERE}?topic=soreness"))
    assert len(set(chosen)) == 2, "the topic's own text, and its question"

    status, text = await sent(ben, HERE, text=sorted(set(chosen)), review_by="2099-01-01")

    assert status == 200 and "2 texts are signed" in text
    topic = studio.data.load().topics["soreness"]
    assert {topic.reviewer, *(answer.reviewer for answer in topic.answers.values())} == {"Ben"}

    lee, (id,) = await studio.person("lee"), topic.answers
    await sent(lee, f"{QUESTIONS}/{id}", title="When may I swim?", text="After two days.")
    shown = await page(ben, HERE)
    assert re.search(r"removed: </span> After a day\..*added: </span> After two days\.", shown, re.S)


async def test_nobody_signs_what_they_wrote_unless_the_clinic_has_one_clinician(studio: Studio) -> None:
    ana = await studio.person("ana", "trainer", "clinical_reviewer")
    await sent(ana, QUESTIONS, title="When may I swim?", text="After a day.", examples="can i swim")
    chosen = keys(await page(ana, HERE))

    status, text = await sent(ana, HERE, text=chosen, review_by="2099-01-01")

    assert status == 409 and "You wrote this text yourself" in text
    (answer,) = studio.data.load().topics["soreness"].answers.values()
    assert not answer.reviewer
    file = studio.data.folder / "studio.yml"
    file.write_text(file.read_text("utf-8").replace("one_clinician: false", "one_clinician: true"), "utf-8")
    assert (await sent(ana, HERE, text=chosen, review_by="2099-01-01"))[0] == 200


async def test_what_changed_after_it_was_read_is_not_signed(studio: Studio) -> None:
    await new_question(studio)
    ben = await studio.person("ben", "clinical_reviewer")
    chosen = keys(await page(ben, HERE))
    (id,) = studio.data.load().topics["soreness"].answers
    await sent(await studio.person("lee"), f"{QUESTIONS}/{id}", title="When may I swim?", text="Never.")
    status, text = await sent(ben, HERE, text=chosen, review_by="2099-01-01")
    assert status == 409 and "was changed after you opened it" in text
    assert (await sent(ben, HERE, review_by="2099-01-01"))[0] == 409


async def test_only_reviewers_sign_and_bad_input_is_told(studio: Studio) -> None:
    kim = await new_question(studio)
    assert 'name="text"' not in await page(kim, HERE)
    assert (await sent(kim, HERE, text=["soreness.:0"], review_by="2099-01-01"))[0] == 403
    for title, text, examples in (
        ("", "x", "y"),
        ("When?", "<b>Now</b>", "when now"),
        ("When?", "Now.", " \n "),
        ("When?", "{nonsense}", "when now"),
    ):
        status, shown = await sent(kim, QUESTIONS, title=title, text=text, examples=examples)
        assert status == 409, (title, text)
        assert "<b>Now" not in shown
    assert (await sent(kim, f"{QUESTIONS}/nothing", title="a", text="b"))[0] == 409
    await page(kim, "/studio/topics/nothing/questions", 404)


async def test_a_message_of_the_inbox_is_filed_under_the_question_that_it_asks(studio: Studio) -> None:
    kim = await new_question(studio)
    await studio.work.inbox.bring(["is a swim ok tomorrow"])
    (message,) = await studio.work.inbox.open()
    data = {"csrf": await kim.token("/studio"), "ids": [str(message.id)], "topic": "soreness"}
    taught = await kim.client.post("/studio/inbox/teach", data=data, headers={"origin": BASE})
    shown = await page(kim, taught.headers["location"])
    assert "Which question of Will I be sore? is it?" in shown
    done = re.search(r'name="done" value="([^"]+)"', shown)
    assert done
    (id,) = studio.data.load().topics["soreness"].answers

    assert (await sent(kim, "/studio/inbox/question", done=done[1], answer=id))[0] == 303

    assert studio.data.load().topics["soreness"].answers[id].examples[-1] == "is a swim ok tomorrow"
    assert (await sent(kim, "/studio/inbox/question", done=done[1], answer="no"))[0] == 409
    await sent(kim, "/studio/inbox/undo", done=done[1])
    assert "is a swim ok tomorrow" not in studio.data.load().topics["soreness"].examples


async def test_a_reviewer_asks_for_a_change_and_who_wrote_the_text_sees_it(studio: Studio) -> None:
    kim = await new_question(studio)
    ben = await studio.person("ben", "clinical_reviewer")
    (key,) = set(keys(await page(ben, HERE)))
    (id,) = studio.data.load().topics["soreness"].answers

    for comment, status in (("  ", 409), ("Say <b>why</b>, please.", 303)):
        assert (await sent(ben, f"{HERE}/change", change=key, **{f"comment:{key}": comment}))[0] == status

    first = await page(kim, "/studio")
    assert "Reviewers ask for changes" in first and "for you" in first
    assert "Say &lt;b&gt;why&lt;/b&gt;, please." in first
    assert "for you" not in await page(await studio.person("lee"), "/studio")
    assert "Ben asks for a change" in await page(kim, QUESTIONS)
    assert "It has not been changed yet" in await page(ben, HERE)

    await sent(kim, f"{QUESTIONS}/{id}", title="When may I swim?", text="After a day, so that it can close.")
    assert "Reviewers ask for changes" not in await page(kim, "/studio")
    assert "It has been changed since" in await page(ben, HERE)
    (now,) = set(keys(await page(ben, HERE)))
    await sent(ben, HERE, text=[now], review_by="2099-01-01")
    assert studio.work.change_requests.all() == []


async def test_only_reviewers_ask_for_changes_and_only_of_what_they_read(studio: Studio) -> None:
    kim = await new_question(studio)
    ben = await studio.person("ben", "clinical_reviewer")
    (key,) = set(keys(await page(ben, HERE)))
    assert (await sent(kim, f"{HERE}/change", change=key, **{f"comment:{key}": "No."}))[0] == 403
    for wrong in ("soreness.nothing:" + key.partition(":")[2], "nothing.:0", "soreness.:0", ""):
        assert (await sent(ben, f"{HERE}/change", change=wrong, **{f"comment:{wrong}": "No."}))[0] == 409, wrong
    assert studio.work.change_requests.all() == []
