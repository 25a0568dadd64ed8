"""`ims doctor` sees what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from typer.testing import CliRunner

from encoder.store import digest_path, graph_path
from environments.setup import digest
from gateway.cli.main import app
from gateway.editions.models import SECRET, Manifest, Models
from gateway.files import sha256
from gateway.monitoring.watch import PARTS
from gateway.operations import doctor
from gateway.operations.doctor import BAD, GOOD, WARNING, Installation
from gateway.operations.new_assistant import RASA
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.storage.records import Draft
from gateway.storage.store import Store
from tests.support.fake_engine import FakeEngine
from tests.support.processes import free_port
from tests.support.system import needs

pytestmark = pytest.mark.slow  # takes more than a few seconds

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    """An installation in which nothing is wrong but that it has no encoder, no model and the demo's data."""
    for name in ("engine", "gateway"):
        folder = tmp_path / ".venvs" / name
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/python").touch()
        lock = tmp_path / "environments" / f"{name}.txt"
        lock.parent.mkdir(exist_ok=True)
        lock.write_text(f"{name}==1\n")
        os.utime(lock, (NOW.timestamp() - 60, NOW.timestamp() - 60))
        (folder / "installed.sha256").write_text(digest(lock.read_text()))
    settings = Settings(
        var=tmp_path / "var",
        models=tmp_path / "models",
        port=free_port(),
        engine_url=f"http://127.0.0.1:{free_port()}",
        engine_token="token",
    )
    return Installation(settings, tmp_path, NOW)


def states(found: Iterator[doctor.Diagnosis]) -> dict[str, str]:
    findings = list(found)
    assert all(finding.todo for finding in findings if finding.state != GOOD)
    return {finding.check: finding.state for finding in findings}


def test_environments_are_held_against_their_lock_files(here: Installation) -> None:
    assert set(states(doctor.environments(here)).values()) == {GOOD}
    (here.root / "environments/engine.txt").write_text("engine==2\n")
    shutil.rmtree(here.root / ".venvs/gateway")
    assert states(doctor.environments(here)) == {"engine environment": BAD, "gateway environment": BAD}


def test_a_damaged_or_missing_encoder_is_seen(here: Installation) -> None:
    assert states(doctor.encoder(here)) == {"encoder": BAD}
    graph = graph_path(here.root / "var/encoder")
    graph.parent.mkdir(parents=True)
    graph.write_bytes(b"graph")
    digest_path(graph).write_text(sha256(graph) + "\n")
    assert states(doctor.encoder(here)) == {"encoder": GOOD}
    graph.write_bytes(b"graph, touched")
    assert states(doctor.encoder(here)) == {"encoder": BAD}


def test_a_missing_foreign_or_old_model_is_seen(here: Installation) -> None:
    assert states(doctor.model(here)) == {"model": BAD}
    models = Models(here.settings)
    models.folder.mkdir()
    file = models.folder / "model.tar.gz"
    file.write_bytes(b"model")
    models.use(Manifest(file.name, sha256(file), "other data", NOW.isoformat(), 1.0))
    assert states(doctor.model(here)) == {"model": WARNING}
    file.write_bytes(b"model, swapped")
    assert states(doctor.model(here)) == {"model": BAD}


def test_a_secret_that_others_can_read_is_seen(here: Installation) -> None:
    here.settings.secret(SECRET)
    assert states(doctor.secrets(here)) == {"secrets": GOOD}
    (here.settings.var / "secrets" / SECRET).chmod(0o644)
    assert states(doctor.secrets(here)) == {"secrets": BAD}


async def test_a_port_is_free_ours_or_taken(here: Installation) -> None:
    assert await asyncio.to_thread(lambda: states(doctor.ports(here))) == {"gateway port": GOOD, "engine port": GOOD}
    # The fake engine has the engine's address for health, and not the gateway's.
    running = [
        uvicorn.Server(uvicorn.Config(FakeEngine().app, port=port, log_level="critical"))
        for port in (here.settings.port, int(here.settings.engine_url.rpartition(":")[2]))
    ]
    serving = [asyncio.create_task(server.serve()) for server in running]
    while not all(server.started for server in running):
        await asyncio.sleep(0.01)
    assert await asyncio.to_thread(lambda: states(doctor.ports(here))) == {"gateway port": BAD, "engine port": GOOD}
    for server in running:
        server.should_exit = True
    await asyncio.gather(*serving)


