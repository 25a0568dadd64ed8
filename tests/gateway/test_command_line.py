"""The command line before its work begins: quick help, its own name, and what somebody may have meant."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from gateway.cli.later import Commands
from gateway.cli.main import app

HEAVY = {"spacy", "sqlalchemy", "numpy", "fastapi", "onnxruntime", "medspacy"}


def test_help_loads_nothing_that_takes_its_time() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from gateway.cli.main import app; "
        f"CliRunner().invoke(app, ['--help']); print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_usage_says_what_is_typed() -> None:
    run = subprocess.run([sys.executable, "-m", "gateway.cli", "topic", "--help"], capture_output=True, text=True)
    assert "Usage: ./ims topic" in run.stdout
    assert "completion" not in run.stdout


def test_a_mistyped_command_or_topic_is_guessed() -> None:
    assert "Did you mean 'doctor'" in CliRunner().invoke(app, ["docter"]).output
    assert "Did you mean 'publish'" in CliRunner().invoke(app, ["publsh"]).output
    found = CliRunner().invoke(app, ["topic", "show", "sorenes"])
    assert found.exit_code == 1
    assert "did you mean soreness?" in found.stderr


def test_the_help_before_a_command_is_loaded_is_its_own() -> None:
    group = get_command(app)
    assert isinstance(group, Commands)
    before = {name: group.commands[name].help for name in Commands.later}
    after = {name: (group.loaded(name).commands[name].help or "").split("\n\n")[0] for name in Commands.later}
    assert before == after


def test_a_command_speaks_of_the_service_unless_the_shell_says_otherwise(tmp_path: Path) -> None:
    settings = tmp_path / "service.env"
    settings.write_text('# the clinic\nIMS_PORT="soon"\nPATH=/nowhere\nIMS_$(touch x)=1\n', "utf-8")

    def asked(**environment: str) -> str:
        given = {**os.environ, "IMS_SETTINGS": str(settings), **environment}
        run = subprocess.run(["./ims", "ask", "hello"], env=given, capture_output=True, text=True, check=False)
        return run.stderr

    assert "IMS_PORT must be" in asked()
    assert "IMS_PORT must be" in asked(IMS_PORT="never")
    assert "IMS_ENGINE_TIMEOUT must be" in asked(IMS_PORT="8123", IMS_ENGINE_TIMEOUT="soon")
    assert not Path("x").exists()
