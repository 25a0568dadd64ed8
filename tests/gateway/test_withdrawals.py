"""A withdrawn answer: taken back while the gateway runs, withheld everywhere within seconds, and given again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from gateway.answers.withdrawals import Withdrawals
from gateway.cli import main as cli
from gateway.settings import Settings
from gateway.storage.database import Database
from knowledge import Knowledge
from tests.gateway.conftest import Gateway, Start

QUICK = 0.05
PLACES = {
    "page": "/answers/what_is_ims",
    "search": "/answers?q=what+is+ims",
    "home": "/",
    "handout": "/answers/handout?topics=what_is_ims",
}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 18, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
async def elsewhere(settings: Settings) -> AsyncIterator[Withdrawals]:
    """The withdrawals as another process, such as the command line, sees them."""
    database = Database(settings.database_url)
    await database.upgrade()
    yield Withdrawals(database, Clock())
    await database.close()


async def soon(true: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it becomes true within two seconds."""
    async with asyncio.timeout(2):
        while not await true():
            await asyncio.sleep(QUICK / 2)
    return True


async def test_a_withdrawn_answer_is_withheld_in_the_running_chat_and_comes_back(
    start: Start, knowledge: Knowledge, elsewhere: Withdrawals
) -> None:
    async with start(withdrawal_poll=QUICK) as gateway:
        chat = await gateway.chat()
        (before,) = await chat.ask("will I be sore?")
        await elsewhere.withdraw("soreness", "the numbers are doubted")

        async def withheld() -> bool:
            (body,) = await chat.ask("will I be sore?")
            return body.get("withheld", False) and body["text"] == knowledge.wording("withheld")

        assert await soon(withheld)
        (more,) = await chat.ask(choice=before["buttons"][0]["id"])
        assert more["withheld"], "the longer answer is withheld too"
        (rest,) = await gateway.rest("will I be sore?")
        assert (rest["text"], rest["custom"]["withheld"]) == (knowledge.wording("withheld"), True)
        await elsewhere.restore("soreness")

        async def back() -> bool:
            (body,) = await chat.ask("will I be sore?")
            return body["topic"] == "soreness" and not body.get("withheld")

        assert await soon(back)


async def test_a_withdrawn_answer_is_withheld_on_pages_in_search_and_on_paper(
    start: Start, knowledge: Knowledge, elsewhere: Withdrawals
) -> None:
    topic = knowledge.topics["what_is_ims"]
    short = knowledge.fill(topic.short)[:40]
    texts = [knowledge.fill(text)[:40] for text in (topic.short, *(answer.text for answer in topic.answers.values()))]
    async with start(withdrawal_poll=QUICK) as gateway:
        shown = {place: (await gateway.client.get(path)) for place, path in PLACES.items()}
        assert short in shown["page"].text
        assert any(text in shown["search"].text for text in texts)
        assert shown["handout"].headers["content-type"] == "application/pdf"
        await elsewhere.withdraw("what_is_ims", "wrong")

        async def gone() -> bool:
            return short not in (await gateway.client.get(PLACES["page"])).text

        assert await soon(gone)
        for place, path in PLACES.items():
            page = await gateway.client.get(path)
            assert not any(text in page.text for text in texts), place
        assert page.status_code == 400, "a handout with it is refused"
        assert "/answers/what_is_ims<" not in (await gateway.client.get("/sitemap.xml")).text


async def test_a_withdrawal_outlives_a_restart(start: Start, elsewhere: Withdrawals) -> None:
    await elsewhere.withdraw("soreness", "wrong")
    async with start() as gateway:
        (body,) = await (await gateway.chat()).ask("will I be sore?")
    assert body["withheld"]


async def test_it_is_withheld_from_then_on_and_not_from_a_date(elsewhere: Withdrawals, knowledge: Knowledge) -> None:
    topic = knowledge.topics["soreness"]
    day = topic.review_by
    assert not elsewhere.withheld(topic, day)
    assert elsewhere.withheld(topic, day + timedelta(days=1)), "an overdue answer is withheld all the same"
    await elsewhere.withdraw("soreness", "wrong")
    assert elsewhere.withheld(topic, day)


async def test_a_withdrawn_topic_takes_its_specific_answers_with_it(
    elsewhere: Withdrawals, knowledge: Knowledge
) -> None:
    first, second, *_ = knowledge.topics["soreness"].answers.values()
    day = min(first.review_by, second.review_by)
    await elsewhere.withdraw(first.name, "wrong")
    assert elsewhere.withheld(first, day) and not elsewhere.withheld(second, day)
    await elsewhere.withdraw("soreness", "wrong")
    assert elsewhere.withheld(second, day)


async def test_while_the_database_is_away_what_was_withdrawn_stays_so(
    gateway: Gateway, elsewhere: Withdrawals, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await elsewhere.withdraw("soreness", "wrong")
    tried = asyncio.Event()

    async def away() -> None:
        tried.set()
        raise OSError

    monkeypatch.setattr(elsewhere, "_poll", QUICK)
    await elsewhere.start()
    monkeypatch.setattr(elsewhere, "all", away)
    async with asyncio.timeout(2):
        await tried.wait()
    assert elsewhere.withheld(knowledge.topics["soreness"], datetime(2026, 11, 21, tzinfo=UTC).date())
    await elsewhere.close()


def test_the_command_line_withdraws_and_restores(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMS_DATABASE", settings.database_url)
    run = CliRunner().invoke
    withdrawn = run(cli.app, ["topic", "withdraw", "soreness", "--reason", "the numbers are doubted"])
    assert withdrawn.exit_code == 0
    listed = run(cli.app, ["topic", "withdrawn"])
    assert "soreness" in listed.output and "the numbers are doubted" in listed.output
    assert run(cli.app, ["topic", "restore", "soreness"]).exit_code == 0
    assert "soreness" not in run(cli.app, ["topic", "withdrawn"]).output


def test_the_command_line_refuses_what_it_cannot_do(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMS_DATABASE", settings.database_url)
    run = CliRunner().invoke
    assert run(cli.app, ["topic", "withdraw", "sorenes", "--reason", "wrong"]).exit_code == 1
    assert run(cli.app, ["topic", "withdraw", "soreness"]).exit_code != 0, "a reason is needed"
    assert run(cli.app, ["topic", "restore", "soreness"]).exit_code == 1
    assert run(cli.app, ["incidents", "close", "7"]).exit_code == 1
