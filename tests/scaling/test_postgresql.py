"""The store's promises hold on PostgreSQL, also for several gateways that write at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import inspect

from gateway.clock import utc_now
from gateway.desk.mail import Mailer
from gateway.desk.service import mail
from gateway.handoff.links import Links
from gateway.settings import Settings
from gateway.storage import handoffs
from gateway.storage.database import Database
from gateway.storage.records import Draft, KeyReused, TurnOutcome
from gateway.storage.store import Locked, Store
from gateway.storage.tables import metadata
from knowledge import Knowledge
from tests.support.query_plans import a_day, reads_everything, recorded
from tests.support.services import PostgreSql
from tests.support.system import needs

pytestmark = needs("postgresql")


def said(text: str) -> Draft:
    return Draft("patient", "message", {"text": text})


@pytest.fixture
async def two(postgres: PostgreSql) -> AsyncIterator[tuple[Store, Store]]:
    """The stores of two gateways on one database, which both bring up to date at once."""
    postgres.empty()
    databases = [Database(postgres.url), Database(postgres.url)]
    await asyncio.gather(*(database.upgrade() for database in databases))
    yield Store(databases[0]), Store(databases[1])
    for database in databases:
        await database.close()


async def test_migrations_make_what_the_tables_say_and_can_be_taken_back(postgres: PostgreSql) -> None:
    postgres.empty()
    database = Database(postgres.url)
    await database.upgrade()

    def names(connection: object) -> set[str]:
        found = set(inspect(connection).get_table_names())
        return found - {"alembic_version"}

    assert await database.read(names) == set(metadata.tables)
    for table in metadata.tables.values():
        columns = await database.read(lambda c, name=table.name: inspect(c).get_columns(name))  # type: ignore[misc]
        assert {column["name"] for column in columns} == set(table.c.keys())
    await database.downgrade("base")
    assert await database.read(names) == set()
    await database.close()


async def test_numbers_have_no_gap_and_no_double_when_gateways_write_at_once(two: tuple[Store, Store]) -> None:
    conversation, _, _ = await two[0].open()
    await asyncio.gather(*(two[n % 2].append(conversation.id, said(str(n)), f"key-{n}") for n in range(40)))
    history = await two[0].history(conversation.id)
    assert [event.seq for event in history] == list(range(1, 41))
    assert {event.body["text"] for event in history} == {str(n) for n in range(40)}


async def test_a_key_sends_once_through_whichever_gateway(two: tuple[Store, Store]) -> None:
    conversation, _, _ = await two[0].open()
    sent = await asyncio.gather(*(two[n % 2].append(conversation.id, said("hello"), "key") for n in range(8)))
    assert [new for _, new in sent].count(True) == 1
    with pytest.raises(KeyReused):
        await two[1].append(conversation.id, said("other"), "key")


async def test_a_new_sender_gets_one_conversation_through_whichever_gateway(two: tuple[Store, Store]) -> None:
    for sender in ("one", "two", "three"):
        events = await asyncio.gather(*(two[n % 2].append_from(sender, said(str(n))) for n in range(6)))
        assert len({event.conversation_id for event in events}) == 1
        assert sorted(event.seq for event in events) == [1, 2, 3, 4, 5, 6]


async def test_a_message_is_settled_once_by_whichever_gateway(two: tuple[Store, Store]) -> None:
    conversation, _, _ = await two[0].open()
    await two[0].append(conversation.id, said("hello"))
    outcome = TurnOutcome(
        (Draft("assistant", "chat", {"text": "Hello!"}),), desk=("asked",), slots={"topic": "soreness"}
    )
    settled = await asyncio.gather(*(store.settle(conversation.id, 1, outcome) for store in two))
    assert sorted(len(events) for events in settled) == [0, 1]
    assert len(await two[0].open_desk_items()) == 1
    assert (await two[1].conversation(conversation.id)).slots == {"topic": "soreness"}
    assert await two[0].unanswered() == []


async def test_what_is_forgotten_is_gone_with_all_its_events(two: tuple[Store, Store]) -> None:
    conversation, _, _ = await two[0].open(said("zebra"))
    await two[0].forget(conversation.id)
    assert await two[1].history(conversation.id) == []
    assert not await two[1].exists(conversation.id)


async def test_the_last_card_is_found(two: tuple[Store, Store]) -> None:
    card = Draft("assistant", "screening", {"text": "Which?", "card": {"id": "you"}})
    conversation, _, _ = await two[0].open(card)
    await two[0].append(conversation.id, said("hm"), "key")
    found = await two[1].last_card(conversation.id, "key")
    assert found is not None and found.body["card"]["id"] == "you"


async def test_a_restarted_server_is_found_again(postgres: PostgreSql, two: tuple[Store, Store]) -> None:
    conversation, _, _ = await two[0].open(said("before"))
    await asyncio.to_thread(postgres.stop)
    with pytest.raises(Exception, match=r"."):
        await two[0].history(conversation.id)
    await asyncio.to_thread(postgres.start)
    assert [event.body["text"] for event in await two[0].history(conversation.id)] == ["before"]
    await two[1].append(conversation.id, said("after"))


async def test_no_message_and_no_queue_reads_a_whole_table(two: tuple[Store, Store]) -> None:
    with recorded() as statements:
        await a_day(two[0])
    assert len(statements) > 15
    found = await two[0]._database.read(lambda connection: reads_everything(connection, statements))
    assert not found, "\n\n".join(found)


async def test_of_two_gateways_one_sends_an_email(two: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch) -> None:
    knowledge, sent = Knowledge.load(Path("data")), list[str]()
    settings = Settings(smtp_host="127.0.0.1", public_url="https://chat.clinic.example")
    mailers = [
        Mailer(settings, store._database, knowledge, Links("shared", settings.public_url).to, utc_now) for store in two
    ]

    def delivered(self: Mailer, message: EmailMessage) -> None:
        time.sleep(0.2)  # as a mail server takes
        sent.append(str(message["To"]))

    monkeypatch.setattr(Mailer, "_deliver", delivered)
    for number in range(6):
        conversation, _, _ = await two[0].open()

        def asks(locked: Locked, number: int = number) -> None:
            handoffs.begin(locked.connection, locked.conversation.id, "asked", False, locked.now)
            handoffs.change(locked.connection, locked.conversation.id, contact=f"patient-{number}@example.org")
            mail(locked, "answer")

        await two[0].within(conversation.id, asks)
    assert sum(await asyncio.gather(*(mailer.send_waiting() for mailer in mailers))) == 6
    assert sorted(sent) == [f"patient-{number}@example.org" for number in range(6)]


async def test_an_email_that_could_not_be_sent_waits_for_the_next_time(
    two: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(smtp_host="127.0.0.1", public_url="https://chat.clinic.example")
    mailer = Mailer(settings, two[0]._database, Knowledge.load(Path("data")), Links("s", "").to, utc_now)

    def refused(self: Mailer, message: EmailMessage) -> None:
        raise OSError("connection refused")

    conversation, _, _ = await two[0].open()

    def asks(locked: Locked) -> None:
        handoffs.begin(locked.connection, locked.conversation.id, "asked", False, locked.now)
        handoffs.change(locked.connection, locked.conversation.id, contact="pat@example.org")
        mail(locked, "answer")

    await two[0].within(conversation.id, asks)
    monkeypatch.setattr(Mailer, "_deliver", refused)
    assert await mailer.send_waiting() == 0
    monkeypatch.setattr(Mailer, "_deliver", lambda self, message: None)
    assert [await mailer.send_waiting(), await mailer.send_waiting()] == [1, 0]
