"""The pages under ``docs/`` that are made from the data: what is covered, and what the answers rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from knowledge import education, hazards
from knowledge.answers import Topic
from knowledge.claims import Claim
from knowledge.sources import Source
from knowledge.store import Knowledge

NOTE = "<!-- Made by `python -m knowledge.check --write-docs`. Change the files in data/ instead of this page. -->"


def pages(knowledge: Knowledge) -> dict[str, str]:
    """The text of every page by its file name."""
    makers: Mapping[str, Callable[[Knowledge], list[str]]] = {
        "coverage.md": _coverage,
        "sources.md": _sources,
        "education.md": _education,
        "hazards.md": _hazards,
    }
    made = {name: make(knowledge) for name, make in makers.items()}
    return {name: "\n".join(lines) + "\n" for name, lines in made.items() if lines}


def write(knowledge: Knowledge, docs: Path) -> None:
    """Writes all pages into ``docs``."""
    docs.mkdir(parents=True, exist_ok=True)
    for name, text in pages(knowledge).items():
        (docs / name).write_text(text, encoding="utf-8")


def covering(knowledge: Knowledge) -> dict[str, list[Topic]]:
    """The topics that state each claim, in the softened form of its caution."""
    found: dict[str, list[Topic]] = {claim: [] for claim in knowledge.claims}
    for topic in knowledge.topics.values():
        for claim in (*topic.claims, *topic.more_claims):
            found.setdefault(claim, []).append(topic)
    return found


def _coverage(knowledge: Knowledge) -> list[str]:
    topics = covering(knowledge)
    covered = sum(bool(topics[claim]) for claim in knowledge.claims)
    left_out = sum(claim.left_out is not None for claim in knowledge.claims.values())
    return [
        "# What the documents claim, and where it is said",
        "",
        NOTE,
        "",
        f"The documents make {len(knowledge.claims)} distinct claims. {covered} are stated by an answer, in the form "
        f"that their caution allows, or put right there. {left_out} are left out, with the reason.",
        "",
        "| claim | documents | what it says | where |",
        "|---|---|---|---|",
        *(
            f"| {claim.id} | {', '.join(claim.documents)} | {_cell(claim.claim)} | {_where(claim, topics[claim.id])} |"
            for claim in knowledge.claims.values()
        ),
    ]


def _where(claim: Claim, topics: list[Topic]) -> str:
    places = [f"[{topic.name}](../data/answers/{topic.file.name})" for topic in topics]
    if claim.left_out:
        places.append(f"left out: {_cell(claim.left_out)}")
    return ", ".join(places) or "**nowhere**"


def _sources(knowledge: Knowledge) -> list[str]:
    lines = [
        "# What the answers rest on",
        "",
        NOTE,
        "",
        "For every source: the answers that name it. For every document also what it says that no answer repeats, and "
        "what is repeated only with a caution.",
    ]
    titles = {"document": "Documents", "publication": "Publications", "guidance": "Guidance"}
    for kind, title in titles.items():
        lines += ["", f"## {title}"]
        for source in knowledge.sources.values():
            if source.kind == kind:
                lines += _source(knowledge, source)
    return lines


def _source(knowledge: Knowledge, source: Source) -> list[str]:
    name = f"[{source.title}]({source.url})" if source.url else source.title
    year = f", {source.year}" if source.year else ""
    lines = ["", f"### {source.id}", "", f"{name}{year}"]
    if source.notes:
        lines += ["", source.notes]
    lines += ["", f"Answers that rest on it: {_answers(knowledge, source) or 'none'}."]
    if source.kind != "document":
        return lines
    topics = covering(knowledge)
    claims = [claim for claim in knowledge.claims.values() if source.id in claim.documents]
    not_repeated = [f"- {claim.id}: {claim.claim}. Why: {claim.left_out}" for claim in claims if claim.left_out]
    with_care = [
        f"- {claim.id} ({', '.join(topic.name for topic in topics[claim.id])}): {claim.claim}. Caution: {claim.caution}"
        for claim in claims
        if claim.caution and topics[claim.id]
    ]
    for title, items in (
        ("What it says that no answer repeats, and why:", not_repeated),
        ("What is repeated only with care, or put right:", with_care),
    ):
        if items:
            lines += ["", title, "", *items]
    return lines


def _answers(knowledge: Knowledge, source: Source) -> str:
    found: dict[str, list[str]] = {}
    for topic in knowledge.topics.values():
        for ref in topic.sources:
            if ref.id == source.id:
                found.setdefault(topic.name, []).append(ref.section)
    return ", ".join(f"[{name}](../data/answers/{name}.yml)" + _sections(sections) for name, sections in found.items())


def _sections(sections: list[str]) -> str:
    named = [section for section in sections if section]
    return f" ({'; '.join(named)})" if named else ""


def _education(knowledge: Knowledge) -> list[str]:
    path = knowledge.folder / education.FILE
    readings = education.read_education(path, []) if path.is_file() else None
    if readings is None:
        return []
    return ["# How well the answers teach", "", NOTE, "", *education.page(readings)]


def _hazards(knowledge: Knowledge) -> list[str]:
    path = knowledge.folder.parent / hazards.FILE
    log = hazards.read_hazards(path, []) if path.is_file() else None
    if log is None:
        return []
    note = NOTE.replace("the files in data/", hazards.FILE)
    return ["# What could go wrong, and what prevents it", "", note, "", *hazards.page(log)]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
