"""What the learned net makes of a message."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from danger import heads
from danger.examples import FOLDER as EXAMPLES
from danger.examples import NONE, NOW, STATUSES
from danger.heads import Heads
from danger.reader import Reader
from danger.store import DANGER, DELTA
from encoder.delta import delta_digest
from encoder.store import FOLDER

BORDERS = f"{EXAMPLES}/borders.yml"
LEVELS = {"E": "emergency", "C": "crisis", "U": "urgent"}  # by the first letter of a sign
LEAST = 1e-6  # a probability is never taken to be smaller


@dataclass(frozen=True)
class Judgement:
    """How much a message is like danger, in logits, and like which: its level, sign, and every likely sign."""

    score: float
    level: str
    sign: str
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Borders:
    """From which score on a level alarms, below which score nothing is the matter, and how the score is made."""

    alarm: dict[str, float]
    calm: float
    now: float  # weight of "it happens now"
    part: float  # what a part of a long message must be above the border more than a whole one
    leaning: dict[str, float]  # towards the worse of two levels that are close
    short: int  # words of a message in which a rule is always believed
    held: frozenset[str]  # signs whose rules alarm also where nothing seems to be the matter
    sure: frozenset[str]  # signs whose rules are believed whatever the learned net says

    @classmethod
    def load(cls, data: Path) -> Borders:
        """As `danger.borders` set them."""
        given: dict[str, Any] = YAML(typ="safe", pure=True).load((data / BORDERS).read_text(encoding="utf-8"))
        return cls(
            given["alarm"],
            given["calm"],
            given["now"],
            given["part"],
            given["leaning"],
            given["short"],
            frozenset(given["held"]),
            frozenset(given["sure"]),
        )


class Learned:
    """Make one with `Learned.load(Path("data"))`; `judge` keeps nothing and may be called from threads."""

    def __init__(self, reader: Reader, heads_: Heads, borders: Borders) -> None:
        self._reader = reader
        self._heads = heads_
        self.borders = borders
        self._none = heads_.signs.index(NONE)
        self._of_level = {
            level: np.array([i for i, sign in enumerate(heads_.signs) if sign != NONE and sign[0] == letter])
            for letter, level in LEVELS.items()
        }

    @classmethod
    def load(cls, data: Path, folder: Path = FOLDER) -> Learned:
        """EncoderError, OSError or ValueError if a file is missing, damaged or makes no sense."""
        reader = Reader.load(folder)
        return cls(reader, heads.current(data, folder, Vectors(reader.one, folder)), Borders.load(data))

    def judge(self, text: str) -> Judgement:
        """The likeliest danger in a message, however unlikely."""
        return self.of_vectors(self._reader(text))

    @property
    def signs(self) -> tuple[str, ...]:
        """The signs that it knows."""
        return tuple(sign for sign in self._heads.signs if sign != NONE)

    def alarms(self, judgement: Judgement, together: bool = False) -> bool:
        """Whether it is likely enough; more is asked of several messages read `together`."""
        more = self.borders.part if together else 0.0
        return judgement.score >= self.borders.alarm[judgement.level] + more

    def of_vectors(self, vectors: np.ndarray) -> Judgement:
        """The same from the vectors of a message and its parts."""
        sign, status = self._heads(vectors)
        now = status[:, STATUSES.index(NOW)]
        score = _logit(1 - sign[:, self._none]) + self.borders.now * _logit(now)
        score[1:] -= self.borders.part
        best = int(score.argmax())
        chances = sign[best].copy()
        chances[self._none] = 0.0
        chances /= chances.sum()
        leaning = self.borders.leaning
        level = max(self._of_level, key=lambda name: chances[self._of_level[name]].sum() * leaning.get(name, 1.0))
        of_level = self._of_level[level]
        likely = [self._heads.signs[i] for i in np.argsort(-chances) if chances[i] >= 0.2 and i in of_level]
        first = self._heads.signs[of_level[int(chances[of_level].argmax())]]
        return Judgement(float(score[best]), level, first, tuple(dict.fromkeys([first, *likely])))


class Vectors:
    """Vectors of many texts; those of before are kept for the next time."""

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
