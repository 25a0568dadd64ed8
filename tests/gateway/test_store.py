"""The store: numbers without gaps, nothing lost, nothing doubled, whatever is killed when."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, text

from gateway.storage.database import Database
from gateway.storage.records import Draft, KeyReused, TurnOutcome, UnknownConversation
from gateway.storage.store import Store, _find
from gateway.storage.tables import metadata


def said(words: str) -> Draft:
    return Draft("patient", "message", {"text": words})


def reply(words: str) -> Draft:
    return Draft("assistant", "chat", {"text": words})


async def test_the_database_waits_for_the_disk(store: Store) -> None:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    found = await store._database.read(
        lambda connection: [connection.execute(text(f"PRAGMA {name}")).scalar() for name in names]
    )
    assert found == ["wal", 2, 1, 10000]


async def test_numbers_have_no_gap_and_no_double_when_many_write_at_once(store: Store) -> None:
    conversation, _, _ = await store.open()
    events = await asyncio.gather(*(store.append(conversation.id, said(str(n)), f"k{n}") for n in range(40)))
    assert sorted(event.seq for event, _ in events) == list(range(1, 41))
    assert [event.seq for event in await store.history(conversation.id)] == list(range(1, 41))


async def test_two_stores_on_one_file_share_the_numbers(store: Store, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    other = Store(database)
    conversation, _, _ = await store.open()
    await asyncio.gather(
        *(one.append(conversation.id, said(str(n)), f"k{n}") for n in range(20) for one in (store, other))
    )
    assert [event.seq for event in await store.history(conversation.id)] == list(range(1, 21))
    await database.close()


async def test_a_message_is_settled_once(store: Store) -> None:
    conversation, _, _ = await store.open()
    event, _ = await store.append(conversation.id, said("hello"))
    outcomes = [TurnOutcome(replies=(reply(f"answer {n}"),), desk=("asked",)) for n in range(5)]
    settled = await asyncio.gather(*(store.settle(conversation.id, event.seq, outcome) for outcome in outcomes))
    assert sum(bool(events) for events in settled) == 1
    assert len(await store.history(conversation.id)) == 2
    assert len(await store.open_desk_items()) == 1


async def test_a_key_belongs_to_one_message_of_one_conversation(store: Store) -> None:
    one, _, _ = await store.open()
    two, _, _ = await store.open()
    assert (await store.append(one.id, said("hello"), "k"))[1]
    assert (await store.append(two.id, said("hello"), "k"))[1]
    with pytest.raises(KeyReused):
        await store.append(one.id, said("other"), "k")


async def test_what_is_forgotten_is_gone_with_all_its_events(store: Store) -> None:
    conversation, _, _ = await store.open(reply("hi"))
    event, _ = await store.append(conversation.id, said("hello"))
    await store.settle(conversation.id, event.seq, TurnOutcome(desk=("asked",)))
    await store.forget(conversation.id)
    assert await store.history(conversation.id) == []
    assert await store.open_desk_items() == []
    with pytest.raises(UnknownConversation):
        await store.append(conversation.id, said("hello"))


async def test_the_token_is_not_in_the_database(store: Store, tmp_path: Path) -> None:
    conversation, token, _ = await store.open()
    assert conversation.opens_with(token)
    assert not conversation.opens_with(token + "x")
    for file in tmp_path.iterdir():
        assert token.encode() not in file.read_bytes()


QUERIES = [
    "SELECT * FROM events WHERE conversation_id = 'x' AND seq > 5 ORDER BY seq LIMIT 500",
    "SELECT * FROM events WHERE conversation_id = 'x' AND client_key = 'k'",
    "SELECT * FROM events WHERE conversation_id = 'x' AND seq >= 5 AND (seq = 5 OR in_reply_to = 5) ORDER BY seq",
    "SELECT * FROM events WHERE conversation_id = 'x' AND state = 'received' ORDER BY seq LIMIT 1",
    "SELECT DISTINCT conversation_id FROM events WHERE state = 'received'",
    "SELECT * FROM conversations WHERE sender = 'x'",
    "SELECT * FROM desk_items WHERE state = 'open' ORDER BY created_at, id LIMIT 200",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_no_query_reads_the_whole_log_or_sorts_it(store: Store, tmp_path: Path, query: str) -> None:
    with sqlite3.connect(tmp_path / "store.sqlite3") as connection:
        plan = " | ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "USING INDEX" in plan or "USING COVERING INDEX" in plan
    assert "TEMP B-TREE" not in plan.replace("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "")
    if "received" in query:
        assert "ix_events_unanswered" in plan


async def test_migrations_make_what_the_tables_say_and_can_be_taken_back(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'migrations.sqlite3'}")
    await database.upgrade()
    await database.upgrade()
    differences = await database.read(lambda c: compare_metadata(MigrationContext.configure(c), metadata))
    assert differences == []
    await database.downgrade("base")
    names = text("SELECT name FROM sqlite_master WHERE type = 'table'")
    left = await database.read(lambda connection: connection.execute(names).scalars().all())
    assert left == ["alembic_version"]
    await database.upgrade()
    await database.close()


async def test_a_migration_loses_no_conversation_and_nothing_that_was_said(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'migrations.sqlite3'}")
    await database.upgrade()
    store = Store(database)
    conversation, _, _ = await store.open(Draft("assistant", "chat", {"text": "Hello"}))
    before = await store.conversation(conversation.id), await store.history(conversation.id)
    for older in ("0006", "0005"):
        await database.downgrade(older)
        await database.upgrade()
        assert (await store.conversation(conversation.id), await store.history(conversation.id)) == before
    await database.close()


class StoreMachine(RuleBasedStateMachine):
    """Appends, retries, answers and crashes in any order, compared with a plain list."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.log: list[tuple[str, int | None]] = []  # words, in reply to
        self.keys: dict[str, tuple[int, str]] = {}
        self.unanswered: list[int] = []
        self._open()
        self.conversation, _, _ = self._run(self.store.open())

    def _open(self) -> None:
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'machine.sqlite3'}")
        self._run(self.database.upgrade())
        self.store = Store(self.database)

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(coroutine)

    @rule(key=st.sampled_from("abcdefgh"), words=st.text(max_size=20))
    def send(self, key: str, words: str) -> None:
        words = words.encode("utf-8", "ignore").decode()
        if key in self.keys and self.keys[key][1] != words:
            with pytest.raises(KeyReused):
                self._run(self.store.append(self.conversation.id, said(words), key))
            return
        event, new = self._run(self.store.append(self.conversation.id, said(words), key))
        if key in self.keys:
            assert (event.seq, new) == (self.keys[key][0], False)
            return
        assert (event.seq, new) == (len(self.log) + 1, True)
        self.log.append((words, None))
        self.keys[key] = (event.seq, words)
        self.unanswered.append(event.seq)

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.keys)))
        seq, words = self.keys[key]
        event, new = self._run(self.store.append(self.conversation.id, said(words), key))
        assert (event.seq, new) == (seq, False)

    @precondition(lambda self: self.keys)
    @rule(count=st.integers(0, 3), data=st.data())
    def answer(self, count: int, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from([seq for seq, _ in self.keys.values()]))
        outcome = TurnOutcome(replies=tuple(reply(f"{seq}.{n}") for n in range(count)))
        said_now = self._run(self.store.settle(self.conversation.id, seq, outcome))
        if seq not in self.unanswered:
            assert said_now == []
            return
        self.unanswered.remove(seq)
        self.log += [(f"{seq}.{n}", seq) for n in range(count)]

    @precondition(lambda self: self.unanswered)
    @rule()
    def crash_in_the_middle_of_an_answer(self) -> None:
        """The transaction was begun and half written when the process went."""

        def half(connection: Connection) -> None:
            conversation = _find(connection, self.conversation.id, lock=True)
            self.store._add(connection, conversation, [reply("half")], in_reply_to=self.unanswered[0])
            raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            self._run(self.database.write(half))
        self.reopen()

    @rule()
    def reopen(self) -> None:
        self._run(self.database.close())
        self._open()

    @invariant()
    def the_log_is_what_was_acknowledged(self) -> None:
        events = self._run(self.store.history(self.conversation.id))
        assert [event.seq for event in events] == list(range(1, len(self.log) + 1))
        assert [(event.body["text"], event.in_reply_to) for event in events] == self.log

    @invariant()
    def the_next_to_answer_is_the_first_unanswered(self) -> None:
        turn = self._run(self.store.next_turn(self.conversation.id))
        assert (turn and turn.message.seq) == (min(self.unanswered) if self.unanswered else None)

    def teardown(self) -> None:
        self._run(self.database.close())
        self.loop.close()
        self.folder.cleanup()


StoreMachine.TestCase.settings = hypothesis_settings(max_examples=15, stateful_step_count=25, deadline=None)
TestStore = pytest.mark.slow(StoreMachine.TestCase)
