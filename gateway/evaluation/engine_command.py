"""Runs one of our modules with the engine's Python and takes the JSON that it prints."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gateway.settings import Settings
from gateway.training import ENGINE_PYTHON, LOOK, engine_environment


class NotMeasured(Exception):
    """A part of the evaluation could not be done; the message says why and what to do."""


class Stopped(Exception):
    """Somebody did not want to wait for the end."""


def never() -> bool:
    """For what nobody stops."""
    return False


def finished(
    settings: Settings, arguments: Sequence[str], folder: Path | None = None, stop: Callable[[], bool] = never
) -> subprocess.CompletedProcess[str]:
    """Run the engine's Python, in `folder` or where we work; raises Stopped, and ends it, once `stop` says so."""
    with subprocess.Popen(
        [str(ENGINE_PYTHON.absolute()), *arguments],
        cwd=folder,
        env=engine_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        try:
            while True:
                try:
                    said, complained = run.communicate(timeout=LOOK)
                    return subprocess.CompletedProcess(run.args, run.returncode, said, complained)
                except subprocess.TimeoutExpired:
                    if stop():
                        raise Stopped from None
        finally:
            run.kill()


def run_in_engine(settings: Settings, module: str, *arguments: str, stop: Callable[[], bool] = never) -> Any:
    """What the module prints; raises NotMeasured with its last words if it fails."""
    if not ENGINE_PYTHON.exists():
        raise NotMeasured(f"{ENGINE_PYTHON} is missing. What to do: 'make setup' makes the engine's environment.")
    run = finished(settings, ["-m", module, *arguments], stop=stop)
    if run.returncode:
        words = (run.stderr.strip() or run.stdout.strip()).splitlines()[-6:]
        raise NotMeasured(f"{module} stopped. It says:\n  " + "\n  ".join(words))
    return json.loads(run.stdout)
