"""Make a typed message readable before it is understood: spelling, chat abbreviations, emoji, repeated letters."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from ruamel.yaml import YAML

MAX_CHARACTERS = 4000  # a message longer than this is read from both ends: the question stands first or last
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*", re.UNICODE)
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_TAG = re.compile(r"<[^<>]{0,200}>")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_REPEATED_MARK = re.compile(r"([!?.,])\1+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": " - "})


class Normaliser:
    """Text in, the same message in plain spelling out. What it corrects is data: data/lexicon/spelling.yml.

    `spellings` maps a right word to its known misspellings, `abbreviations` a short form to what it stands for,
    `emoji` what an emoji says that stands alone.
    A word that is neither in `known` nor in the lexicon becomes the nearest word of `spellings` if that is close.
    """

    def __init__(
        self,
        spellings: Mapping[str, Iterable[str]] | None = None,
        abbreviations: Mapping[str, str] | None = None,
        known: frozenset[str] = frozenset(),
        emoji: Mapping[str, str] | None = None,
    ) -> None:
        spellings = spellings or {}
        self._emoji = emoji or {}
        self._replacements = {wrong: right for right, wrongs in spellings.items() for wrong in wrongs}
        self._replacements.update(abbreviations or {})
        phrases = sorted((key for key in self._replacements if not _WORD.fullmatch(key)), key=len, reverse=True)
        self._phrases = re.compile(rf"(?<![\w/])(?:{'|'.join(map(re.escape, phrases))})(?![\w/])") if phrases else None
        self._field = frozenset(spellings)
        self._known = known
        self._edits = {edit: word for word in sorted(self._field) if len(word) >= 5 for edit in _deletions(word)}

    @classmethod
    def load(cls, path: Path, known: frozenset[str] = frozenset()) -> "Normaliser":
        """Read the lexicon; without the file only the general steps are done."""
        if not path.exists():
            return cls(known=known)
        lexicon = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return cls(lexicon["spellings"], lexicon["abbreviations"], known, lexicon["emoji"])

    def __call__(self, text: str) -> str:
        """The message in lower case and plain spelling; empty when it holds no letter, digit or known emoji."""
        if not any(character.isalnum() for character in text):
            return self._in_words(text)
        # One character can stand for eighteen, so it is cut before, for the sake of what that costs, and after.
        text = _from_both_ends(unicodedata.normalize("NFKC", _from_both_ends(text))).translate(_QUOTES)
        text = _TAG.sub(" ", _LINK.sub(" ", text))
        text = "".join(character if _readable(character) else " " for character in text)
        text = _REPEATED_MARK.sub(r"\1", text.lower())
        if self._phrases:
            text = self._phrases.sub(lambda match: self._replacements[match.group()], text)
        text = _WORD.sub(lambda match: self._word(match.group()), text)
        lines = (" ".join(line.split()) for line in text.splitlines())
        text = "\n".join(line for line in lines if line)
        return text if any(character.isalnum() for character in text) else ""

    def _in_words(self, text: str) -> str:
        """What emoji alone say; beside words they are left out, because the words say it better."""
        said = (self._emoji[character] for character in text if character in self._emoji)
        return " ".join(dict.fromkeys(said))

    def _word(self, word: str) -> str:
        if word in self._replacements:
            return self._replacements[word]
        squeezed = _REPEATED.sub(r"\1\1", word)
        for candidate in (squeezed, _REPEATED.sub(r"\1", word)):
            if candidate in self._replacements:
                return self._replacements[candidate]
            if candidate in self._field or candidate in self._known:
                return candidate
        return self._nearest(squeezed)

    def _nearest(self, word: str) -> str:
        """The word of the field that became this one by one slip: a letter missing, added, swapped or wrong."""
        if len(word) < 5 or "'" in word or not self._known:
            return word
        if word in self._edits:
            return self._edits[word]
        for edit in _deletions(word):
            if edit in self._field and len(edit) >= 5:
                return edit
            if edit in self._edits and _close(word, self._edits[edit]):
                return self._edits[edit]
        return word


def _from_both_ends(text: str) -> str:
    half = MAX_CHARACTERS // 2
    return f"{text[:half]} {text[-half:]}" if len(text) > MAX_CHARACTERS else text


def _readable(character: str) -> bool:
    """Letters, digits, marks, punctuation, currency and line breaks; not control characters or emoji."""
    category = unicodedata.category(character)
    return character == "\n" or category[0] in "LNMPZ" or category in ("Sc", "Sm")


def _deletions(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(1, len(word))]


def _close(word: str, other: str) -> bool:
    """Same length, and one letter differs or two neighbours changed places."""
    if len(word) != len(other):
        return False
    differ = [i for i, (a, b) in enumerate(zip(word, other, strict=True)) if a != b]
    if len(differ) == 1:
        return True
    return len(differ) == 2 and differ[1] == differ[0] + 1 and sorted(word) == sorted(other)
