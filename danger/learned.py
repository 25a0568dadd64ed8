"""What the learned net makes of a message."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from danger import head
from danger.examples import FOLDER as EXAMPLES
from danger.examples import NONE
from danger.head import Head
from danger.reader import Reader, parts
from danger.store import DANGER, DELTA
from encoder.delta import delta_digest
from encoder.store import FOLDER
from knowledge.yaml import plain_values

BORDERS = f"{EXAMPLES}/borders.yml"
CATALOGUE = "lexicon/red_flags.yml"
LIKELY = 0.2  # share of the danger in a message from which on a sign is named
LEAST = 1e-6  # a probability is never taken to be smaller


@dataclass(frozen=True)
class Judgement:
    """How much a message is like danger, in logits, and like which: its level, sign, and every likely sign.

    `certain` is how likely the level is if there is danger.
    """

    score: float
    level: str
    sign: str
    signs: tuple[str, ...]
    certain: float = 1.0


@dataclass(frozen=True)
class Counted:
    """How much the count of words counts beside what the encoder hears: a share of it, between two bounds."""

    share: float
    least: float
    most: float

    def __call__(self, score: float) -> float:
        """What is added to the encoder's score."""
        return self.share * min(self.most, max(self.least, score))


@dataclass(frozen=True)
class Borders:
    """From which score on a level alarms, below which one a rule is not believed (`calm`), and whose level is told."""

    alarm: dict[str, float]
    calm: dict[str, float]
    part: float  # what a part of a long message must be above the border more than a whole one
    certain: float  # how likely a level must be to be told although a rule found a sign of a worse one
    short: int  # words of a message in which a rule is always believed
    words: Counted
    sure: frozenset[str]  # signs whose rules are believed whatever the learned net says

    @classmethod
    def load(cls, data: Path) -> Borders:
        """As `safety.borders` set them."""
        given: dict[str, Any] = plain_values(data / BORDERS)
        return cls(
            given["alarm"],
            given["calm"],
            given["part"],
            given["certain"],
            given["short"],
            Counted(**given["words"]),
            frozenset(given["sure"]),
        )


class Learned:
    """Make one with `Learned.load(Path("data"))`; `judge` keeps nothing and may be called from threads."""

    def __init__(self, reader: Reader, head_: Head, borders: Borders, levels: Mapping[str, str]) -> None:
        self._reader = reader
        self._head = head_
        self.borders = borders
        self._none = head_.signs.index(NONE)
        found = [levels.get(sign, "") for sign in head_.signs]
        self._of_level = {level: np.flatnonzero(np.array(found) == level) for level in sorted({*found} - {""})}

    @classmethod
    def load(cls, data: Path, folder: Path = FOLDER) -> Learned:
        """EncoderError, OSError or ValueError if a file is missing, damaged or makes no sense."""
        reader = Reader.load(folder)
        return cls(reader, head.current(data, folder, Vectors(reader.one, folder)), Borders.load(data), levels_in(data))

    def judge(self, text: str) -> Judgement:
        """The likeliest danger in a message, however unlikely."""
        return self.of_vectors(self._reader(text), text)

    @property
    def signs(self) -> tuple[str, ...]:
        """The signs that it knows."""
        return tuple(sign for sign in self._head.signs if sign != NONE)

    def alarms(self, judgement: Judgement, together: bool = False) -> bool:
        """Whether it is likely enough; more is asked of several messages read `together`."""
        more = self.borders.part if together else 0.0
        return judgement.score >= self.borders.alarm[judgement.level] + more

    def of_vectors(self, vectors: np.ndarray, text: str) -> Judgement:
        """The same from the vectors of a message and its parts."""
        signs = self._head(vectors)
        score = _logit(1 - signs[:, self._none])
        score += [self.borders.words(self._head.words(part)) for part in parts(text)]
        score[1:] -= self.borders.part
        best = int(score.argmax())
        chances = signs[best].copy()
        chances[self._none] = 0.0
        chances /= chances.sum()
        level = max(self._of_level, key=lambda name: chances[self._of_level[name]].sum())
        of_level = self._of_level[level]
        likely = [i for i in np.argsort(-chances) if chances[i] >= LIKELY and i in of_level]
        first = int(of_level[chances[of_level].argmax()])
        named = tuple(self._head.signs[i] for i in dict.fromkeys([first, *likely]))
        return Judgement(float(score[best]), level, named[0], named, float(chances[of_level].sum()))


def levels_in(data: Path) -> dict[str, str]:
    """The level of each sign of the catalogue."""
    return {sign["id"]: sign["level"] for sign in plain_values(data / CATALOGUE)["signs"]}


def catch_up(data: Path, folder: Path = FOLDER) -> bool:
    """Learn from the examples if they changed, so that no start waits for it; whether they had."""
    if head.known(data, folder):
        return False
    head.current(data, folder, Vectors(Reader.load(folder).one, folder))
    return True


class Vectors:
    """Vectors of many texts; earlier ones are kept for the next time."""

    def __init__(self, one: Callable[[str], np.ndarray], folder: Path) -> None:
        self._one = one
        self._kept = folder / f"{DANGER.name}-vectors-{delta_digest(DELTA)[:8]}.npz"

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        known = self._read()
        new = [text for text in dict.fromkeys(texts) if _key(text) not in known]
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            known.update(zip(map(_key, new), pool.map(self._one, new), strict=True))
        rows = {_key(text): known[_key(text)] for text in texts}
        with suppress(OSError):  # a folder that is only read: they are made again the next time
            draft = self._kept.with_suffix(f".{os.getpid()}.npz")
            np.savez(draft, keys=np.array(list(rows)), rows=np.stack(list(rows.values())).astype(np.float16))
            draft.replace(self._kept)
        return np.stack([rows[_key(text)] for text in texts]).astype(np.float32)

    def _read(self) -> dict[str, np.ndarray]:
        if not self._kept.exists():
            return {}
        with np.load(self._kept, allow_pickle=False) as file:
            return dict(zip(file["keys"].tolist(), file["rows"].astype(np.float32), strict=True))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "ignore")).hexdigest()[:24]


def _logit(chance: np.ndarray) -> np.ndarray:
    kept = np.clip(chance, LEAST, 1 - LEAST)
    return np.log(kept) - np.log(1 - kept)
