"""The styles: each class that they name is worn by something, and each custom property that they read is set.

A linter sees one file at a time and knows of neither.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC, TEMPLATES = Path("gateway/static"), Path("gateway/templates")
SHEETS = [*sorted(STATIC.rglob("*.css")), STATIC / "widget" / "styles.js"]
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CLASS = re.compile(r"\.([a-zA-Z][\w-]*)(?=[^{}]*\{)")
READ = re.compile(r"var\((--[\w-]+)\s*([,)])")
SET = re.compile(r"(?<![\w(-])(--[\w-]+)\s*:")
WORD = re.compile(r"[\w-]+")


def styles(sheet: Path) -> str:
    return COMMENT.sub("", sheet.read_text("utf-8"))


def selectors(text: str) -> str:
    """What stands before the braces, and not the values between them."""
    return re.sub(r"\{[^{}]*\}", "{}", text)


@pytest.fixture(scope="module")
def worn() -> set[str]:
    """All words of the pages and scripts, and of what writes pages."""
    files = [*TEMPLATES.rglob("*.html"), *Path("gateway").rglob("*.py"), *Path("data").glob("pictures/*.svg")]
    files += [path for path in STATIC.rglob("*.js") if path.name != "styles.js"]
    return {word for path in files for word in WORD.findall(path.read_text("utf-8"))}


@pytest.mark.parametrize("sheet", SHEETS, ids=str)
def test_each_class_is_worn_by_something(sheet: Path, worn: set[str]) -> None:
    named = set(CLASS.findall(selectors(styles(sheet))))
    assert named, "it names some"
    assert sorted(named - worn) == []


def test_each_custom_property_that_is_read_is_set_or_has_another_value() -> None:
    said = "\n".join(styles(sheet) for sheet in SHEETS)
    scripts = "\n".join(path.read_text("utf-8") for path in [*STATIC.rglob("*.js"), *Path("gateway/web").glob("*.py")])
    known = set(SET.findall(said)) | set(SET.findall(scripts))
    needed = {name for name, end in READ.findall(said) if end == ")"}
    assert needed, "some are read"
    assert sorted(needed - known) == []


def test_each_custom_property_that_is_set_is_read() -> None:
    everything = [*SHEETS, *STATIC.rglob("*.js"), *TEMPLATES.rglob("*.html"), *Path("data").glob("pictures/*.svg")]
    read = {name for path in everything for name, _ in READ.findall(path.read_text("utf-8"))}
    known = {name for sheet in SHEETS for name in SET.findall(styles(sheet))}
    assert sorted(known - read) == []
