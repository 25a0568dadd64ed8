"""The systemd units start what exists, with no more rights than needed."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app

HOME = "/opt/ims-assistant"
SERVICES = sorted(Path("deploy/systemd").glob("*.service"))

# What the studio changes: never the programs, the lock files or the engine's configuration.
MAY_WRITE = {"ims.service": {f"{HOME}/{folder}" for folder in ("var", "data", "drafts", "models")}}


def unit(file: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(file)
    return parser


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_a_unit_starts_a_command_that_exists(file: Path) -> None:
    service = unit(file)["Service"]
    program, command, *arguments = service["ExecStart"].split()
    assert program == f"{HOME}/ims"
    assert service["WorkingDirectory"] == HOME
    help_text = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    plain = re.sub(r"\x1b\[[0-9;]*m", "", help_text)
    assert "Usage" in plain
    for option in (argument for argument in arguments if argument.startswith("--")):
        assert option in plain


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_a_unit_has_few_rights(file: Path) -> None:
    service = unit(file)["Service"]
    assert service["User"] == "ims"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["LimitCORE"] == "0"
    assert service["UMask"] == "0077"
    assert service["CapabilityBoundingSet"] == ""
    assert set(service["ReadWritePaths"].split()) <= MAY_WRITE.get(file.name, {f"{HOME}/var", "/var/backups/ims"})


def test_the_studio_may_write_what_it_changes_and_nothing_that_runs() -> None:
    service = unit(Path("deploy/systemd/ims.service"))["Service"]
    assert set(service["ReadWritePaths"].split()) == MAY_WRITE["ims.service"]


def test_each_timer_has_its_service() -> None:
    timers = {file.stem for file in Path("deploy/systemd").glob("*.timer")}
    assert timers
    assert timers <= {file.stem for file in SERVICES}
