"""What some tests need besides Python: `pytestmark = needs("strace", "model")` says so.

With IMS_REQUIRE_SYSTEM_PACKAGES=1, as in CI, nothing is skipped: what is missing is an error.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.engine.environment import ENGINE_PYTHON


def _program(name: str, also_in: str = "") -> Callable[[], bool]:
    return lambda: shutil.which(name, path=f"{os.environ['PATH']}:{also_in}") is not None


def postgresql() -> Path | None:
    """The folder of PostgreSQL's programs, which Debian keeps off the path; the newest one."""
    folders = [file.parent for file in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


# Name -> whether it is there, and where it comes from.
NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "chromium": (_program("chromium"), "apt-get install chromium"),
    "ip": (_program("ip"), "apt-get install iproute2"),
    "nginx": (_program("nginx", "/usr/sbin"), "apt-get install nginx"),
    "postgresql": (lambda: postgresql() is not None, "apt-get install postgresql"),
    "redis": (_program("redis-server"), "apt-get install redis-server"),
    "strace": (_program("strace"), "apt-get install strace"),
    "engine": (ENGINE_PYTHON.exists, "make setup"),
    "model": (Path("models/manifest.json").exists, "./ims train"),
}


class Missing(Exception):
    """Something that the tests need is not there, and must be."""


def needs(*names: str) -> pytest.MarkDecorator:
    """Skip a test where one of these is missing, with the reason; where nothing may be skipped, raise Missing."""
    return pytest.mark.needs(*names)


def skip_or_fail(item: pytest.Item) -> None:
    """Before a test: skip it where something that it `needs` is missing."""
    names = [name for mark in item.iter_markers("needs") for name in mark.args]
    missing = [f"{name} ({NEEDS[name][1]})" for name in names if not NEEDS[name][0]()]
    if missing:
        reason = f"needs {', '.join(missing)}"
        if os.environ.get("IMS_REQUIRE_SYSTEM_PACKAGES"):
            raise Missing(reason)
        pytest.skip(reason)