async def test_each_fault_that_the_running_gateway_has_found_is_told(here: Installation) -> None:
    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "red", **dict.fromkeys(PARTS, "does not answer"), "version": "0"})

    red = Starlette(routes=[Route("/health", health)])
    server = uvicorn.Server(uvicorn.Config(red, port=here.settings.port, log_level="critical"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    found = await asyncio.to_thread(lambda: states(doctor.ports(here)))
    server.should_exit = True
    await serving
    assert found == {"gateway port": GOOD, "engine port": GOOD, **dict.fromkeys(PARTS, BAD)}


def test_the_database_of_a_first_start_is_not_made_by_looking(here: Installation) -> None:
    assert states(doctor.database(here)) == {"database": GOOD}
    assert not here.settings.var.exists()


async def test_an_old_or_damaged_database_is_seen(here: Installation) -> None:
    database = Database(here.settings.database_url)
    await database.upgrade()
    assert states(doctor.database(here)) == {"database": GOOD}
    await database.downgrade("0001")
    assert states(doctor.database(here)) == {"database": WARNING}
    await database.close()
    (here.settings.var / "ims.sqlite3").write_bytes(b"this was a database once" * 1000)
    assert states(doctor.database(here)) == {"database": BAD}


async def test_a_clock_behind_the_newest_message_is_seen(here: Installation) -> None:
    database = Database(here.settings.database_url)
    await database.upgrade()
    await Store(database, lambda: NOW + timedelta(days=1)).open(Draft("assistant", "chat", {"text": "Hello"}))
    await database.close()
    assert states(doctor.database(here))["clock"] == BAD


def test_a_clock_behind_the_files_is_seen(here: Installation) -> None:
    assert states(doctor.clock(here)) == {"clock": GOOD}
    past = Installation(here.settings, here.root, datetime(1970, 1, 2, tzinfo=UTC))
    assert states(doctor.clock(past)) == {"clock": BAD}


def test_the_demo_and_unsigned_and_overdue_answers_are_told(here: Installation) -> None:
    found = list(doctor.clinic(here))
    assert {finding.check: finding.state for finding in found} == {"clinic": WARNING, "answers": WARNING}
    assert any("not signed" in finding.words for finding in found)
    assert not any("past their review date" in finding.words for finding in found)
    later = Installation(here.settings, here.root, NOW + timedelta(days=3650))
    assert any("past their review date" in finding.words for finding in doctor.clinic(later))


@pytest.mark.parametrize(("free", "state"), [(9e12, GOOD), (1e9, WARNING), (1e6, BAD)])
def test_a_full_disk_is_seen(here: Installation, monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    usage = shutil.disk_usage(here.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=int(free)))
    assert states(doctor.disk(here)) == {"disk": state}


def test_a_check_that_fails_is_a_finding(here: Installation) -> None:
    (here.root / "environments/engine.txt").unlink()
    found = doctor.examine(here.settings, here.root, NOW)
    assert ("environments", BAD) in {(finding.check, finding.state) for finding in found}
    assert any(finding.check == "disk" for finding in found)


@needs("engine", "model")
def test_the_command_tells_programs_the_same(tmp_path: Path) -> None:
    environment = {"IMS_VAR": str(tmp_path / "var"), "IMS_PORT": str(free_port())}
    result = CliRunner().invoke(app, ["doctor", "--json"], env=environment)
    found = {finding["check"]: finding for finding in json.loads(result.stdout)}
    assert found["gateway environment"]["state"] == GOOD
    assert found["model"]["state"] == BAD  # signed with the secret of another installation
    assert result.exit_code == 1


def test_rasas_set_up_is_held_against_that_of_the_code(here: Installation) -> None:
    other = replace(here, settings=replace(here.settings, data=here.root / "clinic/data"))
    (here.root / "clinic").mkdir()
    for name in RASA:
        (here.root / name).write_text("version: 2\n")
        (here.root / "clinic" / name).write_text("version: 2\n")
    assert list(doctor.rasa_setup(other)) == []

    (here.root / "clinic/config.yml").unlink()
    (here.root / "clinic/domain.yml").write_text("version: 1\n")

    assert [(f.state, f.words.split()[0]) for f in doctor.rasa_setup(other)] == [
        (BAD, "config.yml"),
        (WARNING, "domain.yml"),
    ]
