"""Writes docs/reference.md from the code: `python -m tests.support.reference_page`. A test holds the page to it.

Settings come with the comments of `gateway/settings.py`, commands with their help, routes with the first sentence of
their handlers.
"""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from typer.main import get_command

from gateway.app import create_app
from gateway.cli.later import Commands
from gateway.cli.main import app
from gateway.settings import Settings
from tests.support.shipped import shipped_knowledge, shipped_net

PAGE = Path("docs/reference.md")
HEAD = """# Reference

Settings, commands and routes. This page is made from the code (`python -m tests.support.reference_page`), and a test
holds the two together.
What an operator does with them, and the numbers at `/metrics`: [operations.md](operations.md).
"""


def settings() -> Iterator[tuple[str, str, str]]:
    """Each variable, its default, and what it is for."""
    source = inspect.getsource(Settings)
    for field in fields(Settings):
        found = re.search(rf"^    {field.name}: [^#\n]*?(?:  # (.+))?$", source, re.M)
        told = (found[1] or "") if found else ""
        default = field.default
        shown = f"`{default}`" if str(default) and default != () else "empty"
        yield f"IMS_{field.name.upper()}", shown, told


def commands(command: Any, name: str = "./ims") -> Iterator[tuple[str, str]]:
    """Each command and its one line of help."""
    inner: Mapping[str, Any] = getattr(command, "commands", {})
    if not inner:
        yield name, " ".join((command.help or "").split("\n\n")[0].split())
    for word, each in sorted(inner.items()):
        yield from commands(each, f"{name} {word}")


def whole_command() -> Any:
    """The command line with all that is loaded when it is called."""
    found = get_command(app)
    assert isinstance(found, Commands)
    return found.loaded()


def routes(parts: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Each route: its methods, its path, and what it is for."""
    for route in parts:
        if included := getattr(route, "effective_route_contexts", None):  # FastAPI keeps included routers whole
            yield from routes(included(), prefix)
            continue
        path = prefix + getattr(route, "path", "")
        endpoint = getattr(route, "endpoint", None)
        if methods := sorted(set(getattr(route, "methods", None) or ()) - {"HEAD", "OPTIONS"}):
            told = inspect.getdoc(endpoint) or getattr(endpoint, "__name__", "").strip("_").replace("_", " ")
            yield ", ".join(methods), path, " ".join(told.split("\n\n")[0].split())
        else:
            inner = getattr(route, "app", None) or endpoint
            yield from routes(getattr(inner, "routes", None) or (), path)


def served(folder: Path) -> list[tuple[str, str, str]]:
    """All routes of the gateway."""
    made = create_app(Settings(var=folder), shipped_knowledge(), shipped_net())
    return sorted(set(routes(made.state.exchange.edition.app.routes)), key=lambda row: (row[1], row[0]))


@cache
def page() -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as folder:
        paths = served(Path(folder))
    lines = [HEAD, "## Settings", "", "Environment variables. What is empty or unset has its default.", ""]
    lines += ["| variable | default | what it is for |", "|---|---|---|"]
    lines += [f"| `{name}` | {default} | {told} |" for name, default, told in settings()]
    lines += ["", "## Commands", "", "`./ims COMMAND --help` tells the options.", "", "| command | what it does |"]
    lines += ["|---|---|"]
    lines += [f"| `{name}` | {told} |" for name, told in commands(whole_command())]
    lines += ["", "## Routes", "", "The description for programs is at `/openapi.json`.", ""]
    lines += ["| method | path | what it is for |", "|---|---|---|"]
    lines += [f"| {methods} | `{path}` | {told} |" for methods, path, told in paths]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Wrote {PAGE}.", file=sys.stderr)


if __name__ == "__main__":
    main()
