"""Backup and restore: consistent while the gateway works, complete, checked before anything is touched."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import sqlite3
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.operations.backup import DATABASE, MANIFEST, BackupError, backup, restore
from gateway.settings import Settings
from tests.gateway.conftest import Chat, Start
from tests.support.processes import free_port

pytestmark = pytest.mark.slow  # takes more than a few seconds


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, port=free_port())


def elsewhere(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, var=tmp_path / "elsewhere")


async def test_a_restored_chat_is_the_same_and_goes_on(start: Start, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    async with start() as gateway:
        chat = await gateway.chat()
        await chat.ask("will I be sore?")
        before = await chat.history()
        await asyncio.to_thread(backup, settings, file)
        await chat.ask("said after the backup")
    other = elsewhere(settings, tmp_path)
    restore(other, file)
    async with start(var=other.var) as gateway:
        again = Chat(gateway.client, chat.id, chat.token, keys=chat.keys)
        assert await again.history() == before
        assert (await again.ask("hello"))[0]["text"] == "Hello!"


async def test_what_the_trainers_decided_comes_back(start: Start, settings: Settings, tmp_path: Path) -> None:
    kept = settings.var / "studio/versions/soreness/000001.json"
    async with start():
        kept.parent.mkdir(parents=True)
        kept.write_text('{"author": "Kim"}')
        await asyncio.to_thread(backup, settings, tmp_path / "backup.tar")
    kept.write_text("changed since")
    (kept.parent / "000002.json").write_text("new since")
    other = elsewhere(settings, tmp_path)
    for there in (other, settings):
        restore(there, tmp_path / "backup.tar", replace=True)
        folder = there.var / "studio/versions/soreness"
        assert [file.name for file in folder.iterdir()] == ["000001.json"]
        assert (folder / "000001.json").read_text() == '{"author": "Kim"}'


async def test_a_backup_taken_while_messages_arrive_is_whole(start: Start, settings: Settings, tmp_path: Path) -> None:
    async with start() as gateway:
        chats = [await gateway.chat() for _ in range(5)]
        writing = [asyncio.create_task(chat.ask(f"message {n}")) for n in range(6) for chat in chats]
        for number in range(4):
            await asyncio.to_thread(backup, settings, tmp_path / f"backup-{number}.tar")
        await asyncio.gather(*writing)
    for number in range(4):
        other = replace(settings, var=tmp_path / f"restored-{number}")
        restore(other, tmp_path / f"backup-{number}.tar")
        with sqlite3.connect(other.var / "ims.sqlite3") as connection:
            gaps = connection.execute(
                "SELECT c.id FROM conversations c WHERE c.last_seq != "
                "(SELECT count(*) FROM events e WHERE e.conversation_id = c.id)"
            ).fetchall()
            assert gaps == []


async def test_a_message_that_waited_at_the_backup_is_answered_after_the_restore(
    start: Start, settings: Settings, tmp_path: Path
) -> None:
    async with start() as gateway:
        chat = await gateway.chat()
        gateway.engine.pause = 0.2
        sent = await chat.send("will I be sore?")
        await asyncio.to_thread(backup, settings, tmp_path / "backup.tar")
    other = elsewhere(settings, tmp_path)
    restore(other, tmp_path / "backup.tar")
    async with start(var=other.var) as gateway:
        gateway.engine.pause = 0
        again = Chat(gateway.client, chat.id, chat.token)
        assert [event["body"]["topic"] for event in await again.answer_to(sent.json()["seq"])] == ["soreness"]


async def test_secrets_are_left_out_unless_asked_for(start: Start, settings: Settings, tmp_path: Path) -> None:
    async with start():
        pass
    key = settings.secret("model_key")
    without, whole = tmp_path / "without.tar", tmp_path / "whole.tar"
    backup(settings, without)
    backup(settings, whole, with_secrets=True)
    assert key.encode() not in without.read_bytes()
    other = elsewhere(settings, tmp_path)
    restore(other, whole)
    assert other.secret("model_key") == key
    assert (other.var / "secrets/model_key").stat().st_mode & 0o777 == 0o600


async def test_a_backup_is_for_its_owner_alone_and_never_overwritten(
    start: Start, settings: Settings, tmp_path: Path
) -> None:
    async with start():
        pass
    file = tmp_path / "backup.tar"
    backup(settings, file)
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    with pytest.raises(BackupError, match="exists"):
        backup(settings, file)
    assert file.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir() if found.name.startswith(".ims")] == []


async def test_a_database_is_replaced_only_on_request(start: Start, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    async with start() as gateway:
        old = await gateway.chat()
    backup(settings, file)
    async with start() as gateway:
        new = await gateway.chat()
    with pytest.raises(BackupError, match="--replace"):
        restore(settings, file)
    restore(settings, file, replace=True)
    async with start() as gateway:
        assert await Chat(gateway.client, old.id, old.token).history()
        gone = await gateway.client.get(f"/api/conversations/{new.id}/history", headers=new.headers)
        assert gone.status_code == 404


async def test_nothing_is_restored_under_a_running_assistant(start: Start, settings: Settings, tmp_path: Path) -> None:
    async with start():
        pass
    backup(settings, tmp_path / "backup.tar")
    with socket.socket() as running:
        running.bind(("127.0.0.1", settings.port))
        running.listen()
        with pytest.raises(BackupError, match="stop the assistant"):
            restore(settings, tmp_path / "backup.tar", replace=True)


def rewritten(file: Path, changes: dict[str, bytes | None]) -> Path:
    """The same tar with some parts changed, or without them (None)."""
    new = file.with_name("changed.tar")
    with tarfile.open(file) as old, tarfile.open(new, "w") as tar:
        parts = {member.name: old.extractfile(member).read() for member in old}  # type: ignore[union-attr]
        for name, content in {**parts, **changes}.items():
            if content is not None:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return new


@pytest.mark.parametrize("damage", ["cut", "database", "no manifest", "no database", "path", "newer", "not a tar"])
async def test_a_bad_backup_touches_nothing(start: Start, settings: Settings, tmp_path: Path, damage: str) -> None:
    async with start() as gateway:
        await gateway.chat()
    file = tmp_path / "backup.tar"
    backup(settings, file)
    with tarfile.open(file) as tar:
        manifest = json.loads(tar.extractfile(MANIFEST).read())  # type: ignore[union-attr]
    evil = {**manifest, "parts": {**manifest["parts"], "secrets/../../escaped": "0"}}
    newer = {**manifest, "revision": "9999"}
    bad = file
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "not a tar":
        file.write_bytes(b"hello")
    else:
        changes: dict[str, dict[str, bytes | None]] = {
            "database": {DATABASE: b"SQLite format 3\x00" + b"\xff" * 9000},
            "no manifest": {MANIFEST: None},
            "no database": {DATABASE: None},
            "path": {MANIFEST: json.dumps(evil).encode(), "secrets/../../escaped": b"x"},
            "newer": {MANIFEST: json.dumps(newer).encode()},
        }
        bad = rewritten(file, changes[damage])
    before = (settings.var / "ims.sqlite3").read_bytes()
    with pytest.raises(BackupError, match="Nothing changed"):
        restore(settings, bad, replace=True)
    assert (settings.var / "ims.sqlite3").read_bytes() == before
    assert not list(tmp_path.rglob("escaped"))
    assert [found.name for found in settings.var.iterdir() if found.name.startswith(".ims")] == []


def test_another_database_is_left_to_its_own_tools(settings: Settings, tmp_path: Path) -> None:
    other = replace(settings, database="postgresql+psycopg://somebody@localhost/ims")
    with pytest.raises(BackupError, match="pg_dump"):
        backup(other, tmp_path / "backup.tar")


async def test_the_commands_do_the_same(start: Start, settings: Settings, tmp_path: Path) -> None:
    async with start() as gateway:
        await gateway.chat()
    environment = {"IMS_VAR": str(settings.var), "IMS_PORT": str(settings.port)}
    runner, file = CliRunner(), str(tmp_path / "backup.tar")
    assert runner.invoke(app, ["restore", file], env=environment).exit_code == 1
    assert runner.invoke(app, ["backup", file], env=environment).exit_code == 0
    assert runner.invoke(app, ["backup", str(tmp_path)], env=environment).exit_code == 0
    assert len(list(tmp_path.glob("ims-*.tar"))) == 1
    assert runner.invoke(app, ["restore", file, "--replace"], env=environment).exit_code == 0
