"""What was not understood comes to the trainers: once, without personal details, and gone with the chat."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from gateway.desk.proposals import Proposals
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.records import Body, Draft, Kind, TurnOutcome
from gateway.storage.store import Store
from gateway.storage.tables import metadata
from gateway.studio.inbox.inbox import Inbox, Message, grouped
from gateway.studio.meaning import Meaning
from tests.support.shipped import shipped_personal


def now() -> datetime:
    return datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'ims.sqlite3'}")
    await database.upgrade()
    yield database
    await database.close()


@pytest.fixture
def inbox(database: Database) -> Inbox:
    return Inbox(database, shipped_personal(), now)


async def said(store: Store, text: str, kind: Kind, conversation: str | None = None, **body: object) -> str:
    """A message and its answer; the id of the conversation."""
    id = conversation or (await store.open())[0].id
    event, _ = await store.append(id, Draft("patient", "message", {"text": text}))
    await store.settle(id, event.seq, TurnOutcome((Draft("assistant", kind, cast(Body, {"text": "-", **body})),)))
    return id


async def test_only_what_was_not_understood_comes_in_and_only_once(database: Database, inbox: Inbox) -> None:
    store = Store(database, now)
    await said(store, "do you needle horses, Gurpreet Brar 604-555-0182", "unknown", confidence=0.2)
    await said(store, "sore?", "clarify", offered=["soreness", "aftercare"], confidence=0.4)
    await said(store, "what is ims", "answer", topic="what_is_ims")

    assert [await inbox.gather(), await inbox.gather()] == [2, 0]

    first, second = await inbox.open()
    assert first.text == "do you needle horses, [name] [phone]"
    assert (first.reason, first.confidence) == ("unknown", 0.2)
    assert (second.reason, second.offered) == ("clarify", ("soreness", "aftercare"))


async def test_a_reply_that_the_desk_proposes_brings_its_question(database: Database, inbox: Inbox) -> None:
    id = await said(Store(database, now), "hello", "answer")
    await Proposals(database, now).add(id, "can I bring my dog, I am Gurpreet Brar", "No.", "ana")

    assert await inbox.gather() == 1
    assert [(m.text, m.reason) for m in await inbox.open()] == [("can I bring my dog, I am [name]", "corrected")]


async def test_messages_go_with_their_conversation(database: Database, inbox: Inbox) -> None:
    store = Store(database, now)
    id = await said(store, "do you needle horses", "unknown")
    await inbox.gather()
    await store.forget(id)

    assert await inbox.open() == []


async def test_what_was_decided_about_does_not_come_back(database: Database, inbox: Inbox) -> None:
    await said(Store(database, now), "do you needle horses", "unknown")
    await inbox.gather()
    await inbox.close([(await inbox.open())[0].id], "dismissed")

    assert await inbox.gather() == 0
    assert await inbox.open() == []


async def test_imported_messages_have_no_personal_details(inbox: Inbox) -> None:
    assert await inbox.bring(["my phn is 9123 456 789", "  ", "?!"]) == 1
    assert [(m.text, m.reason) for m in await inbox.open()] == [("my phn is [number]", "imported")]


async def test_what_was_imported_before_does_not_come_in_again(inbox: Inbox) -> None:
    assert await inbox.bring(["is it loud", "Is it  loud", "my phn is 9123 456 789"]) == 2
    await inbox.close([(await inbox.open())[0].id], "dismissed")

    assert await inbox.bring(["my phn is 9123 456 780", "is it loud", "can I swim"]) == 1
    assert [m.text for m in await inbox.open()] == ["my phn is [number]", "can I swim"]


async def test_the_table_comes_and_goes(database: Database) -> None:
    for _ in range(2):
        await database.downgrade("0004")
        await database.upgrade()
    assert await database.read(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []


def message(id: int, patient: str) -> Message:
    return Message(id, patient, f"text {id}", "unknown", None, (), None, now())


def test_groups_of_most_patients_come_first_and_show_what_is_typical() -> None:
    messages = [message(1, "a"), message(2, "a"), message(3, "a"), message(4, "b"), message(5, "c")]
    angles = np.radians([0, 2, 4, 90, 96])
    groups = grouped(messages, np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.9)

    assert [(group.patients, [m.id for m in group.messages]) for group in groups] == [(2, [4, 5]), (1, [1, 2, 3])]
    assert groups[1].text == "text 2"


def test_examples_are_encoded_once_and_messages_are_not_kept(tmp_path: Path) -> None:
    calls: list[list[str]] = []

    def encode(texts: object) -> np.ndarray:
        calls.append(list(texts))  # type: ignore[call-overload]
        return np.array([[1.0, 0.0] if "sore" in text else [0.0, 1.0] for text in calls[-1]])

    topics = {"soreness": ["am i sore"], "cost": ["how much"]}
    for _ in range(2):
        meaning = Meaning(Settings(var=tmp_path), encode)
        assert [near.topic for near in meaning.nearest(["so sore"], topics)[0]] == ["soreness", "cost"]

    assert calls == [["so sore"], ["am i sore", "how much"], ["so sore"]]


def test_two_who_ask_at_the_same_time_have_the_examples_encoded_once(tmp_path: Path) -> None:
    calls: list[int] = []

    def encode(texts: Sequence[str]) -> Any:
        calls.append(len(texts))
        time.sleep(0.2)
        return np.eye(len(texts), 4, dtype=np.float32)

    meaning = Meaning(Settings(var=tmp_path), encode)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(meaning.of_examples, [["am i sore", "how much"]] * 2)

    assert calls == [2]
    assert np.array_equal(first, second)
