"""Tries another list of words of danger before it is saved: which stored examples, and which messages of one's own, the
rules would take otherwise.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from danger.examples import NONE, NOW, read
from gateway.office.listed import RED_FLAG_WORDS
from gateway.studio.differences import values
from knowledge import normalise
from safety.net import Rules

SHOWN = 12  # examples of each kind
OWN = 10  # messages of one's own
NO_ALARM = "no alarm"


@dataclass(frozen=True)
class Otherwise:
    """A message that the rules would take otherwise."""

    text: str
    before: str
    now: str


@dataclass(frozen=True)
class Trial:
    """What a change does. `asked` counts the examples that hold one of the words that differ."""

    asked: int
    found: tuple[Otherwise, ...]  # danger that is heard with the change alone
    lost: tuple[Otherwise, ...]  # danger that is not heard any more
    false: tuple[Otherwise, ...]  # no danger, but an alarm with the change
    spared: tuple[Otherwise, ...]  # no danger, and no alarm any more
    own: tuple[Otherwise, ...]


def try_words(data: Path, before: Sequence[str], now: Sequence[str], text: str, own: Iterable[str] = ()) -> Trial:
    """Compare the rules as they are with those in which the file of words says `text`; `before` and `now` are the words
    of the list. RulesError if the rules cannot be used so.
    """
    old, new = Rules.load(data), _with(data, text)
    differ = [f" {word}" for word in _spelled(data, set(before) ^ set(now))]
    asked = [it for it in read(data) if any(word in f" {normalise(it.text)}".replace("'", "") for word in differ)]
    kinds: dict[tuple[bool, bool], dict[str, Otherwise]] = {}
    for example in asked:
        told = _otherwise(old, new, example.text)
        if (told.before == NO_ALARM) != (told.now == NO_ALARM):
            danger = example.sign != NONE and example.status in (NOW, "")
            kinds.setdefault((danger, told.now != NO_ALARM), {})[example.text] = told
    found, lost, false, spared = (
        tuple(kinds.get(kind, {}).values()) for kind in ((True, True), (True, False), (False, True), (False, False))
    )
    typed = [message for each in own if (message := each.strip())][:OWN]
    return Trial(len(asked), found, lost, false, spared, tuple(_otherwise(old, new, each) for each in typed))


def _spelled(data: Path, entries: Iterable[str]) -> set[str]:
    """The words of these entries; a name in capitals stands for the words of that list."""
    lists = values(data / RED_FLAG_WORDS)["words"]
    found: set[str] = set()
    for entry in entries:
        inside = entry.isupper() and entry in lists
        found |= _spelled(data, map(str.strip, lists[entry].split(","))) if inside else {entry.lower()}
    return found


def _with(data: Path, text: str) -> Rules:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        (copy / RED_FLAG_WORDS).parent.mkdir()
        for file in (data / RED_FLAG_WORDS).parent.glob("red_flag*.yml"):
            shutil.copyfile(file, copy / RED_FLAG_WORDS.partition("/")[0] / file.name)
        (copy / RED_FLAG_WORDS).write_text(text, "utf-8", newline="")
        return Rules.load(copy)


def _otherwise(old: Rules, new: Rules, text: str) -> Otherwise:
    before, now = (found.level if (found := rules.check(text)) else NO_ALARM for rules in (old, new))
    return Otherwise(text, before, now)
