"""docs/operations.md names only what exists, and all numbers that there are."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from typer.main import get_command

from gateway.cli.main import app
from gateway.settings import Settings
from tests.deploy.test_monitoring import exported

PAGES = [page for page in (Path("docs/operations.md"), Path("docs/scaling.md")) if page.exists()]
TEXT = "\n".join(page.read_text("utf-8") for page in PAGES)


def test_the_settings_named_exist() -> None:
    known = {f"IMS_{field.name.upper()}" for field in fields(Settings)}
    named = set(re.findall(r"IMS_[A-Z_]+", TEXT))
    assert named
    assert named <= known


def test_the_commands_named_exist() -> None:
    command = get_command(app)
    named = set(re.findall(r"\./ims ([a-z]+)", TEXT))
    assert {"doctor", "train"} <= named
    assert named <= set(getattr(command, "commands", {}))


def test_each_number_is_explained() -> None:
    families = {re.sub(r"_(bucket|count)$", "", name) for name in exported() if name.startswith("ims_")}
    explained = set(re.findall(r"`(ims_[a-z_]+)`", TEXT))
    assert {name for name in families if not name.endswith("_created")} == explained


def test_the_files_named_exist() -> None:
    named = {name.rstrip(".") for name in re.findall(r"deploy/[\w./-]*\w", TEXT)}
    assert named
    assert {name for name in named if not Path(name).exists()} == set()
