"""Where the engine's Python is, and what its processes get to know."""

from __future__ import annotations

import os
from pathlib import Path

from environments.setup import ENGINE, ROOT
from gateway.settings import Settings
from nlu.quiet import SETTINGS as QUIET

ENGINE_PYTHON = ENGINE.python
LOOK = 0.1  # seconds between two looks whether one of its processes is done, or shall stop


def module(name: str) -> tuple[str, str]:
    """What Python is given to run a module of ours. As `-m`, but it looks for none in the folder in which it works: the
    service may write there.
    """
    run = f"runpy.run_module({name!r}, run_name='__main__', alter_sys=True)"
    return "-c", f"import runpy, sys; del sys.path[0]; {run}"


def engine_environment(settings: Settings) -> dict[str, str]:
    """Environment variables for every process of the engine: no telemetry, and nothing that patients typed in logs.

    The engine works in the folder of an edition, so it is told where our code is.
    Compiled modules are kept, where they may be written: without them each start compiles thousands of files again.
    """
    return {
        **os.environ,
        **QUIET,
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": str(ROOT),
        "RASA_CACHE_DIRECTORY": os.environ.get("RASA_CACHE_DIRECTORY", str(Path(".rasa/cache").absolute())),
        "IMS_ENGINE_TOKEN": settings.engine_secret(),
    }
