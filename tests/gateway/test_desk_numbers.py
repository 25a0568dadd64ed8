"""The desk's numbers: what is counted, on which day, and the same figures on the page and in the CSV."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.desk.numbers import DeskNumbers
from gateway.staff.accounts import Accounts
from gateway.storage.database import Database
from gateway.storage.tables import conversations, desk_items, events, handoffs, ratings
from knowledge import Knowledge
from tests.gateway.conftest import Gateway
from tests.support.staff import browser, ready

DAY = date(2026, 11, 20)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    here = Database(f"sqlite:///{tmp_path / 'numbers.sqlite3'}")
    await here.upgrade()
    yield here
    await here.close()


@pytest.fixture
def numbers(database: Database, knowledge: Knowledge) -> DeskNumbers:
    return DeskNumbers(database, knowledge)


async def put(database: Database, table: Any, **row: Any) -> None:
    await database.write(lambda connection: connection.execute(insert(table), row))


async def chat(database: Database, id: str, at: datetime, *said: tuple[str, str, str | None]) -> None:
    """A chat with events: role, kind, topic."""
    base = {"last_at": at, "created_at": at, "last_seq": len(said), "holder": "assistant", "slots": {}}
    await put(database, conversations, id=id, **base)
    for seq, (role, kind, topic) in enumerate(said, 1):
        body = {"text": "words", "topic": topic}
        await put(database, events, conversation_id=id, seq=seq, role=role, kind=kind, body=body, created_at=at)


async def asked(database: Database, id: str, at: datetime, wait: int | None, **more: Any) -> None:
    row = {"conversation_id": id, "reason": "asked", "state": "ended", "asked_at": at, "after_hours": False}
    replied = None if wait is None else at + timedelta(minutes=wait)
    await put(database, handoffs, **{**row, "replied_at": replied, "alerts": 0, **more})


def clinic_time(knowledge: Knowledge, day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 30, tzinfo=knowledge.clinic.timezone)


PATIENT, ANSWER = ("patient", "message", None), ("assistant", "answer", "soreness")


async def test_chats_are_counted_on_the_day_of_the_clinics_clock(
    database: Database, numbers: DeskNumbers, knowledge: Knowledge
) -> None:
    late = clinic_time(knowledge, DAY, 23)
    assert late.astimezone(UTC).date() != DAY
    await chat(database, "late", late, PATIENT, ANSWER)
    await chat(database, "silent", late, ANSWER)  # opened, and nothing asked
    assert (await numbers.report(DAY, DAY)).chats == 1
    after = await numbers.report(DAY + timedelta(days=1), DAY + timedelta(days=1))
    assert (after.chats, after.share_alone, after.median_wait) == (0, None, None)


async def test_what_a_person_took_was_not_answered_alone(
    database: Database, numbers: DeskNumbers, knowledge: Knowledge
) -> None:
    noon = clinic_time(knowledge, DAY, 12)
    for number in range(4):
        await chat(database, f"c{number}", noon, PATIENT, ANSWER)
    await asked(database, "c0", noon, wait=5)
    report = await numbers.report(DAY, DAY)
    assert (report.chats, report.alone, report.share_alone) == (4, 3, 0.75)
    assert [(count.name, count.count) for count in report.reasons] == [("asked", 1)]


async def test_waits_are_those_of_people_who_were_told_that_somebody_is_there(
    database: Database, numbers: DeskNumbers, knowledge: Knowledge
) -> None:
    noon = clinic_time(knowledge, DAY, 12)
    cases: list[tuple[int | None, dict[str, Any]]]
    cases = [(1, {}), (3, {}), (20, {}), (600, {"after_hours": True}), (0, {"reason": "desk"}), (None, {})]
    for number, (wait, more) in enumerate(cases):
        await chat(database, f"c{number}", noon, PATIENT)
        await asked(database, f"c{number}", noon, wait, **more)
    report = await numbers.report(DAY, DAY)
    assert (report.median_wait, report.long_wait) == (timedelta(minutes=3), timedelta(minutes=20))
    assert report.unreplied == 1


async def test_questions_misses_red_flags_and_ratings_are_counted(
    database: Database, numbers: DeskNumbers, knowledge: Knowledge
) -> None:
    noon = clinic_time(knowledge, DAY, 12)
    unknown, other = ("assistant", "unknown", None), ("assistant", "answer", "cost")
    await chat(database, "c", noon, PATIENT, ANSWER, PATIENT, ANSWER, PATIENT, other, PATIENT, unknown)
    await put(database, desk_items, conversation_id="c", seq=1, reason="urgent", state="done", created_at=noon)
    await put(database, desk_items, conversation_id="c", seq=1, reason="looks_wrong", state="done", created_at=noon)
    for verdict, day in (("helpful", DAY), ("helpful", DAY), ("not_helpful", DAY), ("helpful", date(2026, 1, 1))):
        await put(database, ratings, topic="soreness", version="1", verdict=verdict, day=day)
    report = await numbers.report(DAY, DAY)
    titles = [knowledge.topics["soreness"].title, knowledge.topics["cost"].title]
    assert [(count.name, count.count) for count in report.topics] == [(titles[0], 2), (titles[1], 1)]
    assert report.unanswered == 1
    assert [(count.name, count.count) for count in report.red_flags] == [("urgent", 1)]
    assert (report.helpful, report.not_helpful) == (2, 1)


async def test_the_page_is_a_table_and_the_csv_says_the_same(
    gateway: Gateway, people: Accounts, knowledge: Knowledge
) -> None:
    talk = await gateway.chat()
    await talk.ask("will I be sore?")
    await ready(people)
    ana = browser(gateway)
    await ana.login()
    page = (await ana.client.get("/desk/today")).text
    title = knowledge.topics["soreness"].title
    assert f'<th scope="row">{title}</th><td>1</td>' in page
    reply = await ana.client.get("/desk/report.csv")
    rows = list(csv.reader(reply.text.splitlines()))
    assert ["question", title, "1"] in rows
    assert sum(int(number) for what, _, number in rows if what == "chats") == 1


@pytest.mark.parametrize("period", ["first=nonsense", "first=2026-11-22&last=2026-11-21", "first=2001-01-01"])
async def test_a_period_that_is_none_is_refused(gateway: Gateway, people: Accounts, period: str) -> None:
    await ready(people)
    ana = browser(gateway)
    await ana.login()
    assert (await ana.client.get(f"/desk/report?{period}")).status_code == 400
