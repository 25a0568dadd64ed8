"""The conditions and body parts that patients name, and how to find them (``data/lexicon/conditions.yml``)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.problems import Problem
from knowledge.yaml import Section, read

CLASSES = ("named_ok", "named_soften", "named_handover", "not_named")
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True)
class Condition:
    """A condition as a patient would read it, what the treatment can do there, and what needs a doctor first."""

    id: str
    name: str
    documents: tuple[str, ...]
    kind: str
    body_part: str
    note: str
    doctor_first: str
    sources: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def named(self) -> bool:
        """Whether any document names it."""
        return self.kind != "not_named"


@dataclass(frozen=True)
class BodyPart:
    """A part of the body, the words for it, and the condition that answers a question about the part alone.

    One that is `everywhere` (a muscle, the skin) says nothing where another part is named.
    """

    id: str
    name: str
    words: tuple[str, ...]
    about: str = ""
    everywhere: bool = False


@dataclass(frozen=True)
class Mention:
    """A condition or body part in a text, from character ``start`` to ``end``."""

    id: str
    kind: str  # condition or body_part
    start: int
    end: int


class Conditions:
    """The lexicon. The longest match wins, so that "knee replacement" is not taken for the knee."""

    def __init__(self, conditions: Mapping[str, Condition], body_parts: Mapping[str, BodyPart]) -> None:
        self.conditions = conditions
        self.body_parts = body_parts
        self._phrases: dict[tuple[str, ...], tuple[str, str]] = {}
        for part in body_parts.values():
            for phrase in (part.name, *part.words):
                self._phrases[_words(phrase)] = ("body_part", part.id)
        for condition in conditions.values():
            for phrase in (condition.name, *condition.words):
                self._phrases[_words(phrase)] = ("condition", condition.id)
        self._longest = max(map(len, self._phrases), default=0)

    def find(self, text: str) -> list[Mention]:
        """All mentions in their order; a thing that is named twice counts once."""
        found: dict[tuple[str, str], Mention] = {}
        tokens = list(WORD.finditer(text.lower().replace("’", "'")))
        words = [token[0] for token in tokens]
        position = 0
        while position < len(words):
            for length in range(min(self._longest, len(words) - position), 0, -1):
                entry = self._phrases.get(tuple(words[position : position + length]))
                if entry:
                    end = tokens[position + length - 1].end()
                    found.setdefault(entry, Mention(entry[1], entry[0], tokens[position].start(), end))
                    position += length
                    break
            else:
                position += 1
        return list(found.values())

    def asked_about(self, text: str, most: int = 2) -> tuple[list[Condition], list[BodyPart]]:
        """What a question is about: the conditions that it names, and body parts for which nothing more is known."""
        mentions = self.find(text)
        conditions = [self.conditions[mention.id] for mention in mentions if mention.kind == "condition"]
        parts = [self.body_parts[mention.id] for mention in mentions if mention.kind == "body_part"]
        parts = [part for part in parts if not part.everywhere] or parts
        if conditions:  # "plantar fasciitis in my left foot" is not a question about feet
            return conditions[:most], []
        answers = {part.about: self.conditions[part.about] for part in parts if part.about}
        return list(answers.values())[:most], [part for part in parts if not part.about][: most - len(answers)]


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(WORD.findall(phrase.lower().replace("’", "'")))


def read_conditions(path: Path, sources: Collection[str], problems: list[Problem]) -> Conditions:
    """The lexicon; words that belong to two entries, unknown classes, body parts and sources are problems."""
    file = read(path, problems)
    if file is None:
        return Conditions({}, {})
    file.only("conditions", "body_parts")
    parts: dict[str, BodyPart] = {}
    seen: dict[tuple[str, ...], str] = {}
    for entry in file.sections("body_parts"):
        entry.only("id", "name", "about", "everywhere", "synonyms", "misspellings")
        about = entry.optional_text("about") or ""
        everywhere = "everywhere" in entry and entry.boolean("everywhere")
        part = BodyPart(entry.text("id"), entry.text("name"), tuple(_all_words(entry, seen)), about, everywhere)
        parts[part.id] = part
    conditions: dict[str, Condition] = {}
    for entry in file.sections("conditions"):
        condition = _condition(entry, parts, sources, seen)
        conditions[condition.id] = condition
    for part in parts.values():
        if part.about and part.about not in conditions:
            file.report(f"the condition '{part.about}' of {part.id} is unknown", "use the id of a condition")
    return Conditions(conditions, parts)


def _condition(
    entry: Section, parts: Collection[str], sources: Collection[str], seen: dict[tuple[str, ...], str]
) -> Condition:
    entry.only(
        *("id", "name", "documents", "class", "body_part", "synonyms", "misspellings"),
        *("note", "doctor_first", "sources"),
    )
    condition = Condition(
        id=entry.text("id"),
        name=entry.text("name"),
        documents=tuple(entry.texts("documents")),
        kind=entry.text("class"),
        body_part=entry.optional_text("body_part") or "",
        note=entry.text("note").strip(),
        doctor_first=(entry.optional_text("doctor_first") or ""),
        sources=tuple(entry.texts("sources")),
        words=tuple(_all_words(entry, seen)),
    )
    if condition.kind not in CLASSES:
        entry.report(
            f"the class '{condition.kind}' is unknown", f"use one of {', '.join(CLASSES)}", entry.line_of("class")
        )
    if condition.named != bool(condition.documents):
        entry.report("class and documents disagree", "name the documents, or write class: not_named", entry.line)
    if condition.body_part and condition.body_part not in parts:
        entry.report(f"the body part '{condition.body_part}' is unknown", "add it under body_parts", entry.line)
    for source in (*condition.documents, *condition.sources):
        if source not in sources:
            entry.report(f"the source '{source}' is unknown", "add it to data/sources.yml", entry.line)
    return condition


def _all_words(entry: Section, seen: dict[tuple[str, ...], str]) -> Iterator[str]:
    owner = entry.text("id")
    for key in ("synonyms", "misspellings"):
        for item in entry.items(key):
            phrase = str(item.plain)
            other = seen.setdefault(_words(phrase), owner)
            if other != owner:
                entry.report(f"'{phrase[:40]}' stands already with {other}", "keep one of the two", item.line)
            yield phrase
