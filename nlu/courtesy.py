"""Leaves out what people say around a question, so that "thanks, can i drive after?" asks about driving."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

LEXICON = Path("data/lexicon/courtesy.yml")
EDGE = r"[\s,.!;:)(\-]*"
PAUSE = re.compile(r"[,.!;:]\s*$")


@dataclass(frozen=True)
class Courtesy:
    """The words of courtesy, those that are courtesy only before a pause, the words before what was really meant, and
    what may not be left without them.
    """

    courtesy: tuple[str, ...] = ()
    with_pause: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    not_left: tuple[str, ...] = ()
    least_words: int = 0

    @classmethod
    def load(cls, path: Path = LEXICON) -> "Courtesy":
        """Read the lexicon; without the file every message is read as it stands."""
        if not path.exists():
            return cls()
        given: dict[str, Any] = YAML(typ="safe", pure=True).load(path)
        lists = {name: tuple(given[name]) for name in ("courtesy", "with_pause", "set_aside", "not_left")}
        return cls(**lists, least_words=given["least_words"])

    def without(self, text: str, asks: Callable[[str], bool]) -> str:
        """What a message says besides courtesy; all of it when nothing is left that asks or says something."""
        if not self.courtesy:
            return text
        begun = self._start.match(text)
        left = self._end.sub("", self._start.sub("", text))
        mark = "?" if "?" in text and "?" not in left else ""
        left = left.strip(" ,.!;:") + mark
        words = left.strip("?").split()
        if words and begun and PAUSE.search(begun[0]) and left.endswith("?"):
            return left
        if not words or any(f"{' '.join(words)} ".startswith(f"{begin} ") for begin in self.not_left):
            return text
        return left if asks(left) or len(words) >= self.least_words else text

    @cached_property
    def _start(self) -> re.Pattern[str]:
        anywhere = rf"{_any((*self.courtesy, *self.set_aside))}(?![\w'])"
        return re.compile(rf"^{EDGE}(?:(?:{anywhere}|{_any(self.with_pause)}(?=[,.!;:])){EDGE})+")

    @cached_property
    def _end(self) -> re.Pattern[str]:
        # "it was great" ends with what it says: a pause has to stand before.
        return re.compile(rf"(?:[,.!?;:\n]+\s*|(?<=\?)\s*)(?:{_any(self.courtesy)}(?![\w'])[\s,.!;:?]*)+$")


def _any(phrases: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(phrases, key=len, reverse=True)))})"
