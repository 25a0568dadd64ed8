"""The order of the house: whoever reads a folder needs to know those below it, and none above or beside it.

`docs/architecture.md` draws the floors. Imports that run only at a call, or only for types, count as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# From the ground up. A room imports from lower floors alone, never from above and never from the same floor.
FLOORS = (
    ("encoder", "environments", "knowledge"),
    ("danger",),
    ("safety",),
    ("actions",),
    ("nlu",),
    ("gateway.clock", "gateway.errors", "gateway.files"),
    ("gateway.repeating",),
    ("gateway.settings", "gateway.storage", "gateway.web"),
    ("gateway.answers", "gateway.engine", "gateway.live"),
    ("gateway.editions", "gateway.handoff", "gateway.monitoring", "gateway.staff"),
    ("gateway.chat",),
    ("gateway.desk", "gateway.operations"),
    ("gateway.evaluation",),
    ("gateway.studio",),
    ("gateway.office",),
    ("gateway.assembly", "gateway.cli"),
    ("gateway.exchange",),
    ("gateway.app",),
    ("gateway.serve",),
    ("benchmarks",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
TOP = sorted({room.partition(".")[0] for room in FLOOR})
AT_THE_ROOT = 10  # modules


def modules() -> dict[str, Path]:
    """All modules by their dotted names; a package stands for its `__init__`."""
    files = [file for folder in TOP for file in Path(folder).rglob("*.py")]
    return {".".join(file.with_suffix("").parts).removesuffix(".__init__"): file for file in files}


MODULES = modules()


def imported(name: str) -> Iterator[tuple[str, int]]:
    """The modules of ours that a module imports anywhere in it, and in which line; not the packages at the top."""
    for node in ast.walk(ast.parse(MODULES[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{MODULES[name]}:{node.lineno}: imports here are absolute"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [each if each in MODULES else str(node.module) for each in whole]
        else:
            continue
        yield from ((each, node.lineno) for each in found if each in MODULES and each not in TOP)


ARROWS = [(name, other, line) for name in MODULES for other, line in imported(name) if other != name]


def room(name: str) -> str:
    """The room of the plan in which a module is."""
    return next((each for each in (".".join(name.split(".")[:2]), name.split(".")[0]) if each in FLOOR), "")


def test_each_module_is_in_a_room_of_the_plan() -> None:
    assert [name for name in MODULES if not room(name) and name != "gateway"] == []
    assert [name for name in FLOOR if name not in MODULES and not Path(name.replace(".", "/")).is_dir()] == []


def test_imports_run_down() -> None:
    wrong = [
        f"{MODULES[name]}:{line}: {room(name)} is not above {room(other)}"
        for name, other, line in ARROWS
        if room(name) != room(other) and FLOOR[room(name)] <= FLOOR[room(other)]
    ]
    assert wrong == []


def siblings(package: str) -> dict[str, set[str]]:
    """What stands directly in a package (or at the top), and what each of these imports of the others."""
    inside = f"{package}." if package else ""

    def child(name: str) -> str:
        return inside + name.removeprefix(inside).split(".")[0]

    graph: dict[str, set[str]] = {}
    for name, other, _ in ARROWS:
        if name.startswith(inside) and other.startswith(inside) and child(name) != child(other):
            graph.setdefault(child(name), set()).add(child(other))
    return graph


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One way that leads back to where it began, if there is one."""
    done: set[str] = set()

    def walk(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        found = next((found for after in sorted(graph.get(node, ())) if (found := walk(after, [*way, node]))), [])
        done.add(node)
        return found

    return next((found for node in sorted(graph) if (found := walk(node, []))), [])


@pytest.mark.parametrize("package", ["", *sorted({name.rpartition(".")[0] for name in MODULES if "." in name})])
def test_nothing_in_a_package_imports_in_a_circle(package: str) -> None:
    """Neither files nor folders: a circle anywhere is one among the children of some package."""
    assert circle(siblings(package)) == []


def test_a_circle_and_an_import_upward_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []
    assert FLOOR[room("gateway.storage.store")] < FLOOR[room("gateway.desk.service")] < FLOOR[room("benchmarks.bench")]


def test_few_modules_stand_at_the_root_of_the_gateway() -> None:
    assert len([file for file in Path("gateway").glob("*.py") if file.name != "__init__.py"]) <= AT_THE_ROOT
