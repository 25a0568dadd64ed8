"""What the pages name exists: settings, commands, routes, modules, make targets, files and the pages they link to.

`test_reference_page` holds the other direction: what exists stands in docs/reference.md.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.governance.test_layers import FLOORS

REFERENCE = Path("docs/reference.md")
FOLDERS = (".", "docs", "benchmarks", "models")
PAGES = sorted(page for folder in FOLDERS for page in Path(folder).glob("*.md"))
ROUTE = re.compile(r"`(?:GET |POST |PUT |DELETE )?(/[a-z][\w/{}.-]*)`")
# Named as something else than a route of the gateway.
NO_ROUTES = {"/restart", "/etc/ims-assistant.env", "/etc/crypttab", "/var/backups/ims"}
OURS = "actions|benchmarks|danger|data|deploy|docs|encoder|environments|examples|gateway|knowledge|nlu|safety|tests"
FILE = re.compile(rf"`((?:{OURS})/[\w/.-]*\w/?)`")
LINK = re.compile(r"\]\(([^()#\s]+)(?:#[\w-]+)?\)")


@cache
def referred() -> tuple[set[str], set[str], set[str]]:
    """The settings, commands (and groups of them) and routes of the reference, which is made from the code."""
    text = REFERENCE.read_text("utf-8")
    first = set(re.findall(r"^\| `([^`]+)` \|", text, re.M))
    commands = {name.split()[1] for name in first if name.startswith("./ims ")}
    return first, commands, set(re.findall(r"^\| [A-Z, ]+ \| `([^`]+)` \|", text, re.M))


@pytest.mark.parametrize("document", PAGES, ids=str)
def test_what_a_page_names_exists(document: Path) -> None:
    settings, commands, routes = referred()
    text = document.read_text("utf-8")
    modules = {name.replace(".", "/") for name in re.findall(rf"python -m ((?:{OURS})[\w.]*\w)", text)}
    targets = set(re.findall(r"^([a-z]+):", Path("Makefile").read_text("utf-8"), re.M))
    missing = {
        *(name for name in re.findall(r"IMS_[A-Z_]*[A-Z]\b(?!_)", text) if name not in settings),
        *(f"./ims {name}" for name in re.findall(r"\./ims ([a-z][a-z-]*)", text) if name not in commands),
        *(name for name in ROUTE.findall(text) if name not in routes | NO_ROUTES and document.name != "screening.md"),
        *(name for name in modules if not Path(f"{name}.py").exists() and not Path(name, "__main__.py").exists()),
        *(name for name in re.findall(r"`make ([a-z]+)", text) if name not in targets),
        *(name for name in FILE.findall(text) if not Path(name).exists()),
        *(name for name in LINK.findall(text) if "://" not in name and not (document.parent / name).exists()),
    }
    assert missing == set()


def test_the_architecture_page_draws_the_floors_that_are_kept() -> None:
    drawn = Path("docs/architecture.md").read_text("utf-8").split("```", 2)[1].split()
    kept = {room.removeprefix("gateway.") for floor in FLOORS for room in floor} - {"benchmarks"}
    assert {word.rstrip(",") for word in drawn} - {">"} == kept
