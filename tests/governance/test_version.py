"""One place says the version; what else names it agrees."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from gateway import __version__


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(r"^## (\S+)", Path("CHANGELOG.md").read_text("utf-8"), re.M)
    assert first and first[1] == __version__


def test_the_project_file_names_this_version() -> None:
    named = re.search(r'^version = "(.+)"', Path("pyproject.toml").read_text("utf-8"), re.M)
    assert named and named[1] == __version__


def test_the_command_line_says_it() -> None:
    said = subprocess.run([sys.executable, "-m", "gateway.cli", "--version"], capture_output=True, text=True)
    assert (said.returncode, said.stdout.strip()) == (0, f"IMS Assistant {__version__}")
