"""Dangers in other languages, and calls for help: phrases as data (`data/lexicon/languages/`), found without the rules.

A message in another language is told by its script, in Latin script by its commonest words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from safety.net import LEVELS, Finding
from safety.words import fold

FOREIGN, HELP = "L01", "H01"
LATIN = "LATIN"
LEAST_WORDS, LEAST_SHARE = 3, 0.6
WHOLE = 8  # letters from which a single word may go on after its stem
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Language:
    """One language: its script, its phrases by level, its commonest words, and what is said in it."""

    script: str
    phrases: Mapping[str, tuple[str, ...]]
    words: frozenset[str]
    say: Mapping[str, str]


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
        yaml, folder = YAML(typ="safe"), data / "lexicon"
        read = {file.stem: yaml.load(file.read_text("utf-8")) for file in sorted((folder / "languages").glob("*.yml"))}
        return cls(read, yaml.load((folder / "calls_for_help.yml").read_text("utf-8")))

    def check(self, text: str) -> Finding | None:
        """A danger told in another language, worst first, or a call for help."""
        plain = _plain(text)
        if plain in self._alone or any(f" {phrase} " in f" {plain} " for phrase in self._within):
            return Finding("emergency", HELP, (HELP,), self._reply)
        for level in LEVELS:
            for language in self._languages:
                if any(_holds(plain, phrase) for phrase in language.phrases[level]):
                    return Finding(level, FOREIGN, (FOREIGN,), language.say[level])
        return None

    def say(self, code: str | None, level: str) -> str | None:
        """What an alarm of this level says in a language ("fr", or "fr-CA" as browsers say it), if there are words."""
        language = self._by_code.get((code or "")[:2])
        return language.say[level] if language else None

    def not_understood(self, text: str) -> str | None:
        """What is said in the language of a message that is hardly English; None for English."""
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
        return best.say["not_understood"] if best else None


def _language(given: Mapping[str, Any]) -> Language:
    phrases: dict[str, tuple[str, ...]] = {level: tuple(map(_plain, given[level])) for level in LEVELS}
    phrases["emergency"] += tuple(map(_plain, given["help"]))
    return Language(given["script"], phrases, frozenset(map(fold, given["words"])), given["say"])


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]|_", " ", fold(text.replace("’", " ").replace("'", " "))).split())


def _holds(plain: str, phrase: str) -> bool:
    """Words of alphabets begin where the phrase begins, short ones end there too; Chinese has no spaces."""
    if _script(phrase[0]) == "CJK":
        return phrase in plain
    whole = _script(phrase[0]) == LATIN and " " not in phrase and len(phrase) < WHOLE
    return (f" {phrase} " if whole else f" {phrase}") in f" {plain} "


def _script(letter: str) -> str:
    return unicodedata.name(letter, "LATIN").split()[0].removesuffix("-COMPATIBILITY")
