"""How hard a text is to read, worked out offline.

The grade is the Flesch-Kincaid grade level of J. P. Kincaid, R. P. Fishburne, R. L. Rogers and B. S. Chissom,
"Derivation of New Readability Formulas for Navy Enlisted Personnel", Research Branch Report 8-75, 1975::

    0.39 x words per sentence + 11.8 x syllables per word - 15.59

Syllables are counted by vowel groups with the usual exceptions of English; words that this misjudges are listed in
``data/lexicon/syllables.yml``. Phone numbers and links are left out; a number counts one syllable for each digit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.problems import Problem
from knowledge.yaml import read

LINK_OR_PHONE = re.compile(r"https?://\S+|www\.\S+|\+?\d[\d().\- ]{5,}\d")
SENTENCE_END = re.compile(r"[.!?]+[\"'”’)]*(?:\s+|$)|\n+")
WORD = re.compile(r"[^\W_]+(?:['’.,][^\W_]+)*")
SUFFIX_OF_SILENT_E = re.compile(r"(?<=[^aeiouy])e(?=(?:ly|less|ful|ment|ments|ness)$)")
VOWELS = re.compile(r"[aeiouy]+")
SPLIT_VOWELS = re.compile(r"ia(?!l|n|r|ge)|ian|iu|io(?!n|us)|eo(?!n|us|pl)|ua(?!r)|uou|ying|uing|eing|oing|aing")


@dataclass(frozen=True)
class Reading:
    """What was counted in a text; ``longest`` is its longest sentence."""

    words: int
    sentences: int
    syllables: int
    longest: str
    longest_words: int

    @property
    def grade(self) -> float:
        """The Flesch-Kincaid grade level; 0 for a text without words."""
        if not self.words:
            return 0.0
        return 0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59


class Readability:
    """Counts words, sentences and syllables; knows the words and abbreviations that its rules would misjudge."""

    def __init__(self, syllables: Mapping[str, int], abbreviations: tuple[str, ...]) -> None:
        self.exceptions = dict(syllables)
        self.abbreviations = re.compile(
            r"\b(" + "|".join(map(re.escape, abbreviations)) + r")\." if abbreviations else r"(?!)", re.IGNORECASE
        )

    def measure(self, text: str) -> Reading:
        """Counts a text whose placeholders are filled."""
        sentences = [words for words in map(self.words, self.sentences(text)) if words]
        longest = max(sentences, key=len, default=[])
        return Reading(
            words=sum(map(len, sentences)),
            sentences=len(sentences),
            syllables=sum(self.syllables(word) for words in sentences for word in words),
            longest=" ".join(longest),
            longest_words=len(longest),
        )

    def sentences(self, text: str) -> list[str]:
        """The sentences of a text; a line break ends one too."""
        plain = LINK_OR_PHONE.sub("", self.abbreviations.sub(r"\1", text))
        return [sentence.strip() for sentence in SENTENCE_END.split(plain) if sentence.strip()]

    @staticmethod
    def words(sentence: str) -> list[str]:
        """The words; the parts of a hyphenated word count one each."""
        return WORD.findall(sentence)

    def syllables(self, word: str) -> int:
        """The syllables of one word, at least 1."""
        word = word.lower().replace("’", "'")
        word = word[:-2] if word.endswith("'s") else word
        if word in self.exceptions:
            return self.exceptions[word]
        if any(character.isdigit() for character in word):
            return sum(character.isdigit() for character in word)
        for ending in ("s", "es", "ed", "ing"):
            stem = word[: -len(ending)]
            if word.endswith(ending) and stem in self.exceptions:
                return self.exceptions[stem] + self._of_ending(stem, ending)
        return self._by_rule(word)

    @staticmethod
    def _of_ending(stem: str, ending: str) -> int:
        """How many syllables an ending adds: none in "needles" or "eased", one in "touches", "treated", "needling"."""
        if ending == "ing":
            return 1
        if ending == "ed":
            return int(stem.endswith(("t", "d")))
        return int(stem.endswith(("s", "x", "z", "ch", "sh", "ce", "ge", "se", "ze")))

    @staticmethod
    def _by_rule(word: str) -> int:
        if len(word) <= 3:
            return max(1, len(VOWELS.findall(word.rstrip("e") or word)))
        stem = SUFFIX_OF_SILENT_E.sub("", word)
        count = len(VOWELS.findall(stem)) + len(SPLIT_VOWELS.findall(stem))
        if stem.endswith("ed") and stem[-3] not in "aeioutdy":
            count -= 1  # "helped", but not "needed" or "treated"
        elif stem.endswith("es") and not re.search(r"(?:[sxzcg]|ch|sh|[aeiouy]|[^aeiouy]l)es$", stem):
            count -= 1  # "muscles" is listed; "makes" loses its e, "changes" does not
        elif stem.endswith("e") and not re.search(r"(?:[aeiouy]|[^aeiouyl]l)e$", stem):
            count -= 1  # "ease", but not "table"
        if re.search(r"(?:[^aeiouy]thm|sm|n't)s?$", stem):
            count += 1  # "spasm", "didn't"
        return max(1, count)


def read_readability(path: Path, problems: list[Problem]) -> Readability | None:
    """The counter with the exceptions of ``data/lexicon/syllables.yml``."""
    file = read(path, problems)
    if file is None:
        return None
    file.only("syllables", "abbreviations")
    words = file.section("syllables")
    return Readability({word: words.integer(word) for word in words.values}, tuple(file.texts("abbreviations")))
