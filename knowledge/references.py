"""What an answer points to (sources, claims, topics), and the signature that stands under its words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from knowledge.yaml import Section


@dataclass(frozen=True)
class SourceRef:
    """A source that an answer rests on, and where in it; ``section`` is empty for a publication as a whole."""

    id: str
    section: str


@dataclass(frozen=True)
class Signature:
    """Who stands for a text, and since when; ``lapsed`` names who signed another text, or never signed this one."""

    reviewer: str
    reviewed: date | None
    lapsed: str


def read_sources_of(meta: Section, known: Collection[str]) -> tuple[SourceRef, ...]:
    """The sources of an answer."""
    refs = []
    for section in meta.sections("sources"):
        section.only("id", "section")
        ref = SourceRef(section.text("id"), section.optional_text("section") or "")
        if ref.id and ref.id not in known:
            section.report(f"the source '{ref.id}' is unknown", "add it to data/sources.yml, or correct the id", "id")
        refs.append(ref)
    return tuple(refs)


def read_names(meta: Section, key: str, known: Collection[str], what: str, where: str) -> tuple[str, ...]:
    """A list of names, each of which another file has to know."""
    names = meta.texts_with_lines(key)
    for name, line in names:
        if name and name not in known:
            meta.report(f"the {what} '{name}' in '{key}' is unknown", f"use a name that {where} holds", line)
    return tuple(name for name, _ in names)


def read_signature(meta: Section, mark: str) -> Signature:
    """The signature, as far as it was given for the text with this mark."""
    reviewer = meta.text("reviewer", empty=True).strip()
    reviewed = meta.date("reviewed", empty=True)
    if bool(reviewer) != (reviewed is not None):
        meta.report(
            "'reviewer' and 'reviewed' do not belong together",
            "fill in both when a physiotherapist has signed, and neither before",
            "reviewer",
        )
    if (meta.optional_text("signed") or "") == mark:
        return Signature(reviewer, reviewed, "")
    return Signature("", None, reviewer)


def signed_text(title: str, short: str, more: str, refs: Iterable[SourceRef]) -> str:
    """What a signature is for: a mark of the words that were read when it was given."""
    words = [" ".join(text.split()) for text in (title, short, more)]
    given = json.dumps([*words, [[ref.id, " ".join(ref.section.split())] for ref in refs]])
    return hashlib.sha256(given.encode()).hexdigest()[:12]


def with_simple(more: str, simple: str) -> str:
    """A longer answer with the plainest one, where there is one: a signature is for both."""
    return "\n\n".join(filter(None, [more, simple]))


def version_of(title: str, short: str, more: str, refs: Iterable[SourceRef], *seen: str) -> str:
    """Changes with every change of what a patient reads or sees; ``seen`` are the versions of pictures."""
    read_by_patients = json.dumps([title, short, more, [[ref.id, ref.section] for ref in refs], *seen])
    return hashlib.sha256(read_by_patients.encode()).hexdigest()[:12]
