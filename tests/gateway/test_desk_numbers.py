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
from gateway.storage.store import Store
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
        body = {"text": "words", "topic": topic, **({"name": "Ana"} if role == "staff" else {})}
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


async def test_what_a_chat_was_counted_as_stays_when_it_goes(database: Database, knowledge: Knowledge) -> None:
    noon = clinic_time(knowledge, DAY, 12)
    numbers = DeskNumbers(database, knowledge, lambda: noon)
    staff = ("staff", "message", None)
    await chat(database, "alone", noon, PATIENT, ANSWER, PATIENT, ("assistant", "unknown", None))
    await chat(database, "helped", noon, PATIENT, staff, staff)
    await asked(database, "helped", noon, wait=7)
    await asked(database, "alone", noon - timedelta(hours=2), wait=None, after_hours=True)
    await put(database, desk_items, conversation_id="helped", seq=1, reason="urgent", state="done", created_at=noon)
    before = await numbers.report(DAY, DAY)
    assert (before.chats, before.unreplied, before.unanswered) == (2, 1, 1)
    assert [(hour.hour, hour.chats, hour.asked) for hour in before.hours] == [(10, 0, 1), (12, 2, 1)]
    assert before.hours[1].wait == timedelta(minutes=7)
    assert [(each.name, each.chats, each.replies) for each in before.colleagues] == [("Ana", 1, 2)]
    store = Store(database, lambda: noon, zone=knowledge.clinic.timezone)
    await store.forget("alone")
    await store.forget("alone")  # it counts once
    assert await numbers.report(DAY, DAY) == before
    assert await store.purge(noon + timedelta(days=1)) == ["helped"]
    assert await numbers.report(DAY, DAY) == before
    assert (await numbers.report(DAY + timedelta(days=1), DAY + timedelta(days=400))).chats == 0


async def test_sums_go_after_two_years(database: Database, knowledge: Knowledge) -> None:
    noon = clinic_time(knowledge, DAY, 12)
    await chat(database, "c", noon, PATIENT, ANSWER)
    await Store(database, lambda: noon).forget("c")
    numbers = DeskNumbers(database, knowledge)
    for days, left in ((700, 1), (740, 0)):
        await Store(database, lambda days=days: noon + timedelta(days=days)).purge(noon)  # type: ignore[misc]
        assert (await numbers.report(DAY, DAY)).chats == left


async def test_who_waits_now_counts_once_the_wait_is_longer_than_usual(
    database: Database, knowledge: Knowledge
) -> None:
    noon = clinic_time(knowledge, DAY, 12)
    for number, wait in enumerate((1, 2, 3)):
        await chat(database, f"c{number}", noon, PATIENT)
        await asked(database, f"c{number}", noon, wait)
    for number in range(3):
        await chat(database, f"w{number}", noon, PATIENT)
        await asked(database, f"w{number}", noon, None, state="waiting", waiting_since=noon)
    soon = await DeskNumbers(database, knowledge, lambda: noon + timedelta(minutes=1)).report(DAY, DAY)
    assert (len(soon.waiting), soon.median_wait) == (3, timedelta(minutes=2))
    late = await DeskNumbers(database, knowledge, lambda: noon + timedelta(minutes=40)).report(DAY, DAY)
    assert (late.waiting[0], late.long_wait) == (timedelta(minutes=40), timedelta(minutes=40))


async def test_a_year_is_shown_by_week(database: Database, numbers: DeskNumbers, knowledge: Knowledge) -> None:
    for day in (DAY, DAY + timedelta(days=1), DAY + timedelta(days=30)):
        await chat(database, day.isoformat(), clinic_time(knowledge, day, 12), PATIENT, ANSWER)
    report = await numbers.report(DAY - timedelta(days=300), DAY + timedelta(days=64))
    assert len(report.days) == 365 and len(report.spans) == 53
    week = {span.day: span.chats for span in report.spans}[DAY - timedelta(days=DAY.weekday())]
    assert week == 2 and sum(span.chats for span in report.spans) == report.chats == 3


@pytest.mark.parametrize("role", ["desk", "trainer", "clinical_reviewer", "admin"])
async def test_everybody_of_the_clinic_may_see_the_numbers(gateway: Gateway, people: Accounts, role: str) -> None:
    await ready(people, "kim", role)
    kim = browser(gateway)
    await kim.login("kim")
    reply = await kim.client.get("/desk/report", headers={"accept": "text/html"})
    assert reply.status_code == 200 and 'href="/desk/report" aria-current="page"' in reply.text


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
