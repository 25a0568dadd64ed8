"""Runs one of our modules with the engine's Python and takes the JSON that it prints."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from gateway.settings import Settings
from gateway.training import ENGINE_PYTHON, engine_environment


class NotMeasured(Exception):
    """A part of the evaluation could not be done; the message says why and what to do."""


def run_in_engine(settings: Settings, module: str, *arguments: str) -> Any:
    """What the module prints; raises NotMeasured with its last words if it fails."""
    if not ENGINE_PYTHON.exists():
        raise NotMeasured(f"{ENGINE_PYTHON} is missing. What to do: 'make setup' makes the engine's environment.")
    run = subprocess.run(
        [str(ENGINE_PYTHON), "-m", module, *arguments],
        env=engine_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        words = (run.stderr.strip() or run.stdout.strip()).splitlines()[-6:]
        raise NotMeasured(f"{module} stopped. It says:\n  " + "\n  ".join(words))
    return json.loads(run.stdout)
