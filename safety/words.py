"""From what a patient types to words that the rules know."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc
from spacy.vocab import Vocab

APOSTROPHES = "'’‘`´ʼ′"
WORD = re.compile(rf"<\w+>|\d+(?:[.,]\d+)*|[^\W\d_]+(?:[{APOSTROPHES}][^\W\d_]+)*")
SENTENCE_END = re.compile(r"(?<![.…])[.!?](?![.…\w])|\n")
# "Chest pain? No." and "numbness: none": the no of a form belongs to what it answers. So does the letter alone in
# "fever N, rash N", which is never the "and" of "pain n fever" where a clause ends behind it.
FORM_NO = re.compile(
    r"[?:\-–]\s*(no|none|non|nein|nope|nil|never|negative|nothing|n)\b(?=\s*(?:[.,;!?/|\n–-]|and\b|but\b|$))"
    r"|(?<=\w )(n)\b(?=\s*(?:[.,;/|\n]|$))",
    re.IGNORECASE,
)
STRETCHED = re.compile(r"(.)\1{2,}")
UNKNOWN = "_"
ANSWERED_NO = "answeredno"
LARGEST = 1e9  # a number that is larger says nothing here


@dataclass(frozen=True)
class NumberKind:
    """Numbers in a range that the rules treat alike, such as temperatures that mean a fever."""

    name: str
    low: float
    high: float
    decimal: bool

    def holds(self, value: float, decimal: bool) -> bool:
        return self.low <= value <= self.high and decimal >= self.decimal


def fold(text: str) -> str:
    """Lower case, no accents, no apostrophes: "Can’t" and "cant" read the same, "à" is "a"."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in plain if c not in APOSTROPHES and not unicodedata.combining(c))


class Words:
    """A spaCy tokenizer that keeps only words of the lexicon.

    Takes a message and returns a `Doc` with one token a word: the word as the lexicon spells it, or `_` when the
    lexicon does not know it. So nothing that a patient typed stays in spaCy's vocabulary, and it cannot grow.
    Sentences are set at . ! ? and line ends; where each word stood is in `doc.user_data["places"]`.
    """

    def __init__(
        self,
        vocab: Vocab,
        known: Iterable[str],
        *,
        keys: Iterable[str],
        spelling: Mapping[str, str],
        not_misspelled: Iterable[str],
        numbers: Sequence[NumberKind],
        number_words: Mapping[str, str],
        shortest: int,
        joined: Mapping[str, str],
    ) -> None:
        self.vocab = vocab
        self.known = frozenset(known)
        self.spelling = dict(spelling)
        self.numbers = tuple(numbers)
        self.number_words = dict(number_words)
        self.shortest = shortest
        self.joined = {tuple(pair.split()): word for pair, word in joined.items()}
        self.not_misspelled = frozenset(not_misspelled)
        self.near: dict[str, list[str]] = {}
        for word in sorted(keys):
            if len(word) >= shortest and word.isalpha():
                for form in _without_one(word) | {word}:
                    self.near.setdefault(form, []).append(word)

    def __call__(self, text: str) -> Doc:
        words: list[str] = []
        places: list[tuple[int, int]] = []
        starts: list[bool | int | None] = []
        last = 0
        noes = {match.start(match.lastindex or 0) for match in FORM_NO.finditer(text)}
        for match in WORD.finditer(text):
            no = match.start() in noes
            first = not words or (not no and SENTENCE_END.search(text, last, match.start() + 1) is not None)
            for i, word in enumerate([ANSWERED_NO] if no else self.read(match.group())):
                words.append(word)
                places.append(match.span())
                starts.append(first and i == 0)
            last = match.end()
        self._join(words, places, starts)
        doc = Doc(self.vocab, words=words, sent_starts=starts)
        doc.user_data["places"] = places
        return doc

    def _join(self, words: list[str], places: list[tuple[int, int]], starts: list[bool | int | None]) -> None:
        """Two words that read as one: "will not" is "wont"."""
        for i in range(len(words) - 2, -1, -1):
            one = self.joined.get((words[i], words[i + 1]))
            if one and not starts[i + 1]:
                words[i : i + 2] = [one]
                places[i : i + 2] = [(places[i][0], places[i + 1][1])]
                del starts[i + 1]

    def read(self, typed: str) -> list[str]:
        """The lexicon's words for one typed word."""
        if typed[0].isdigit():
            return [self._number(typed)]
        word = fold(typed)
        if typed[-3:-2] in APOSTROPHES and word.endswith("ll"):  # "I'll" is not "ill", "she'll" is not "shell"
            return [self._known(word[:-2]), self._known("will")]
        if word in self.spelling:
            return [self._known(part) for part in self.spelling[word].split()]
        return [self._known(word)]

    def _known(self, word: str) -> str:
        if word in self.known:
            return word
        for shorter in (STRETCHED.sub(r"\1\1", word), STRETCHED.sub(r"\1", word), re.sub(r"(.)\1+", r"\1", word)):
            if shorter in self.known and (shorter != word) and STRETCHED.search(word):
                return shorter
        return self._corrected(word) or UNKNOWN

    def _number(self, typed: str) -> str:
        decimal = "." in typed or "," in typed
        try:
            value = float(typed.replace(",", "."))
        except ValueError:  # 1.000.000 or 2026.11.21
            return "<number>"
        if value > LARGEST:
            return "<number>"
        if not decimal and str(int(value)) in self.number_words:
            return self.number_words[str(int(value))]
        return next((kind.name for kind in self.numbers if kind.holds(value, decimal)), "<number>")

    def _corrected(self, word: str) -> str | None:
        """The lexicon word that is one slip of the finger away, if the first or last letter was typed right."""
        if not self.shortest <= len(word) <= 20 or word in self.not_misspelled:
            return None
        found = {c for form in _without_one(word) | {word} for c in self.near.get(form, ())}
        close = [c for c in found if c[0] == word[0] and one_slip(word, c)]
        return max(close, key=lambda c: (_shared_start(c, word), c), default=None)


def one_slip(a: str, b: str) -> bool:
    """Whether one letter is missing, extra, wrong or swapped with its neighbour."""
    if len(a) > len(b):
        a, b = b, a
    i = _shared_start(a, b)
    if len(b) - len(a) == 1:
        return a[i:] == b[i + 1 :]
    if len(a) != len(b):
        return False
    return a[i + 1 :] == b[i + 1 :] or (a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :])


def _without_one(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _shared_start(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
