"""The pictures and tables under the answers: ``data/pictures.yml`` and the drawings in ``data/pictures/``.

A drawing names its colours as ``var(--ink, #14262b)``, so that it follows the page it stands in, dark mode and forced
colours included; outside of a page it has the colours named last. What it shows is told in ``words`` as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

from knowledge.placeholders import check_placeholders
from knowledge.problems import Problem
from knowledge.yaml import Section, read

SVG = "http://www.w3.org/2000/svg"
MOST_BYTES = 20_000
# Nothing that runs, loads or brings styles of its own: a page shows the drawing as part of itself.
ELEMENTS = frozenset({"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"})

ElementTree.register_namespace("", SVG)


@dataclass(frozen=True)
class Table:
    """A comparison: the head of each column, and rows that begin with what they are about."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A drawing with its ``words``, or a table; ``parts`` of the drawing ``ask`` about a part of the body."""

    id: str
    title: str
    words: str
    topics: tuple[str, ...]
    sources: tuple[str, ...]
    parts: tuple[str, ...]
    ask: str
    table: Table | None
    drawing: str  # the SVG, empty for a table
    version: str  # changes with everything that is seen

    def svg(self, words: str) -> str:
        """The drawing with its title and its words, as they are read out."""
        root = ElementTree.fromstring(self.drawing)
        for place, (tag, text) in enumerate((("title", self.title), ("desc", words))):
            element = ElementTree.Element(f"{{{SVG}}}{tag}")
            element.text = text
            root.insert(place, element)
        root.set("role", "img")
        return ElementTree.tostring(root, encoding="unicode")


def read_pictures(
    path: Path, topics: Collection[str], sources: Collection[str], body_parts: Collection[str], problems: list[Problem]
) -> dict[str, Picture]:
    """All pictures by id; data without the file has none."""
    file = read(path, problems) if path.is_file() else None
    if file is None:
        return {}
    file.only("pictures")
    pictures: dict[str, Picture] = {}
    taken: dict[str, str] = {}
    for entry in file.sections("pictures"):
        picture = _picture(entry, path.parent / "pictures", sources, body_parts)
        if picture.id in pictures:
            entry.report(f"the picture '{picture.id}' stands twice", "keep one of the two", "id")
        pictures[picture.id] = picture
        for topic, line in entry.texts_with_lines("topics"):
            if topic not in topics:
                entry.report(f"the topic '{topic}' is unknown", "use a name that data/answers/ holds", line)
            elif taken.setdefault(topic, picture.id) != picture.id:
                entry.report(f"the topic '{topic}' has a picture already, {taken[topic]}", "keep one of the two", line)
    for drawing in sorted((path.parent / "pictures").glob("*")):
        if drawing.suffix != ".svg" or drawing.stem not in pictures:
            remedy = "name it in data/pictures.yml, or remove it"
            problems.append(Problem(drawing.as_posix(), 1, "no picture uses this file", remedy))
    return pictures


def by_topic(pictures: Mapping[str, Picture]) -> dict[str, Picture]:
    """The picture of each topic that has one."""
    return {topic: picture for picture in pictures.values() for topic in picture.topics}


def _picture(entry: Section, folder: Path, sources: Collection[str], body_parts: Collection[str]) -> Picture:
    entry.only("id", "title", "words", "topics", "sources", "parts", "ask", "columns", "rows")
    name = entry.text("id")
    table = _table(entry) if "rows" in entry else None
    words = "" if table else " ".join(entry.text("words").split())
    check_placeholders(entry, words, entry.line_of("words"))
    refs = entry.texts_with_lines("sources")
    if not refs:
        entry.report("the picture names no source", "name what it rests on", entry.line)
    for source, line in refs:
        if source not in sources:
            entry.report(f"the source '{source}' is unknown", "add it to data/sources.yml, or correct the id", line)
    parts = tuple(entry.texts("parts"))
    for part, line in entry.texts_with_lines("parts"):
        if part not in body_parts:
            entry.report(f"the body part '{part}' is unknown", "use an id of data/lexicon/conditions.yml", line)
    ask = entry.text("ask") if parts else ""
    if parts and "{part}" not in ask:
        entry.report("the question names no {part}", "write {part} where its name goes", "ask")
    drawing = "" if table else _drawing(entry, folder / f"{name}.svg", parts)
    title = entry.text("title")
    seen = repr((title, words, ask, parts, table, tuple(source for source, _ in refs), drawing))
    return Picture(
        id=name,
        title=title,
        words=words,
        topics=tuple(entry.texts("topics")),
        sources=tuple(source for source, _ in refs),
        parts=parts,
        ask=ask,
        table=table,
        drawing=drawing,
        version=sha256(seen.encode()).hexdigest()[:12],
    )


def _table(entry: Section) -> Table:
    columns = tuple(entry.texts("columns"))
    rows = []
    for section in entry.sections("rows"):
        section.only("about", "cells")
        rows.append((section.text("about"), *section.texts("cells")))
        if len(rows[-1]) != len(columns) + 1:
            section.report(f"the row has {len(rows[-1]) - 1} cells, not {len(columns)}", "write one for each column")
    if len(columns) < 2 or not rows:
        entry.report("the table compares nothing", "give it two columns and a row", entry.line)
    return Table(columns, tuple(rows))


def _drawing(entry: Section, path: Path, parts: Collection[str]) -> str:
    if not path.is_file():
        entry.report(f"there is no drawing {path.name}", f"draw {path.as_posix()}", "id")
        return ""
    raw = path.read_bytes()
    if len(raw) > MOST_BYTES:
        entry.report(f"{path.name} is larger than {MOST_BYTES // 1000} kB", "simplify the drawing", "id")
        return ""
    try:
        drawing = raw.decode("utf-8")
        root = ElementTree.fromstring(drawing)
    except UnicodeDecodeError:
        entry.report(f"{path.name} is not UTF-8 text", "save it as SVG in UTF-8", "id")
        return ""
    except (ElementTree.ParseError, ValueError) as error:
        line = error.position[0] if isinstance(error, ElementTree.ParseError) else 1
        entry.report(f"{path.name} is not valid SVG (line {line})", "fix the file", "id")
        return ""
    if root.tag != f"{{{SVG}}}svg" or "viewBox" not in root.attrib:
        entry.report(f"{path.name} has no viewBox", "give its svg element a viewBox", "id")
    for element in root.iter():
        tag = element.tag.removeprefix(f"{{{SVG}}}")
        if tag not in ELEMENTS:
            entry.report(f"{path.name} has an element '{tag[:40]}'", f"use only {', '.join(sorted(ELEMENTS))}", "id")
        for attribute in element.attrib:
            if attribute.startswith(("on", "{")) or attribute in ("style", "href", "id"):
                entry.report(f"{path.name} has an attribute '{attribute[:60]}'", "remove it", "id")
    drawn = {element.attrib["data-part"] for element in root.iter() if "data-part" in element.attrib}
    for part in sorted(drawn.symmetric_difference(parts)):
        entry.report(
            f"the part '{part}' stands only in one of {path.name} and 'parts'", "name it in both, or in none", "parts"
        )
    return drawing
