"""A candidate in the shadow: it decides after the patient has the answer, and only differences keep words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.engine.client import Asked, EngineReply, EngineUnavailable, Heard
from gateway.storage.database import Database
from gateway.storage.records import Draft
from gateway.storage.store import Store
from gateway.storage.tables import shadow as table
from gateway.studio.trying.shadow import WAITING, Shadow, in_words, report, shadowed
from tests.support.shipped import shipped_personal

NOW = datetime(2026, 11, 27, tzinfo=UTC)
PERSONAL = shipped_personal()
LIVE = EngineReply("answer", topics=("soreness",))


class Candidate:
    """Takes everything for needles, or fails."""

    def __init__(self, reply: EngineReply | None) -> None:
        self.reply = reply
        self.heard: list[str] = []
        self.go = asyncio.Event()
        self.go.set()

    async def ask(self, asked: Asked) -> EngineReply:
        await self.go.wait()
        self.heard.append(asked.text)
        if self.reply is None:
            raise EngineUnavailable("slow")
        return self.reply

    async def ready(self) -> str:
        return "ok"


Work = Callable[[Database, Shadow, str], Awaitable[None]]


def at_work(tmp_path: Path, work: Work) -> None:
    async def run() -> None:
        database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
        await database.upgrade()
        store = Store(database, lambda: NOW)
        asked = await store.append_from("somebody", Draft("patient", "message", {"text": "hello"}))
        shadow = Shadow(database, lambda: PERSONAL, lambda: NOW)
        try:
            await work(database, shadow, asked.conversation_id)
        finally:
            await shadow.stop()
            await database.close()

    asyncio.run(run())


def heard(text: str = "will I be sore") -> Heard:
    return Heard(Asked("chat-0", text), LIVE)


async def rows(database: Database, count: int) -> list[Any]:
    for _ in range(300):
        found = list(await database.read(lambda connection: connection.execute(select(table)).all()))
        if len(found) >= count:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("the candidate was not asked")


def test_words_are_kept_only_where_the_two_differ_and_without_personal_details(tmp_path: Path) -> None:
    async def work(database: Database, shadow: Shadow, id: str) -> None:
        await shadow.start("ims-2", Candidate(LIVE))
        shadow.heard(id, heard("my number is 250-555-0199"))
        (same,) = await rows(database, 1)
        assert (same.same, same.text) == (1, None)
        await shadow.start("ims-3", Candidate(EngineReply("clarify", offered=("needles",))))
        shadow.heard(id, heard("will I be sore, call 250-555-0199"))
        other = (await rows(database, 2))[1]
        assert (other.same, other.live, other.candidate) == (0, "soreness", "did you mean needles")
        assert "0199" not in other.text
        assert list(await shadowed(database)) == ["ims-3", "ims-2"]
        found = await report(database, "ims-3")
        assert (found.same.hits, found.same.of) == (0, 1)
        assert found.kinds == [(("soreness", "did you mean needles"), 1)]

    at_work(tmp_path, work)


def test_what_was_found_goes_with_the_conversation(tmp_path: Path) -> None:
    async def work(database: Database, shadow: Shadow, id: str) -> None:
        await shadow.start("ims-2", Candidate(EngineReply("unknown")))
        shadow.heard(id, heard())
        await rows(database, 1)
        await Store(database, lambda: NOW).forget(id)
        assert (await report(database, "ims-2")).same.of == 0

    at_work(tmp_path, work)


def test_a_slow_or_dead_candidate_and_a_forgotten_chat_hold_up_nothing(tmp_path: Path) -> None:
    async def work(database: Database, shadow: Shadow, id: str) -> None:
        slow = Candidate(None)
        slow.go.clear()
        await shadow.start("ims-2", slow)
        for _ in range(WAITING + 50):
            shadow.heard(id, heard())
        slow.go.set()
        while len(slow.heard) < WAITING:
            await asyncio.sleep(0.01)
        assert (await report(database, "ims-2")).same.of == 0
        good = Candidate(LIVE)
        await shadow.start("ims-2", good)
        shadow.heard("no such chat", heard())
        shadow.heard(id, heard())
        assert len(await rows(database, 1)) == 1

    at_work(tmp_path, work)


def test_without_a_candidate_and_without_words_nothing_is_kept(tmp_path: Path) -> None:
    async def work(database: Database, shadow: Shadow, id: str) -> None:
        shadow.heard(id, heard())
        candidate = Candidate(LIVE)
        await shadow.start("ims-2", candidate)
        shadow.heard(id, None)
        await shadow.stop()
        shadow.heard(id, heard())
        assert candidate.heard == []

    at_work(tmp_path, work)


def test_what_an_engine_decided_in_words() -> None:
    assert in_words(EngineReply("answer", topics=("a", "b"))) == "a and b"
    assert in_words(EngineReply("unknown")) == "not understood"
    assert in_words(EngineReply("screening")) == "screening"


def test_by_command_line_without_a_running_assistant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMS_DATABASE", f"sqlite:///{tmp_path / 'x.sqlite3'}")
    monkeypatch.setenv("IMS_VAR", str(tmp_path))
    monkeypatch.setenv("IMS_PORT", "1")
    run = CliRunner()
    for arguments in (["start", "ims-2"], ["stop"], ["report"]):
        assert run.invoke(app, ["shadow", *arguments]).exit_code == 1

    async def work(database: Database, shadow: Shadow, id: str) -> None:
        await shadow.start("ims-2", Candidate(EngineReply("unknown")))
        shadow.heard(id, heard())
        await rows(database, 1)

    at_work(tmp_path, work)
    found = run.invoke(app, ["shadow", "report"])
    assert "soreness -> not understood" in found.stdout
