"""Dangers in other languages, and calls for help: phrases as data (`data/lexicon/languages/`), found without the rules.

A message in another language is told by its script, in Latin script by its commonest words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.yaml import plain_values
from safety.net import LEVELS, Finding
from safety.words import fold

FOREIGN, HELP = "L01", "H01"
LATIN = "LATIN"
LEAST_WORDS, LEAST_SHARE = 3, 0.6
LEAST_COMMON = 2
WHOLE = 8  # letters from which a single word may go on after its stem
SENTENCE = re.compile(r"[.!?;。！？؟।\n]+")
WORD = re.compile(r"[^\W_]+")
STEM = 4  # letters from which a word of a group may go on
JOINED = ("CJK", "HANGUL")  # scripts in which a word may have others written to it
WRITTEN_TO_IT = r"[وبلفكع]?(?:ال|ل)?"  # what Arabic writes before a word without a space: and, in, to, the
UNFOLDED = str.maketrans({"đ": "d", "ß": "ss", "ø": "o", "ł": "l"})


class AnyOf:
    """Words and phrases, of which one has to stand in a sentence: looked for as text first, which is quick."""

    def __init__(self, texts: Iterable[str], pattern: Callable[[str], str], *, plain: bool = False) -> None:
        self._texts = tuple(texts if plain else map(_plain, texts))
        self._pattern = pattern

    def in_any(self, sentences: str) -> AnyOf:
        """Those that may stand in one of these sentences: few, and in most messages none."""
        return AnyOf((text for text in self._texts if text in sentences), self._pattern, plain=True)

    def stands_in(self, plain: str) -> bool:
        """Whether one of them does."""
        return any(text in plain and _compiled(self._pattern(text)).search(plain) for text in self._texts)

    def __bool__(self) -> bool:
        return bool(self._texts)


@dataclass(frozen=True)
class Language:
    """One language: its script, what tells a danger by level, what takes it back, its commonest words, and what is
    said in it. `together` holds entries of groups: a danger is told by a word of each group in one sentence.
    """

    script: str
    phrases: Mapping[str, AnyOf]
    together: Mapping[str, tuple[tuple[AnyOf, ...], ...]]
    unless: AnyOf
    words: frozenset[str]
    say: Mapping[str, str]
    name: str
    english_name: str

    def tells(self, sentences: Sequence[str], scripts: Collection[str], level: str) -> bool:
        """Whether a message tells a danger of this level."""
        together = "\n".join(sentences)
        spoken = self._is_spoken(sentences, scripts)
        phrases = self.phrases[level].in_any(together)
        near = [[group.in_any(together) for group in groups] for groups in self.together[level]] if spoken else []
        near = [groups for groups in near if all(groups)]
        if not phrases and not near:
            return False
        unless = self.unless.in_any(together)
        for plain in sentences:
            if level != "crisis" and spoken and unless.stands_in(plain):
                continue
            if phrases.stands_in(plain) or any(all(group.stands_in(plain) for group in groups) for groups in near):
                return True
        return False

    def _is_spoken(self, sentences: Sequence[str], scripts: Collection[str]) -> bool:
        """Whether a message is partly in this language at least: in its script, or with two of its commonest words."""
        if self.script != LATIN and self.script in scripts:
            return True
        return len(self.words.intersection(" ".join(sentences).split())) >= LEAST_COMMON


class Languages:
    """Finds dangers in the languages of the lexicon, and tells which of them a message is in."""

    def __init__(self, languages: Mapping[str, Any], calls: Mapping[str, Any]) -> None:
        self._by_code = {code: _language(given) for code, given in languages.items()}
        self._languages = list(self._by_code.values())
        self._alone = frozenset(map(_plain, calls["alone"]))
        self._within = tuple(map(_plain, calls["within"]))
        self._reply = str(calls["reply"]).strip()

    @classmethod
    def load(cls, data: Path) -> Languages:
        """Reads `lexicon/languages/*.yml` and `lexicon/calls_for_help.yml` below the data folder."""
        folder = data / "lexicon"
        read = {file.stem: plain_values(file) for file in sorted((folder / "languages").glob("*.yml"))}
        return cls(read, plain_values(folder / "calls_for_help.yml"))

    def check(self, text: str) -> Finding | None:
        """A danger told in another language, worst first, or a call for help."""
        plain, sentences = _plain(text), list(dict.fromkeys(_plain(part) for part in SENTENCE.split(text)))
        if plain in self._alone or any(f" {phrase} " in f" {plain} " for phrase in self._within):
            return Finding("emergency", HELP, (HELP,), self._reply)
        scripts = frozenset(map(_script, filter(str.isalpha, set(plain))))
        for level in LEVELS:
            for language in self._languages:
                if language.tells(sentences, scripts, level):
                    return Finding(level, FOREIGN, (FOREIGN,), language.say[level])
        return None

    def say(self, code: str | None, level: str) -> str | None:
        """What an alarm of this level says in a language ("fr", or "fr-CA" as browsers say it), if there are words."""
        language = self._by_code.get((code or "")[:2])
        return language.say[level] if language else None

    def not_understood(self, text: str, at_the_desk: Sequence[str] = ()) -> str | None:
        """What is said in the language of a message that is hardly English; None for English.

        It names the languages that are spoken `at_the_desk`, which are given by their English names.
        """
        words = WORD.findall(fold(text))
        scripts = [script for c in text if c.isalpha() for script in [_script(c)]]
        others = [script for script in scripts if script != LATIN]
        best: Language | None = None
        if len(others) * 2 > len(scripts):
            main = max(sorted(set(others)), key=others.count)
            near = [language for language in self._languages if language.script == main]
            best = max(near, key=lambda language: sum(w in language.words for w in words), default=None)
        elif len(words) >= LEAST_WORDS:
            latin = [language for language in self._languages if language.script == LATIN]
            best = max(latin, key=lambda language: sum(w in language.words for w in words))
            if sum(w in best.words for w in words) < LEAST_SHARE * len(words):
                best = None
        return self._said(best, at_the_desk) if best else None

    def in_its_own_words(self, code: str, at_the_desk: Sequence[str] = ()) -> str:
        """The same for a message that is known to be in this language."""
        return self._said(self._by_code[code], at_the_desk)

    def _said(self, language: Language, at_the_desk: Sequence[str]) -> str:
        own = {other.english_name: other.name for other in self._languages}
        desk = ", ".join(own.get(name, name) for name in at_the_desk)
        return " ".join(
            (language.say["not_understood"], *([language.say["desk"].format(desk_languages=desk)] if desk else ()))
        )


def in_latin_letters(text: str) -> bool:
    """Whether at least half of the letters of a text are Latin ones, or it has none."""
    letters = [_script(letter) for letter in text if letter.isalpha()]
    return letters.count(LATIN) * 2 >= len(letters)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when it is needed first: of some thousand patterns few ever are."""
    return re.compile(pattern)


