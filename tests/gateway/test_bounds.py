"""What one patient, or one address, can make this machine do has an end, and nobody else waits for it."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.chat.questions_sheet import questions_of
from gateway.engine import command
from gateway.engine.command import TOLD, finished
from gateway.engine.environment import module
from gateway.handoff.links import Links
from gateway.live import open_streams
from gateway.live.open_streams import OF_CHAT, OF_PLACE, OpenStreams
from gateway.operations.backup import BackupError, backup, restore
from gateway.settings import Settings
from gateway.storage.records import Event
from gateway.studio.inbox.inbox import Inbox
from gateway.studio.personal import Removed
from gateway.web.error_replies import Refused
from gateway.web.typed import check_text
from knowledge import Knowledge
from tests.gateway.conftest import NOW, Gateway, Start
from tests.support.processes import free_port
from tests.support.shipped import shipped_personal

# event streams


async def _until(ended: asyncio.Event) -> AsyncIterator[str]:
    yield "begun"
    await ended.wait()


async def test_one_tab_too_many_ends_the_oldest_stream_of_its_chat() -> None:
    streams = OpenStreams(in_all=1000)
    opened = [streams.counted("chat", None, _until) for _ in range(OF_CHAT + 1)]
    for stream in opened:
        await anext(stream)
    assert [part async for part in opened[0]] == [], "it has ended"
    others = [asyncio.ensure_future(anext(stream)) for stream in opened[1:]]
    await asyncio.sleep(0)
    assert not any(other.done() for other in others)
    for other in others:
        other.cancel()


async def test_streams_are_counted_by_where_they_lead_and_no_longer_when_they_end() -> None:
    streams = OpenStreams(in_all=OF_PLACE + 5)
    opened = [streams.counted(f"chat {number}", "203.0.113.9", _until) for number in range(OF_PLACE)]
    for stream in opened:
        await anext(stream)
    assert streams.full("203.0.113.9")
    assert not streams.full("203.0.113.10")
    await opened[0].aclose()
    assert not streams.full("203.0.113.9")
    more = [streams.counted(f"other {number}", None, _until) for number in range(6)]
    for stream in more:
        await anext(stream)
    assert streams.full("203.0.113.10"), "all together are as many as this process can hold"
    for stream in (*opened, *more):
        await stream.aclose()
    assert not streams.full("203.0.113.9")


async def test_who_has_too_many_windows_open_is_told_so(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = await gateway.chat()
    monkeypatch.setattr(open_streams.OpenStreams, "full", lambda self, place: True)
    reply = await gateway.client.get(f"/api/conversations/{chat.id}/events", headers=chat.headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (429, "too_many_streams")


# long chats, long texts


async def test_a_chat_that_is_full_says_so_with_the_way_on(start: Start, knowledge: Knowledge) -> None:
    async with start(chat_limit=5) as gateway:
        chat = await gateway.chat()
        while (reply := await chat.send("will I be sore?")).status_code == 202:
            await chat.answer_to(reply.json()["seq"])
        error = reply.json()["error"]
        assert (reply.status_code, error["code"]) == (409, "chat_full")
        assert knowledge.clinic.numbers.emergency in error["message"]
        assert (await (await gateway.chat()).send("will I be sore?")).status_code == 202
        while (told := (await gateway.rest("will I be sore?"))[0])["text"] != error["message"]:
            assert told["custom"]["topic"] == "soreness"


@pytest.mark.parametrize("text", ["\ufdfa" * 1990, "ﷺ sore " * 200, "㍿" * 600])
def test_characters_that_stand_for_many_are_counted_as_many(knowledge: Knowledge, text: str) -> None:
    with pytest.raises(Refused) as refused:
        check_text(text, 2000, knowledge)
    assert refused.value.code == "message_too_long"
    assert check_text(text[:50], 2000, knowledge) == text[:50].strip()


class Once(list[Event]):
    """Events that count how often all of them are looked through."""

    looks = 0

    def __iter__(self) -> Any:
        self.looks += 1
        return super().__iter__()


def test_the_questions_of_a_long_chat_are_found_in_one_look() -> None:
    said = Once()
    for seq in range(1, 201, 2):
        said.append(Event("c", seq, "patient", "message", {"text": f"question {seq}"}, {}, None, None, NOW))
        said.append(Event("c", seq + 1, "assistant", "answer", {"text": "x", "title": "T"}, {}, None, seq, NOW))
    assert [question.text for question in questions_of(said)] == [f"question {seq}" for seq in range(1, 201, 2)]
    assert said.looks <= 2


class Watching:
    """Stands for the finder of personal details; sees whether patients' messages could be stored meanwhile."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.free = 0

    def remove(self, text: str) -> Removed:
        connection = sqlite3.connect(self.file, timeout=0, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        connection.close()
        self.free += 1
        return Removed(text, ())


async def test_messages_are_stored_while_the_inbox_takes_details_out_of_others(
    gateway: Gateway, settings: Settings
) -> None:
    chat = await gateway.chat()
    for number in range(3):
        await chat.ask(f"zebra {number}")
    watching: Any = Watching(settings.var / "ims.sqlite3")
    inbox = Inbox(gateway.store._database, watching, lambda: NOW)
    assert await inbox.gather() == 3
    assert watching.free == 3
    assert await inbox.gather() == 0
    assert watching.free == 3, "what is there is not read again"


async def test_what_is_asked_of_the_engine_is_on_no_disk(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "ENGINE_PYTHON", Path(sys.executable))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    code = f"import pathlib; print(pathlib.Path({TOLD!r}).read_text(), pathlib.Path({TOLD!r}).readlink())"
    run = await asyncio.to_thread(finished, settings, ["-c", code], told="words of a patient")
    assert "words of a patient" in run.stdout
    assert not list((tmp_path / "temporary").iterdir())
    link = await asyncio.to_thread(
        finished, settings, ["-c", "import os; print(os.readlink('/proc/self/fd/0'))"], told="x"
    )
    assert "memfd" in link.stdout


# other programs


async def test_a_backup_is_not_put_over_a_database_that_is_in_use(
    start: Start, settings: Settings, tmp_path: Path
) -> None:
    shell = replace(settings, port=free_port())  # where the variables of the service are not set
    async with start() as gateway:
        chat = await gateway.chat()
        await asyncio.to_thread(backup, shell, tmp_path / "backup.tar")
        with pytest.raises(BackupError, match="A running assistant uses"):
            await asyncio.to_thread(restore, shell, tmp_path / "backup.tar", replace=True)
        assert (await chat.send("hello")).status_code == 202
    await asyncio.to_thread(restore, shell, tmp_path / "backup.tar", replace=True)


def test_no_code_is_taken_from_the_folder_in_which_a_part_works(tmp_path: Path) -> None:
    for name in ("rasa.py", "runpy.py", "test.py", "json.py", "pathlib.py"):
        (tmp_path / name).write_text("raise SystemExit('code of another')")
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu/__init__.py").write_text("raise SystemExit('code of another')")
    look = "import sys; from nlu.guarded import Places; sys.path = Places(sys.path); import os"
    rasa = f"{look}; sys.path.insert(1, os.getcwd()); import json, pathlib, test; print('ours')"
    root = {"PYTHONPATH": str(Path.cwd()), "PYTHONWARNINGS": "ignore"}
    for arguments, words in (([*module("nlu.guarded")], "rasa"), (["-P", "-c", rasa], "ours")):
        run = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=root, capture_output=True, text=True, timeout=60
        )
        assert "code of another" not in run.stdout + run.stderr
        assert words in run.stdout + run.stderr


