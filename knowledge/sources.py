"""The documents, publications and guidance that answers rest on (``data/sources.yml``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.problems import Problem
from knowledge.yaml import Section, read

KINDS = ("document", "publication", "guidance")


@dataclass(frozen=True)
class Source:
    """A document, a publication, or guidance gathered from several; ``url`` is None for what is not on the web."""

    id: str
    kind: str
    title: str
    year: int | None
    url: str | None
    notes: str | None


def read_sources(path: Path, problems: list[Problem]) -> dict[str, Source]:
    """All sources by id."""
    file = read(path, problems)
    if file is None:
        return {}
    file.only("sources")
    sources: dict[str, Source] = {}
    for section in file.sections("sources"):
        source = _source(section)
        if source.id in sources:
            section.report(f"the source '{source.id}' stands twice", "keep one of the two")
        sources[source.id] = source
    if not sources:
        file.report("there are no sources", "list them under 'sources:'")
    return sources


def _source(section: Section) -> Source:
    section.only("id", "kind", "title", "year", "url", "notes")
    url = section.optional_text("url")
    if url and not url.startswith(("https://", "http://")):
        section.report(f"'{url[:60]}' is not a web address", "begin it with https://", "url")
    return Source(
        id=section.text("id"),
        kind=section.choice("kind", KINDS),
        title=section.text("title"),
        year=section.integer("year") if "year" in section else None,
        url=url,
        notes=section.optional_text("notes"),
    )
