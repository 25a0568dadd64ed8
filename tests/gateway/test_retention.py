"""Conversations go after their time, or when it is asked for: also out of the database's files."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from gateway.chat.follow import Place, follow
from gateway.chat.retention import Retention
from gateway.live.signals import LocalSignals
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.records import Conversation, Draft, TurnOutcome, UnknownConversation
from gateway.storage.store import Store
from tests.gateway.conftest import NOW, Chat, Gateway, Json, Start, sse_events
from tests.support.fake_engine import FakeEngine
from tests.support.processes import Processes, eventually

pytestmark = pytest.mark.slow  # takes more than a few seconds

MARK = "zebra-in-my-kneecap"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Archive:
    """A store whose files can be searched, as somebody would who finds the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.database = Database(f"sqlite:///{folder / 'archive.sqlite3'}")
        self.store = Store(self.database, self.clock)
        self.retention = Retention(self.store, self.database, LocalSignals(), self.clock)

    def holds(self, *words: str) -> list[str]:
        return found_in(self.folder, *words)

    async def say(self, words: str, conversation: Conversation | None = None) -> Conversation:
        if conversation is None:
            conversation, _, _ = await self.store.open(Draft("assistant", "chat", {"text": "hi"}))
        event, _ = await self.store.append(conversation.id, Draft("patient", "message", {"text": words}), words[:60])
        outcome = TurnOutcome(
            (Draft("assistant", "chat", {"text": f"about {words}"}),), ("asked",), slots={"said": words}
        )
        await self.store.settle(conversation.id, event.seq, outcome)
        return conversation