def _language(given: Mapping[str, Any]) -> Language:
    told = {level: [*given[level], *(given["help"] if level == "emergency" else ())] for level in LEVELS}
    return Language(
        script=given["script"],
        phrases={level: AnyOf(told[level], _phrase) for level in LEVELS},
        together={level: tuple(map(_groups, given["together"][level])) for level in LEVELS},
        unless=AnyOf(given["unless"], _phrase),
        words=frozenset(map(_plain, given["words"])),
        say=given["say"],
        name=given["name"],
        english_name=given["english_name"],
    )


def _groups(entry: list[str]) -> tuple[AnyOf, ...]:
    return tuple(AnyOf(group.split("|"), _stem) for group in entry)


def _phrase(plain: str) -> str:
    """Words of alphabets begin where the phrase begins, short ones end there too; Chinese has no spaces."""
    if _script(plain[0]) == "CJK":
        return re.escape(plain)
    whole = _script(plain[0]) == LATIN and " " not in plain and len(plain) < WHOLE
    return rf"(?<!\w){re.escape(plain)}" + (r"(?!\w)" if whole else "")


def _stem(plain: str) -> str:
    """A word of a group, alone or with an ending."""
    script = _script(plain[0])
    if script in JOINED:
        return re.escape(plain)
    if script == "ARABIC":
        return rf"(?<!\w){WRITTEN_TO_IT}{re.escape(plain)}"
    return rf"(?<!\w){re.escape(plain)}" + (r"(?!\w)" if script == LATIN and len(plain) < STEM else "")


def _plain(text: str) -> str:
    bare = fold(text.replace("’", " ").replace("'", " ")).translate(UNFOLDED)
    return " ".join(re.sub(r"[^\w\s]|_", " ", bare).split())


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "LATIN").split()[0].removesuffix("-COMPATIBILITY")
