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

LINK_OR_PHONE = re.compile(r"https?://\S+|www\.\S+|(?:\+?1[-. ])?(?:\(?\b\d{3}\)?[-. ])?\b\d{3}[-. ]\d{4}\b")
SENTENCE_END = re.compile(r"[.!?]+[\"'”’)]*(?:\s+|$)|\n+")
WORD = re.compile(r"[^\W_]+(?:['’.,][^\W_]+)*")

VOWELS = re.compile(r"[aeiouy]+")
# Two vowels that stand together and are spoken apart: "ol-i-o", "me-di-an", "se-ri-ous", "us-u-al", "try-ing".
SPOKEN_APART = re.compile(
    r"ia(?![lnr]|ge)|(?<![cst])ian|(?<=[rnvdb])ial|(?<=[rvdnlb])iou|io(?!n|us)|iu|iet|eo(?!n|us|pl)"
    r"|(?<![qg])ua(?!r)|uou|[aeouy]ing"
)
# An e inside that is not spoken: "care-ful", "like-ly", "move-ment".
SILENT_INSIDE = re.compile(r"(?<=[^aeiouy])e(?=(?:ly|less|ful|ments?|ness)$)")
SILENT_END = re.compile(
    r"(?<![aeiouy])(?<![^aeiouyl]l)(?<![bct]r)e$"  # "ease", "whole", but not "tree", "able", "fibre"
    r"|(?<![sxzcgaeiouy])(?<!ch)(?<!sh)(?<![^aeiouyl]l)(?<![bct]r)es$"  # "makes", but not "changes", "ankles"
    r"|(?<![aeiouytd])(?<![bcdfgkpstz]l)ed$"  # "helped", but not "needed", "settled"
    r"|(?<=[gq])ues?$"  # "technique"
)
SPOKEN_END = re.compile(r"(?:thm|sm|[dsv]n't)s?$")  # "rhythm", "spasm", "didn't"


@dataclass(frozen=True)
class ReadingEase:
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

    def measure(self, text: str) -> ReadingEase:
        """Counts a text whose placeholders are filled."""
        sentences = [sentence for sentence in self.sentences(text) if self.words(sentence)]
        words = [word for sentence in sentences for word in self.words(sentence)]
        longest = max(sentences, key=lambda sentence: len(self.words(sentence)), default="")
        return ReadingEase(
            words=len(words),
            sentences=len(sentences),
            syllables=sum(map(self.syllables, words)),
            longest=longest,
            longest_words=len(self.words(longest)),
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
        for ending, lost in (("s", ""), ("es", ""), ("d", ""), ("ed", ""), ("ing", ""), ("ing", "e")):
            stem = word.removesuffix(ending) + lost
            if word.endswith(ending) and stem in self.exceptions:
                return self.exceptions[stem] + _spoken_ending(stem, ending)
        return _by_rule(word)


def _by_rule(word: str) -> int:
    if len(word) <= 3:
        return max(1, len(VOWELS.findall(word.rstrip("e"))))
    word = SILENT_INSIDE.sub("", word)
    spoken = len(VOWELS.findall(word)) + len(SPOKEN_APART.findall(word)) + len(SPOKEN_END.findall(word))
    return max(1, spoken - len(SILENT_END.findall(word)))


def _spoken_ending(stem: str, ending: str) -> int:
    """What an ending adds to a listed word: nothing in "needles", one in "treated", "needling"."""
    if ending == "ing":
        return 1
    if ending in ("d", "ed"):
        return int(stem.endswith(("t", "te", "d", "de")))
    return int(stem.endswith(("s", "x", "z", "ch", "sh", "ce", "ge", "se", "ze")))


def read_readability(path: Path, problems: list[Problem]) -> Readability | None:
    """The counter with the exceptions of ``data/lexicon/syllables.yml``."""
    file = read(path, problems)
    if file is None:
        return None
    file.only("syllables", "abbreviations")
    words = file.section("syllables")
    return Readability({word: words.integer(word) for word in words.values}, tuple(file.texts("abbreviations")))
