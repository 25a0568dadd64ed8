"""Whether the examples of a topic cover the ways in which patients write: too few, which style is missing, what is odd.

The styles and numbers are data (`data/coverage.yml`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.studio.errors import StudioError
from knowledge import Problem, normalise
from knowledge.yaml import Section, read
from nlu.normalise import Normaliser

FILE = "coverage.yml"
LEAST_WORDS = 4  # of an example of which a language can be told
LEAST_VOCABULARY = 500  # words that topics use before a word that none uses means anything


@dataclass(frozen=True)
class Style:
    """A way of writing, and how many examples of it are enough."""

    name: str
    least: int
    advice: str
    pattern: re.Pattern[str] | None
    words: tuple[int, int] | None
    slips: bool


@dataclass(frozen=True)
class StyleCount:
    """How many examples are of a style."""

    style: Style
    count: int

    @property
    def enough(self) -> bool:
        return self.count >= self.style.least


@dataclass(frozen=True)
class Coverage:
    """Looks at examples. `read_as` writes a message without its slips."""

    most: int
    longest: int
    known_percent: int
    styles: tuple[Style, ...]
    read_as: Normaliser

    @classmethod
    def load(cls, data: Path) -> Coverage:
        """Reads the numbers; StudioError if they are broken."""
        problems: list[Problem] = []
        file = read(data / FILE, problems)
        if file is not None:
            file.only("most", "longest", "known_percent", "styles")
            most, longest, known = (file.integer(name) for name in ("most", "longest", "known_percent"))
            styles = tuple(_style(section) for section in file.sections("styles"))
        if problems or file is None:
            raise StudioError("\n".join(map(str, problems)))
        return cls(most, longest, known, styles, Normaliser.load(data / "lexicon" / "spelling.yml"))

    def check(self, examples: Sequence[str]) -> None:
        """StudioError if there are more examples, or longer ones, than a topic can take."""
        if len(examples) > self.most:
            raise StudioError(
                f"These are {len(examples):,} examples; a topic can have at most {self.most:,}. Nothing was saved.",
                "keep the most different ones, or make two topics of it.",
            )
        for example in examples:
            if len(example) > self.longest:
                raise StudioError(
                    f"An example has {len(example):,} characters, more than {self.longest}: '{example[:40]}...'. "
                    "Nothing was saved.",
                    "write one question per line.",
                )

    def counted(self, examples: Sequence[str]) -> list[StyleCount]:
        """How many examples there are of each style."""
        return [StyleCount(style, sum(self._is(style, example) for example in examples)) for style in self.styles]

    def strange(self, examples: Sequence[str], vocabulary: Collection[str]) -> list[str]:
        """The examples that may be in another language: too few of their words are in the vocabulary."""
        found = []
        for example in examples:
            words = normalise(self.read_as(example)).split()
            known = sum(word in vocabulary for word in words)
            foreign = any(letter.isalpha() and not letter.isascii() for letter in example)
            told = foreign or (len(words) >= LEAST_WORDS and len(vocabulary) >= LEAST_VOCABULARY)
            if told and 100 * known < self.known_percent * len(words):
                found.append(example)
        return found

    def _is(self, style: Style, example: str) -> bool:
        if style.pattern and not style.pattern.search(example):
            return False
        if style.words and not style.words[0] <= len(example.split()) <= style.words[1]:
            return False
        return not style.slips or normalise(self.read_as(example)) != normalise(PLAIN(example))


PLAIN = Normaliser()


def _style(section: Section) -> Style:
    section.only("name", "least", "pattern", "words", "slips", "advice")
    pattern = words = None
    if "pattern" in section:
        try:
            pattern = re.compile(section.text("pattern"), re.I)
        except re.error as error:
            section.report(f"the pattern is not valid ({error})", "correct the regular expression", "pattern")
    if "words" in section:
        numbers = [value.plain for value in section.items("words") if isinstance(value.plain, int)]
        if len(numbers) == 2 and numbers[0] <= numbers[1]:
            words = (numbers[0], numbers[1])
        else:
            section.report("'words' are not two numbers", "write the fewest and the most, like [1, 3]", "words")
    slips = section.boolean("slips") if "slips" in section else False
    return Style(section.text("name"), section.integer("least"), section.text("advice"), pattern, words, slips)
