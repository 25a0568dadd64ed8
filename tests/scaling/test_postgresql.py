"""The store's promises hold on PostgreSQL, also for several gateways that write at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import inspect

from gateway.database import Database
from gateway.store import Draft, KeyReused, Outcome, Store
from gateway.tables import metadata
from tests.gateway.query_plans import a_day, reads_everything, recorded
from tests.scaling.services import PostgreSql
from tests.system import needs

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
    outcome = Outcome((Draft("assistant", "chat", {"text": "Hello!"}),), desk=("asked",), slots={"topic": "soreness"})
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
