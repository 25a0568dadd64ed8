"""`/studio/import`: chats and FAQ lists come in from a file, without personal details, and the file is kept nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.studio.meaning import Meaning
from tests.gateway.conftest import Start
from tests.support.staff import BASE, Browser
from tests.support.studio_site import HTML, Studio, encode, page, studio_at_work

HERE = "/studio/import"
CHATS = (
    "author,message\npatient,is there a bus to you\nclinic,yes the 14\npatient,call me at 250-555-0199 about the bus\n"
)
FAQ = "question,answer\nDoes it ache on day 7?,A little.\nDo you have a pool?,Yes. Ask Pat Smith at 250-555-0199.\n"


@pytest.fixture
async def studio(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    monkeypatch.setattr(Meaning, "_by_engine", lambda _, texts: encode(texts))
    async with studio_at_work(start, tmp_path) as running:
        yield running


async def given(person: Browser, what: str, name: str, raw: bytes, status: int = 200) -> str:
    reply = await person.client.post(
        f"{HERE}/{what}",
        data={"csrf": await person.token(HERE)},
        files={"file": (name, raw)},
        headers={"origin": BASE, **HTML},
    )
    assert reply.status_code == status, reply.text
    return reply.text


async def test_patients_words_of_old_chats_wait_in_the_inbox_without_details(studio: Studio) -> None:
    kim = await studio.person("kim")

    assert "2 new messages wait" in await given(kim, "chats", "chats.csv", CHATS.encode())

    texts = [message.text for message in await studio.work.inbox.open()]
    assert texts[0] == "is there a bus to you" and len(texts) == 2
    assert not any("0199" in text for text in texts)
    assert "brought in before" in await given(kim, "chats", "chats.csv", CHATS.encode())


async def test_an_faq_list_goes_to_the_inbox_or_becomes_drafts(studio: Studio) -> None:
    kim = await studio.person("kim")

    shown = await given(kim, "faq", "faq.csv", FAQ.encode())

    assert "2 questions were read" in shown
    assert [message.text for message in await studio.work.inbox.open()] == ["Does it ache on day 7?"]
    topics = studio.work.topics()
    (draft,) = topics.drafts
    assert topics.open(draft).examples == ["Do you have a pool?"]
    assert "0199" not in topics.open(draft).text and "Smith" not in topics.open(draft).text
    assert topics.history.of(draft)[0].author == "Kim"
    await given(kim, "faq", "faq.csv", FAQ.encode())
    assert topics.drafts == [draft]


async def test_what_is_no_list_or_too_large_is_refused_in_a_sentence(studio: Studio) -> None:
    kim = await studio.person("kim")
    assert "Excel" in await given(kim, "chats", "<b>chats</b>.xlsx", b"PK\x03\x04 packed", 400)
    assert "<b>chats" not in await given(kim, "faq", "<b>chats</b>.pdf", b"%PDF-1.7", 400)
    assert "too large" in await given(kim, "chats", "chats.csv", b"a" * 995_000, 400)
    whole = await given(kim, "chats", "chats.csv", b"a" * 1_100_000, 413)
    assert "<h1>This was not done</h1>" in whole, "a page, not a line for programs"
    reply = await kim.post(f"{HERE}/faq", HERE)
    assert reply.status_code == 400 and "No file was chosen" in reply.text
    await page(await studio.person("dee", "desk"), HERE, 403)


async def test_nothing_of_a_file_is_left_on_disk(studio: Studio, tmp_path: Path) -> None:
    kim = await studio.person("kim")
    await given(kim, "chats", "chats.csv", b"question\nis the zebra door open\nmy phone is 250-555-0199\n")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not any(b"0199" in file.read_bytes() for file in files)