def found_in(folder: Path, *words: str) -> list[str]:
    """Those of these words that stand in any file of this folder."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert any(file.suffix == ".sqlite3" for file in files)
    everything = b"".join(file.read_bytes() for file in files)
    return [word for word in words if word.encode() in everything]


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    archive = Archive(tmp_path)
    await archive.database.upgrade()
    yield archive
    await archive.database.close()


async def test_a_conversation_is_erased_when_its_last_event_is_old_enough(archive: Archive) -> None:
    old = await archive.say("old")
    archive.clock.now += timedelta(days=20)
    again = await archive.say("kept on")
    archive.clock.now += timedelta(days=10, minutes=1)
    await archive.say("went on", again)
    assert await archive.retention.purge(30) == 1
    with pytest.raises(UnknownConversation):
        await archive.store.conversation(old.id)
    assert len(await archive.store.history(again.id)) == 5
    assert {item.conversation_id for item in await archive.store.open_desk_items()} == {again.id}


async def test_what_was_purged_stands_in_no_file_of_the_database(archive: Archive) -> None:
    await archive.say(MARK)
    archive.clock.now += timedelta(days=31)
    await archive.say("a later one")
    assert archive.holds(MARK)
    assert await archive.retention.purge(30) == 1
    assert archive.holds(MARK, "a later one") == ["a later one"]


async def test_no_copy_is_left_of_many_short_and_long_messages(archive: Archive) -> None:
    # Pages of the file are split and joined many times, which moves what stands in them.
    dice = random.Random(1)
    said: dict[str, list[str]] = {}
    conversations: dict[str, Conversation] = {}
    for _ in range(40):
        conversation, _, _ = await archive.store.open()
        conversations[conversation.id] = conversation
    for number in range(400):
        conversation_id = dice.choice(list(conversations))
        mark = f"mark-{number:04}-{dice.getrandbits(40):010x}"
        said.setdefault(conversation_id, []).append(mark)
        await archive.say((mark + " ") * dice.choice([1, 3, 10, 60, 180]), conversations[conversation_id])
    erased = dice.sample(list(said), 20)
    for conversation_id in erased[:-1]:
        await archive.store.forget(conversation_id)
    assert archive.holds(*(mark for id in erased for mark in said[id])), "else there is nothing to see"
    await archive.retention.forget(erased[-1])
    assert archive.holds(*(mark for id in erased for mark in said[id])) == []
    kept = [mark for id, marks in said.items() if id not in erased for mark in marks]
    assert archive.holds(*kept) == kept


@pytest.mark.slow
def test_erasing_in_a_big_database_takes_little_memory_and_stays_in_its_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.erase_much", str(tmp_path / "big.sqlite3")]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)
    assert (tmp_path / "big.sqlite3").stat().st_size > 25_000_000
    assert found["grew"] < 15_000_000
    assert all(place.startswith(f"{tmp_path}/") for place in found["places"])
    # It has no name any more while it is filled, so it is gone with the process, however that ends.
    assert any(place.endswith(" (deleted)") for place in found["places"])
    assert {file.name for file in tmp_path.iterdir()} <= {"big.sqlite3", "big.sqlite3-wal", "big.sqlite3-shm"}


async def test_erasing_works_beside_readers_and_writers(archive: Archive) -> None:
    doomed = [await archive.say(f"{MARK}-{number}") for number in range(8)]
    going_on = await archive.say("goes on")

    async def talk() -> None:
        for number in range(30):
            await archive.say(f"more {number}", going_on)
            await archive.store.history(going_on.id)

    await asyncio.gather(talk(), *(archive.retention.forget(conversation.id) for conversation in doomed))
    assert archive.holds(MARK) == []
    assert len(await archive.store.history(going_on.id)) == 3 + 60


async def test_what_an_earlier_process_deleted_but_did_not_overwrite_goes_at_the_next_purge(archive: Archive) -> None:
    conversation = await archive.say(MARK)
    with sqlite3.connect(archive.folder / "archive.sqlite3") as careless:
        careless.execute("PRAGMA foreign_keys = ON")
        careless.execute("DELETE FROM conversations WHERE id = ?", (conversation.id,))
    careless.close()
    assert archive.holds(MARK)
    assert await archive.retention.purge(30) == 0
    assert archive.holds(MARK) == []


async def test_an_incident_stays_without_its_conversation(archive: Archive) -> None:
    conversation = await archive.say(MARK)
    insert = "INSERT INTO incidents VALUES (1, :id, 3, 'soreness', 'v1', 'open', '2026-11-21 00:00:00')"
    await archive.database.write(lambda connection: connection.execute(text(insert), {"id": conversation.id}))
    await archive.retention.forget(conversation.id)
    left = await archive.database.read(lambda connection: connection.execute(text("SELECT * FROM incidents")).all())
    assert [(row.topic, row.conversation_id) for row in left] == [("soreness", None)]
    assert archive.holds(conversation.id, MARK) == []


async def test_the_gateway_purges_at_its_start(start: Start, settings: Settings, gateway: Gateway) -> None:
    old, new = await gateway.chat(), await gateway.chat()
    await old.ask(f"hello {MARK}")
    await new.ask("hello there")
    with sqlite3.connect(settings.var / "ims.sqlite3") as clock:
        clock.execute("UPDATE conversations SET last_at = '2026-10-01 00:00:00' WHERE id = ?", (old.id,))
    clock.close()
    async with start():
        for _ in range(200):
            if not found_in(settings.var, MARK):
                break
            await asyncio.sleep(0.02)
    assert found_in(settings.var, MARK, "hello there") == ["hello there"]
    assert len(await new.history()) == 3


# by the patient


async def test_a_patient_deletes_the_chat_and_nothing_of_it_is_left(chat: Chat, settings: Settings) -> None:
    await chat.ask(f"will I be sore? {MARK}")
    reply = await chat.client.delete(f"/api/conversations/{chat.id}", headers=chat.headers)
    assert (reply.status_code, reply.content) == (204, b"")
    assert found_in(settings.var, MARK, chat.id) == []
    for answer in (
        await chat.send("hello"),
        await chat.client.get(f"/api/conversations/{chat.id}/history", headers=chat.headers),
        await chat.client.delete(f"/api/conversations/{chat.id}", headers=chat.headers),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "unknown_conversation"


async def test_only_the_token_of_a_chat_deletes_it(chat: Chat, gateway: Gateway) -> None:
    other = await gateway.chat()
    address = f"/api/conversations/{chat.id}"
    assert (await chat.client.delete(address)).status_code == 401
    assert (await chat.client.delete(address, headers=other.headers)).status_code == 404
    assert len(await chat.history()) == 1


async def test_an_open_stream_says_that_the_chat_was_deleted_and_ends(chat: Chat, gateway: Gateway) -> None:
    signals = gateway.app.state.signals
    parts: list[str] = []

    async def listen() -> None:
        async for part in follow(gateway.store, signals, chat.id, Place(1), heartbeat=30, gone="It was deleted."):
            parts.append(part)

    listener = asyncio.create_task(listen())
    await asyncio.sleep(0.05)
    await chat.client.delete(f"/api/conversations/{chat.id}", headers=chat.headers)
    await asyncio.wait_for(listener, 5)
    (last,) = sse_events("".join(parts))
    assert (last["seq"], last["role"]) == (2, "system")
    assert last["body"] == {"kind": "deleted", "text": "It was deleted."}


async def test_an_answer_that_is_on_its_way_does_not_bring_a_deleted_chat_back(
    chat: Chat, gateway: Gateway, settings: Settings
) -> None:
    gateway.engine.pause = 0.2
    await chat.send(f"will I be sore? {MARK}")
    await chat.client.delete(f"/api/conversations/{chat.id}", headers=chat.headers)
    await asyncio.sleep(0.4)
    assert found_in(settings.var, MARK, chat.id) == []


async def test_who_waits_for_an_answer_on_the_rest_channel_is_told_that_the_chat_is_gone(
    gateway: Gateway, engine: FakeEngine
) -> None:
    engine.pause = 0.2
    asked = {"sender": "somebody", "message": "will I be sore?"}
    waiting = asyncio.create_task(gateway.client.post("/webhooks/rest/webhook", json=asked))
    conversations: list[str] = []
    while not conversations:
        await asyncio.sleep(0.01)
        conversations = await gateway.store.named("somebody")
    await gateway.store.forget(conversations[0])
    gateway.app.state.signals.send(conversations[0])
    reply = await asyncio.wait_for(waiting, 5)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "unknown_conversation")


async def test_a_patient_downloads_the_chat_as_text(chat: Chat) -> None:
    await chat.ask("will I be sore?")
    reply = await chat.client.get(f"/api/conversations/{chat.id}/transcript", headers=chat.headers)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["content-disposition"] == 'attachment; filename="chat-2026-11-21.txt"'
    assert reply.headers["cache-control"] == "no-store"
    told = reply.text
    assert told.startswith("Chat with the automated assistant of Salal Physiotherapy")
    assert "Saturday, 2026-11-21" in told
    assert "11:00 You:\nwill I be sore?" in told, "the clinic's time, not UTC"
    answers: list[Json] = await chat.history(2)
    assert f"11:00 Assistant:\n{answers[0]['body']['text']}" in told


async def test_a_long_chat_is_downloaded_whole(chat: Chat, gateway: Gateway) -> None:
    for number in range(600):
        await gateway.store.append(chat.id, Draft("staff", "message", {"text": f"line {number}"}))
    reply = await chat.client.get(f"/api/conversations/{chat.id}/transcript", headers=chat.headers)
    assert [f"Clinic staff:\nline {number}\n" in reply.text for number in range(600)] == [True] * 600


async def test_a_transcript_is_for_the_holder_of_the_token(chat: Chat) -> None:
    assert (await chat.client.get(f"/api/conversations/{chat.id}/transcript")).status_code == 401


# by the clinic


def ims(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        env={"IMS_VAR": str(settings.var), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_clinic_purges_by_command(gateway: Gateway, settings: Settings) -> None:
    await gateway.rest(f"will I be sore? {MARK}")
    with sqlite3.connect(settings.var / "ims.sqlite3") as clock:
        clock.execute("UPDATE conversations SET last_at = ?", (f"{datetime.now() - timedelta(days=31)}",))
    clock.close()
    kept = await asyncio.to_thread(ims, settings, "purge", "--older-than", "40")
    assert kept.stdout == "Erased 0 conversations older than 40 days.\n", kept.stderr
    assert found_in(settings.var, MARK)
    erased = await asyncio.to_thread(ims, settings, "purge")
    assert erased.stdout == "Erased 1 conversation older than 30 days.\n", erased.stderr
    assert found_in(settings.var, MARK) == []


async def test_the_clinic_erases_one_conversation_by_its_sender_or_its_id(
    gateway: Gateway, chat: Chat, settings: Settings
) -> None:
    await gateway.rest(f"will I be sore? {MARK}", sender="web-form-17")
    await chat.ask(f"needle {MARK}")
    await gateway.rest("hello there", sender="another")
    for name in ("web-form-17", chat.id):
        run = await asyncio.to_thread(ims, settings, "forget", name)
        assert (run.returncode, run.stdout) == (0, "Erased.\n"), run.stderr
    assert found_in(settings.var, MARK, "web-form-17", chat.id, "hello there") == ["hello there"]
    again = await asyncio.to_thread(ims, settings, "forget", "web-form-17")
    assert again.returncode == 1
    assert "There is no conversation 'web-form-17'" in again.stderr


@pytest.mark.slow
def test_a_running_gateway_ends_the_stream_of_a_chat_that_the_clinic_erased(tmp_path: Path) -> None:
    both = Processes(tmp_path / "var")
    try:
        both.start_gateway()
        started = httpx.post(f"{both.url}/api/conversations").json()
        headers = {"Authorization": f"Bearer {started['token']}", "Last-Event-ID": "1"}
        address = f"{both.url}/api/conversations/{started['id']}/events"
        with httpx.stream("GET", address, headers=headers, timeout=20) as events:
            lines = events.iter_lines()
            next(lines)
            assert ims(Settings(var=both.var), "forget", started["id"]).returncode == 0
            told = sse_events("\n".join(lines))
        assert [event["body"]["kind"] for event in told] == ["deleted"]
        eventually(lambda: httpx.get(address, headers=headers).status_code == 404)
    finally:
        both.close()
