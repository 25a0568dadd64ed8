"""How short, plain and fresh an answer has to be (``data/standards.yml``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.problems import Problem
from knowledge.yaml import Section, read


@dataclass(frozen=True)
class TextStandard:
    """The most words, the highest Flesch-Kincaid grade and the most words in a sentence that a text may have."""

    words: int
    grade: int
    sentence_words: int


@dataclass(frozen=True)
class Standards:
    """The bar for each answer: its short text, its longer text, its examples and its review."""

    short: TextStandard
    more: TextStandard
    examples: int
    sources: int
    review_months: int


def read_standards(path: Path, problems: list[Problem]) -> Standards | None:
    file = read(path, problems)
    if file is None:
        return None
    file.only("short", "more", "examples", "sources", "review_months")
    return Standards(
        short=_text(file.section("short")),
        more=_text(file.section("more")),
        examples=file.integer("examples"),
        sources=file.integer("sources"),
        review_months=file.integer("review_months"),
    )


def _text(section: Section) -> TextStandard:
    section.only("words", "grade", "sentence_words")
    return TextStandard(section.integer("words"), section.integer("grade"), section.integer("sentence_words"))
