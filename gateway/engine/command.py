"""Runs one of our modules with the engine's Python and takes the JSON that it prints."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.engine.environment import ENGINE_PYTHON, LOOK, engine_environment
from gateway.engine.environment import module as run_module
from gateway.settings import Settings
from knowledge import Told

TOLD = "/dev/stdin"


class NotMeasured(Told):
    """A part of the evaluation could not be done; the message says why and what to do."""


class Stopped(Exception):
    """Somebody did not want to wait for the end."""


def never() -> bool:
    """The `stop` of work that nobody stops."""
    return False


def finished(
    settings: Settings,
    arguments: Sequence[str],
    folder: Path | None = None,
    stop: Callable[[], bool] = never,
    told: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run the engine's Python, in `folder` or where we work; raises Stopped, and ends it, once `stop` says so. It can
    read what it is `told` from TOLD, which is in memory and on no disk.
    """
    with (
        _in_memory(told) as reader,
        subprocess.Popen(
            [str(ENGINE_PYTHON.absolute()), *arguments],
            cwd=folder,
            env=engine_environment(settings),
            stdin=reader,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as run,
    ):
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


@contextmanager
def _in_memory(text: str) -> Iterator[int]:
    descriptor = os.memfd_create("told")
    try:
        with open(descriptor, "w", encoding="utf-8", closefd=False) as writer:
            writer.write(text)
        yield descriptor
    finally:
        os.close(descriptor)


def run_in_engine(
    settings: Settings, module: str, *arguments: str, stop: Callable[[], bool] = never, told: str = ""
) -> Any:
    """What the module prints; raises NotMeasured with its last words if it fails."""
    if not ENGINE_PYTHON.exists():
        raise NotMeasured(f"{ENGINE_PYTHON} is missing.", "'make setup' makes the engine's environment.")
    run = finished(settings, [*run_module(module), *arguments], stop=stop, told=told)
    if run.returncode:
        words = (run.stderr.strip() or run.stdout.strip()).splitlines()[-6:]
        raise NotMeasured(f"{module} stopped. It says:\n  " + "\n  ".join(words))
    return json.loads(run.stdout)
