"""Takes personal details out of a message before it is kept for the trainers.

Names, phone numbers, e-mail addresses, health and claim numbers, dates of birth and addresses each become a mark. The
words are data (`data/lexicon/personal.yml`). When in doubt a detail goes: a question teaches as well without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from knowledge import KnowledgeError, Problem
from knowledge.yaml import read

TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|['’\-](?=[^\W\d_]))*")
EMAIL = re.compile(
    # Only from the beginning of a word: a long one is read once.
    r"(?<![\w.+\-])(?:[\w.+\-]+\s?@\s?[\w\-]+(?:\s?\.\s?[\w\-]+)+|[\w.+\-]+\s*(?:\(at\)|\[at\]|\bat\b)\s*[\w\-]+\s*(?:\(dot\)|\[dot\]|\bdot\b)\s*\w+)",
    re.I,
)
HANDLE = re.compile(r"(?<!\w)@\w{3,}|\bhttps?://\S+|\bwww\.\S+", re.I)
# Seven digits or more, however they are set apart, with the letters that health cards carry.
DIGITS = re.compile(
    r"(?<![\w$])\+?\(?\d(?:[\s().\-–/]{0,3}\d){6,}(?:[\s\-]?[A-Z]{2}\b)?(?:\s*(?:ext|x)\.?\s*\d+)?", re.I
)
QUEBEC = re.compile(r"\b[A-Z]{4}[\s\-]?\d{4}[\s\-]?\d{4}\b", re.I)
SPOKEN = re.compile(
    r"\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)[\s\-,]+){5,}"
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b",
    re.I,
)
NUMBER = r"[\w\-]*\d(?:[\w\-]|\s(?=\d))*"
POSTAL = re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][\s\-]?\d[ABCEGHJ-NPRSTV-Z]\d\b", re.I)
BOX = re.compile(r"\bp\.?\s?o\.?\s?box\s*\d+|\bR\.?R\.?\s*#?\d+\b", re.I)
YEAR = r"(?:19|20)\d\d"
NUMERIC_DATE = rf"(?:{YEAR}[\-/.\s]\d{{1,2}}[\-/.\s]\d{{1,2}}|\d{{1,2}}[\-/.\s]\d{{1,2}}[\-/.\s](?:{YEAR}|\d\d))"
SENTENCE_START = re.compile(r"(?:^|[.!?\n]\s*|[\"“(]\s*)$")
LEXICON = Path("lexicon/personal.yml")
MOST = 4  # words of one name
CUE = 60  # characters before a name in which what announces it stands


@dataclass(frozen=True)
class Removed:
    """A message without its personal details, and how many of each kind went."""

    text: str
    kinds: tuple[str, ...]


class Personal:
    """Finds personal details by the rules of a lexicon."""

    def __init__(
        self,
        words: dict[str, frozenset[str]],
        phrases: dict[str, list[str]],
        marks: dict[str, str],
        vocabulary: frozenset[str],
    ) -> None:
        self._words = words
        self._vocabulary = vocabulary
        self._marks = marks
        months = "|".join(sorted(words["months"], key=len, reverse=True))
        day = r"\d{1,2}(?:st|nd|rd|th)?"
        written = (
            rf"(?:(?:{months})\.?\s+{day},?\s+(?:of\s+)?(?:{YEAR}|'?\d\d)|{day}\s+(?:of\s+)?(?:{months})\.?,?\s+{YEAR})"
        )
        self._date = re.compile(rf"\b(?:{NUMERIC_DATE}|{written})\b", re.I)
        born = "|".join(map(re.escape, phrases["birth_cues"]))
        without_year = rf"(?:{months})\.?\s+{day}|{day}\s+(?:of\s+)?(?:{months})"
        loose = rf"(?:{NUMERIC_DATE}|{written}|{without_year}|{YEAR}|'\d\d|\d{{6,8}})"
        self._born = re.compile(rf"(?<!\w)(?:{born})(?!\w)[^\d\n]{{0,25}}?(?P<what>\b{loose})", re.I)
        cues = "|".join(map(re.escape, sorted(phrases["health_number_cues"], key=len, reverse=True)))
        self._number = re.compile(rf"\b(?:{cues})\b[^\d\n.?!]{{0,25}}?(?P<what>(?<![\w]){NUMBER})", re.I)
        streets = "|".join(sorted(words["streets"], key=len, reverse=True))
        words_too = "|".join(
            sorted((word.capitalize() for word in words["streets_that_are_words"]), key=len, reverse=True)
        )
        # "12 Oak Street", "apt 4 - 221B baker st"; not "2 or 3 treatments"
        self._street = re.compile(
            rf"(?:\b(?:apt|apartment|unit|suite|ste|#)\.?\s*\w{{1,5}}[\s,\-]*)?#?\b\d{{1,5}}[a-z]?(?:\s?[\-–]\s?\d{{1,5}})?,?\s+"
            rf"(?:(?:[NSEW]|north|south|east|west)\.?\s+)?(?:[^\W\d_][\w'’\-]*\s+|\d{{1,3}}(?:st|nd|rd|th)\s+){{1,3}}"
            rf"(?:(?:{streets})\b(?:\s+\d+\b)?|(?-i:{words_too})\b)\.?(?:\s*,?\s*(?:apt|unit|suite|#)\.?\s*\w{{1,5}})?"
            rf"|(?<=live at )\d+\s+[A-Z]\w+|(?<=address is )\d+\s+\w+",
            re.I,
        )
        self._strong = _ends(phrases["strong_cues"])
        self._weak = _ends(phrases["weak_cues"])

    @classmethod
    def load(cls, data: Path) -> Personal:
        """Reads the lexicon, and all words of the data as those that are no names; KnowledgeError if it is broken."""
        file = data / LEXICON
        problems: list[Problem] = []
        found = read(file, problems)
        if found is None:
            raise KnowledgeError(problems)
        names = ("first_names", "first_names_that_are_words", "last_names", "last_names_that_are_words")
        listed = (*names, "public_names", "not_names", "streets", "streets_that_are_words", "months")
        words = {key: frozenset(found.text(key).split()) for key in listed}
        words["titles"] = frozenset(found.texts("titles"))
        phrases = {key: found.texts(key) for key in ("strong_cues", "weak_cues")}
        for key in ("birth_cues", "health_number_cues"):
            phrases[key] = found.texts(key)
        marks = found.text_map("marks")
        if problems:
            raise KnowledgeError(problems)
        return cls(words, phrases, marks, _vocabulary(data, file))

    def remove(self, text: str) -> Removed:
        """The message with a mark in place of each detail."""
        kinds: list[str] = []

        def marked(kind: str) -> Callable[[re.Match[str]], str]:
            def replace(found: re.Match[str]) -> str:
                kinds.append(kind)
                if "what" in found.re.groupindex:
                    start, end = found.span("what")
                    return found.string[found.start() : start] + self._marks[kind] + found.string[end : found.end()]
                return self._marks[kind]

            return replace

        for pattern, kind in (
            (EMAIL, "email"),
            (HANDLE, "email"),
            (self._street, "address"),
            (POSTAL, "address"),
            (BOX, "address"),
            (QUEBEC, "health_number"),
            (self._born, "birth"),
            (self._date, "birth"),
            (self._number, "health_number"),
            (DIGITS, "phone"),
            (SPOKEN, "phone"),
        ):
            text = pattern.sub(marked(kind), text)
        return Removed(self._without_names(text, kinds), tuple(kinds))

    def _without_names(self, text: str, kinds: list[str]) -> str:
        tokens = [found for found in TOKEN.finditer(text) if not self._inside_mark(text, found)]
        gone: list[tuple[int, int]] = []
        i = 0
        while i < len(tokens):
            length = self._name_at(text, tokens, i)
            if length:
                gone.append((tokens[i].start(), tokens[i + length - 1].end()))
                kinds.append("name")
            i += max(1, length)
        for start, end in reversed(gone):
            tail = re.search(r"['’]s$", text[start:end])
            text = text[:start] + self._marks["name"] + (tail[0] if tail else "") + text[end:]
        return text

    def _name_at(self, text: str, tokens: list[re.Match[str]], i: int) -> int:
        """How many tokens from here are a name; 0 if none is."""
        word = tokens[i]
        before = text[max(0, word.start() - CUE) : word.start()]
        plain = _plain(word[0])
        if plain in self._words["public_names"]:
            return 0
        capital = word[0][0].isupper()
        inside = capital and not SENTENCE_START.search(before)  # a capital that no sentence begins with
        first, last = self._is("first_names", plain), self._is("last_names", plain)
        may_be = self._is("first_names_that_are_words", plain) or self._is("last_names_that_are_words", plain)
        unknown = not (word[0].isupper() or plain in self._vocabulary)
        follows = self._continues(text, tokens, i + 1)
        if plain in self._words["not_names"]:
            begins = may_be and capital and bool(follows) and self._surname(tokens, i + 1)
        elif self._strong.search(before):
            begins = True
        elif self._after_title(text, tokens, i):
            begins = capital or first or last or unknown
        elif first or last:
            begins = capital or first or bool(follows) or bool(self._weak.search(before))
        elif may_be and inside:
            begins = bool(follows) or bool(self._weak.search(before)) or self._ends_message(text, word)
        elif may_be:
            begins = bool(follows) and (capital or self._surname(tokens, i + 1))
        else:
            begins = unknown and capital and (inside or bool(follows))
        return 1 + follows if begins else 0

    def _continues(self, text: str, tokens: list[re.Match[str]], i: int) -> int:
        """How many of the next tokens belong to a name that began before."""
        count = 0
        while i + count < len(tokens) and count < MOST - 1:
            token = tokens[i + count]
            between = text[tokens[i + count - 1].end() : token.start()]
            plain = _plain(token[0])
            if between.strip(" .") or "\n" in between or plain in self._words["not_names"]:
                break
            known = self._is("first_names", plain) or self._is("last_names", plain)
            initial = (
                len(plain) == 1 and plain not in "aiu" and text[token.end() : token.end() + 1] in (".", "", "'", "’")
            )
            capital = token[0][0].isupper() and not token[0].isupper() and between != ". "
            likely = capital and plain not in self._words["months"]
            if not (known or initial or likely):
                break
            count += 1
        return count

    def _is(self, listed: str, plain: str) -> bool:
        """Whether a word, or the first part of one with a hyphen, is on a list."""
        return plain in self._words[listed] or ("-" in plain and plain.split("-")[0] in self._words[listed])

    def _surname(self, tokens: list[re.Match[str]], i: int) -> bool:
        return i < len(tokens) and any(
            _plain(tokens[i][0]) in self._words[key] for key in ("last_names", "last_names_that_are_words")
        )

    def _after_title(self, text: str, tokens: list[re.Match[str]], i: int) -> bool:
        if not i or _plain(tokens[i - 1][0]) not in self._words["titles"]:
            return False
        return not text[tokens[i - 1].end() : tokens[i].start()].strip(" .")

    @staticmethod
    def _ends_message(text: str, word: re.Match[str]) -> bool:
        return not text[word.end() :].strip(" .!\n")

    @staticmethod
    def _inside_mark(text: str, found: re.Match[str]) -> bool:
        return text[max(0, found.start() - 1) : found.start()] == "[" or text[found.end() : found.end() + 5].startswith(
            "-mail]"
        )


def without_details(data: Path) -> Callable[[str], str]:
    """Takes the personal details out of a text; the lexicon is read when the first text comes."""
    finder: list[Personal] = []

    def without(text: str) -> str:
        if not finder:
            finder.append(Personal.load(data))
        return finder[0].remove(text).text

    return without


def _plain(word: str) -> str:
    return re.sub(r"['’]s$", "", word.casefold()).strip("'’-").replace("’", "'")


def _vocabulary(data: Path, without: Path) -> frozenset[str]:
    """Every word of the data files: what a clinic's patients and answers speak of."""
    files = (path for path in data.rglob("*.yml") if path != without)
    return frozenset(_plain(word) for path in files for word in TOKEN.findall(path.read_text("utf-8", "replace")))


def _ends(cues: Iterable[str]) -> re.Pattern[str]:
    """Matches a text that ends in one of the cues and what may stand between it and a name."""
    joined = "|".join(re.escape(cue) for cue in sorted(cues, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{joined})[\s,:.\-–!]*$", re.I)
