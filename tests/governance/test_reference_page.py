"""docs/reference.md tells of every setting, command and route there is, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.reference_page import PAGE, page

ROW = re.compile(r"^\| .+\|$", re.M)


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: .venvs/gateway/bin/python -m tests.support.reference_page"


def test_every_row_says_what_it_is_for() -> None:
    assert [row for row in ROW.findall(page()) if re.search(r"\|\s+\|$", row)] == []


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = Path("docs/README.md").read_text("utf-8")
    pages = {file.name for file in Path("docs").glob("*.md")} - {"README.md"}
    assert [page for page in sorted(pages) if f"({page})" not in index] == []
