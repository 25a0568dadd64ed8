"""The hazard log (``docs/hazards.yml``): what could go wrong, why, what prevents it, and the tests that show it.

A hazard is only as well controlled as its tests: a control without one, or with one that does not exist, is an error.
Whether the tests passed is asked where tests run (``tests/governance``), with :func:`unproven`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.problems import Problem
from knowledge.yaml import Section, read

FILE = "docs/hazards.yml"
UNACCEPTABLE = 4  # of 5; a hazard that stays there must not go live
PASSED = "passed"
FINE = (PASSED, "skipped")  # a test may be left out for want of a program, if another one shows the same


@dataclass(frozen=True)
class Control:
    """What keeps a hazard from doing harm, and the tests that show that it works."""

    text: str
    tests: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Hazard:
    """What could go wrong; ``before`` and ``after`` are its risk (1 to 5) without and with the controls."""

    id: str
    hazard: str
    harm: str
    causes: tuple[str, ...]
    controls: tuple[Control, ...]
    before: int
    after: int
    line: int


@dataclass(frozen=True)
class HazardLog:
    """All hazards, and who answers for them."""

    owner: str
    hazards: tuple[Hazard, ...]


def read_hazards(path: Path, problems: list[Problem]) -> HazardLog | None:
    """The log; what is wrong with it is reported."""
    file = read(path, problems)
    if file is None:
        return None
    file.only("owner", "hazards")
    hazards = tuple(map(_hazard, file.sections("hazards")))
    for hazard in hazards:
        if sum(other.id == hazard.id for other in hazards) > 1:
            file.report(f"the hazard '{hazard.id}' stands twice", "give each its own id", hazard.line)
    return HazardLog(file.text("owner"), hazards)


def problems(log: HazardLog, path: Path, root: Path) -> Iterator[Problem]:
    """Hazards that stay too high, and named tests that do not exist below ``root``."""
    known: dict[str, set[str]] = {}
    for hazard in log.hazards:
        if hazard.after >= UNACCEPTABLE:
            message = f"the risk of {hazard.id} stays at {hazard.after}"
            yield Problem(path.as_posix(), hazard.line, message, "add a control")
        for control in hazard.controls:
            for test in control.tests:
                name, _, function = test.partition("::")
                if name not in known:
                    known[name] = _functions(root / name)
                if function not in known[name]:
                    remedy = "correct the id, or write the test"
                    yield Problem(path.as_posix(), control.line, f"{hazard.id}: there is no test {test}", remedy)


def unproven(log: HazardLog, outcomes: Mapping[str, str]) -> list[str]:
    """What a run of all tests did not show, in words: tests that failed or did not run, controls all of whose tests
    were left out for want of a program.
    """
    found = []
    for hazard in log.hazards:
        for control in hazard.controls:
            results = {test: outcomes.get(test, "did not run") for test in control.tests}
            found += [f"{hazard.id}: {test} {result}" for test, result in results.items() if result not in FINE]
            if PASSED not in results.values():
                found.append(f"{hazard.id}: no test shows that '{control.text}'")
    return found


def page(log: HazardLog) -> list[str]:
    """The log as a page: one row for each hazard, its controls with their tests below."""
    tests = {test for hazard in log.hazards for control in hazard.controls for test in control.tests}
    controls = sum(len(hazard.controls) for hazard in log.hazards)
    lines = [
        f"{len(log.hazards)} hazards, {controls} controls, {len(tests)} tests. `make test` fails if a control has no "
        f"test that passes. Owner: {log.owner}.",
        "",
        "Risk is severity times likelihood on a scale of 5: 1 and 2 are acceptable, 3 is to be brought down where that "
        "is reasonable, 4 and 5 must not go live. The figures are our own estimate, for the owner to confirm.",
        "",
        "| id | hazard | harm | risk before | risk after |",
        "|---|---|---|---|---|",
    ]
    for hazard in log.hazards:
        link = f"[{hazard.id}](#{hazard.id.lower()})"
        lines.append(f"| {link} | {hazard.hazard} | {hazard.harm} | {hazard.before} | {hazard.after} |")
    for hazard in log.hazards:
        lines += ["", f"## {hazard.id}", "", f"{hazard.hazard}.", "", f"Causes: {'; '.join(hazard.causes)}.", ""]
        lines += ["| control | shown by |", "|---|---|"]
        for control in hazard.controls:
            shown = "<br>".join(f"`{test}`" for test in control.tests)
            lines.append(f"| {control.text} | {shown} |")
    return lines


def _hazard(section: Section) -> Hazard:
    section.only("id", "hazard", "harm", "causes", "controls", "before", "after")
    hazard = Hazard(
        id=section.text("id"),
        hazard=section.text("hazard"),
        harm=section.text("harm"),
        causes=tuple(section.texts("causes")),
        controls=tuple(map(_control, section.sections("controls"))),
        before=section.integer("before"),
        after=section.integer("after"),
        line=section.line,
    )
    if not hazard.controls:
        section.report(f"the hazard '{hazard.id}' has no control", "say what keeps it from doing harm")
    if not hazard.causes:
        section.report(f"the hazard '{hazard.id}' has no cause", "say how it could come about")
    if not 1 <= hazard.after <= hazard.before <= 5:
        section.report(f"the risk of '{hazard.id}' is no pair of 1 to 5", "write before and after, which is not higher")
    return hazard


def _control(section: Section) -> Control:
    section.only("control", "tests")
    control = Control(section.text("control"), tuple(section.texts("tests")), section.line)
    if not control.tests:
        section.report(f"no test shows that '{control.text}'", "name one, or write one")
    return control


def _functions(path: Path) -> set[str]:
    """The names of the test functions of a file; of a file that is not there, none."""
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds) and node.name.startswith("test_")}
