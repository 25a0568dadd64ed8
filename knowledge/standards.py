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
class SpecificStandard:
    """The most words and sentences of a specific answer, and the grade from which on it is noted as hard to read."""

    words: int
    sentences: int
    grade: int


@dataclass(frozen=True)
class Caution:
    """What the short text of a topic and each of its specific answers has to say: one of several wordings."""

    topic: str
    says: tuple[str, ...]
    spared: tuple[str, ...]  # specific answers that ask something else

    def said_in(self, text: str) -> bool:
        return any(wording.casefold() in text.casefold() for wording in self.says)


@dataclass(frozen=True)
class Standards:
    """The bar for each answer: its short text, its longer text, its specific answers, its examples and its review."""

    short: TextStandard
    more: TextStandard
    specific: SpecificStandard
    examples: int
    sources: int
    review_months: int
    cautions: tuple[Caution, ...]


def read_standards(path: Path, problems: list[Problem]) -> Standards | None:
    file = read(path, problems)
    if file is None:
        return None
    file.only("short", "more", "specific", "examples", "sources", "review_months", "cautions")
    return Standards(
        short=_text(file.section("short")),
        more=_text(file.section("more")),
        specific=_specific(file.section("specific")),
        examples=file.integer("examples"),
        sources=file.integer("sources"),
        review_months=file.integer("review_months"),
        cautions=tuple(map(_caution, file.sections("cautions"))) if "cautions" in file else (),
    )


def _text(section: Section) -> TextStandard:
    section.only("words", "grade", "sentence_words")
    return TextStandard(section.integer("words"), section.integer("grade"), section.integer("sentence_words"))


def _specific(section: Section) -> SpecificStandard:
    section.only("words", "sentences", "grade")
    return SpecificStandard(section.integer("words"), section.integer("sentences"), section.integer("grade"))


def _caution(section: Section) -> Caution:
    section.only("topic", "says", "except")
    spared = section.texts("except") if "except" in section else []
    return Caution(section.text("topic"), tuple(section.texts("says")), tuple(spared))
