"""A page that says which test shows something names a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

NAMED = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")
CRITERIA = (  # WCAG 2.2, levels A and AA (4.1.1 is no longer one)
    "1.1.1 1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.3.3 1.3.4 1.3.5 1.4.1 1.4.2 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 "
    "1.4.12 1.4.13 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 2.4.1 2.4.2 2.4.3 2.4.4 2.4.5 2.4.6 2.4.7 2.4.11 2.5.1 2.5.2 "
    "2.5.3 2.5.4 2.5.7 2.5.8 3.1.1 3.1.2 3.2.1 3.2.2 3.2.3 3.2.4 3.2.6 3.3.1 3.3.2 3.3.3 3.3.4 3.3.7 3.3.8 4.1.2 4.1.3"
)
READS = re.compile(
    r"json\.loads\(|\.json\(\)|csv\.reader|tarfile\.open|HTMLParser|message_from_bytes|ElementTree\.fromstring"
    r"|\.form\(\)|Form\(|\.cookies|query_params|YAML\(|Header\("
)
# These read what the assistant wrote itself: files under var/, for its owner alone, and what its own engine prints.
OWN = {
    *("gateway/evaluation/compare.py", "gateway/evaluation/development_sets.py", "gateway/operations/new_assistant.py"),
    *("gateway/engine/command.py", "gateway/chat/replies.py", "gateway/studio/publishing/approvals.py"),
    *("gateway/studio/topics/changes.py", "gateway/studio/trying/dry_run.py", "gateway/studio/trying/dry_run_job.py"),
    *(
        "gateway/studio/inbox/decisions.py",
        "gateway/studio/topics/history.py",
        "gateway/studio/publishing/publishing.py",
    ),
    *("gateway/studio/understanding.py", "gateway/studio/topics/change_requests.py", "safety/borders.py"),
}
PAGES = ["docs/security.md", "docs/privacy.md", "docs/faults.md", "docs/advisories.yml"]


@pytest.mark.parametrize("document", PAGES)
def test_the_tests_named_exist(document: str) -> None:
    named = set(NAMED.findall(Path(document).read_text("utf-8")))
    assert named
    for file, function in named:
        tree = ast.parse(Path(file).read_text("utf-8"))
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert not function or function in defined, f"{file}::{function}"


def rows(page: str, heading: str) -> list[list[str]]:
    part = Path(page).read_text("utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_each_threat_has_its_test() -> None:
    threats = rows("docs/security.md", "Threats")
    assert len(threats) > 25
    assert [row[0] for row in threats if not NAMED.search(row[-1])] == []


def test_each_reader_of_what_comes_from_outside_is_in_the_list_and_has_its_test() -> None:
    listed = rows("docs/security.md", "Whatever is read from outside")
    assert [row[0] for row in listed if not NAMED.search(row[-1])] == []
    named = {file for row in listed for file in re.findall(r"`([\w/]+\.py)`", row[1])}
    assert {file for file in named if not Path(file).is_file()} == set()
    files = [file for folder in ("gateway", "knowledge", "safety") for file in Path(folder).rglob("*.py")]
    readers = {file.as_posix() for file in files if READS.search(file.read_text("utf-8"))}
    assert readers - named == OWN, "new readers belong into the list, with a test"


def test_each_point_of_the_law_has_a_test_or_is_the_clinics() -> None:
    points = rows("docs/privacy.md", "The law, in short")
    assert len(points) > 9
    for law, what, clinic, test in points:
        assert law
        assert bool(NAMED.search(test)) == bool(what), law
        assert what or clinic


def test_each_point_of_wcag_stands_once_and_names_its_tests() -> None:
    points = rows("docs/accessibility.md", "Point by point")
    assert [row[0].split()[0] for row in points] == CRITERIA.split()
    defined = {
        node.name
        for file in Path("tests/browser").glob("test_*.py")
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    for criterion, how, test in points:
        named = re.findall(r"`(\w+)`", test)
        assert how, criterion
        assert set(named) <= defined, f"{criterion}: {set(named) - defined}"
        assert named or test in ("axe", "none of it here"), criterion