def test_gateways_with_one_secret_open_each_others_links() -> None:
    one, other, strange = Links("shared", ""), Links("shared", "https://x.example"), Links("own", "")
    token = one.to("chat").partition(".")[2]
    assert other.opens("chat", token)
    assert not strange.opens("chat", token)
    assert not one.opens("other chat", token)


async def test_a_chat_in_which_nobody_said_anything_goes_after_a_day(start: Start) -> None:
    async with start() as gateway:
        quiet, used = await gateway.chat(), await gateway.chat()
        await used.ask("hello")
        await gateway.store.let_go_of_empty(NOW + timedelta(seconds=1))
        assert not await gateway.store.exists(quiet.id)
        assert await gateway.store.exists(used.id)


def test_files_of_the_service_are_for_its_owner_alone(tmp_path: Path) -> None:
    code = (
        "import os, runpy, sys; os.umask(0o022); sys.argv = ['ims', 'incidents'];"
        "runpy.run_module('gateway.cli', run_name='__main__')"
    )
    environment = {"IMS_VAR": str(tmp_path / "var"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, timeout=60)
    files = [tmp_path / "var", *(tmp_path / "var").rglob("*")]
    assert any(file.name == "ims.sqlite3" for file in files)
    assert [file.name for file in files if file.stat().st_mode & 0o077] == []


DEAR = ("\ufdfa" * 1990, "aaab" * 500, "a.b" * 660, "Mc-" * 660, "1-" * 1000, "a@" * 1000, "a," * 1000, "12 Oak " * 280)


def test_no_text_makes_the_removal_of_details_dear() -> None:
    personal = shipped_personal()

    def cost(text: str) -> float:
        def once() -> float:
            began = time.process_time()
            personal.remove(text[:2000])
            return time.process_time() - began

        return min(once() for _ in range(5))

    usual = cost("My name is John Smith, I live at 12 Oak Street. Can the needling help with my shoulder? " * 25)
    assert max(map(cost, DEAR)) < 8 * usual
