"""The head over a message's vector: which sign it holds, or none.

It was tuned together with the encoder, and both know the examples of the tuning too well. What messages are like that
neither has seen is learned from such messages: the share that the tuning left out, the rounds, and every example that
was added since. On these the head is learned again in seconds, and stays near what it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from danger import examples as example_files
from danger.examples import NONE, ORDINARY, STORY, Example
from danger.lowest import lowest
from danger.reader import parts
from danger.store import DELTA, LEARNED, TUNED, TUNED_HEAD
from danger.words import Words, counted
from encoder.delta import delta_digest

NEAR = 1e-4  # how strongly the head is held where it was
SMOOTHING = 0.05  # as it was tuned with
STEPS = 100  # of the search
Encode = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Head:
    """Probabilities from vectors, with a count of words. `examples` is the digest of those it learned from."""

    weights: np.ndarray  # signs x (dimensions and one that is always 1)
    signs: tuple[str, ...]
    examples: str = ""
    words: Words = field(default_factory=Words)

    @classmethod
    def read(cls, file: Path) -> Head:
        """One that was kept."""
        with np.load(file, allow_pickle=False) as kept:
            words = Words(kept["words"].astype(np.float32)) if "words" in kept else Words()
            return cls(kept["weights"], tuple(kept["signs"].tolist()), str(kept["examples"]), words)

    def keep(self, file: Path, **beside: np.ndarray) -> None:
        """Write it whole, with other arrays beside it."""
        draft = file.with_suffix(f".{os.getpid()}.npz")
        weights = self.weights.astype(np.float32)
        of = {"weights": weights, "signs": np.array(self.signs), "examples": np.array(self.examples), **beside}
        np.savez_compressed(draft, words=self.words.weights.astype(np.float16), **of)  # type: ignore[arg-type]
        draft.replace(file)

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """For each vector the probability of each sign."""
        scores = vectors @ self.weights[:, :-1].T + self.weights[:, -1]
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(scores / scores.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Lesson:
    """An example that the tuning has not seen, and how much it counts."""

    example: Example
    weight: float

    @property
    def texts(self) -> list[str]:
        """What is learned from: of a long message that needs no alarm each part too."""
        return parts(self.example.text) if self.example.sign == NONE else [self.example.text]


def known(data: Path, folder: Path) -> Head | None:
    """The head for the examples as they are now, if it was shipped or learned before."""
    now = example_files.digest(data)
    files = (file for file in (LEARNED, _kept(folder, now)) if file.exists())
    return next((head for head in map(Head.read, files) if head.examples == now), None)


def current(data: Path, folder: Path, encode: Encode) -> Head:
    """The head for the examples as they are now, learned if it is not known yet."""
    if head := known(data, folder):
        return head
    head = learn(data, encode)
    with suppress(OSError):  # a folder that is only read: it is learned again the next time
        head.keep(_kept(folder, head.examples))
    return head


def learn(data: Path, encode: Encode) -> Head:
    """The head after all examples, from the one that was tuned with the encoder on."""
    head = learned(Head.read(TUNED_HEAD), lessons(data), encode, example_files.digest(data))
    return replace(head, words=counted(*dangers_and_others(data)))


def dangers_and_others(data: Path, without: Collection[str] = ()) -> tuple[list[str], list[str]]:
    """The texts of all examples of danger, and of all else, `without` some."""
    known = [example for example in example_files.read(data) if example.text not in without]
    everyday = [text for text in example_files.everyday(data) if text not in without]
    dangers = [example.text for example in known if example.sign != NONE]
    return dangers, [*(example.text for example in known if example.sign == NONE), *everyday]


def _kept(folder: Path, examples: str) -> Path:
    return folder / f"danger-head-{delta_digest(DELTA)[:8]}-{examples[:12]}.npz"


def lessons(data: Path) -> list[Lesson]:
    """Every example that the tuning has not seen. What was added since was missed before, and counts more."""
    share = json.loads(TUNED.read_text(encoding="utf-8"))["recipe"]["left_out"]
    with np.load(TUNED_HEAD, allow_pickle=False) as tuned:
        seen = frozenset(tuned["seen"].tolist())
    found = []
    for example in example_files.read(data):
        if example_files.is_left_out(example.text, share) and example.key in seen:
            found.append(Lesson(example, 1.0))
        elif example.key not in seen:
            found.append(Lesson(example, 6.0 if example.kind == STORY else 2.0))
    usual = (text for text in example_files.everyday(data) if example_files.is_left_out(text, share))
    return [*found, *(Lesson(Example(text, NONE, "", ORDINARY), 0.3) for text in usual)]


def learned(start: Head, given: Sequence[Lesson], encode: Encode, examples: str = "") -> Head:
    """The head after these examples, as near to `start` as they allow: softmax regression."""
    known = [lesson for lesson in given if lesson.example.sign in start.signs]
    rows = [(text, lesson, text == lesson.example.text) for lesson in known for text in lesson.texts]
    vectors = encode([text for text, _, _ in rows])
    x = np.hstack([vectors, np.ones((len(vectors), 1))]).astype(np.float32)
    weight = np.array([lesson.weight if whole else lesson.weight / 2 for _, lesson, whole in rows])
    share = (weight / weight.sum()).astype(np.float32)[:, None]
    wanted = [start.signs.index(lesson.example.sign) for _, lesson, _ in rows]
    target = np.full((len(rows), len(start.signs)), SMOOTHING / len(start.signs), np.float32)
    target[np.arange(len(rows)), wanted] += 1 - SMOOTHING
    at = start.weights.ravel().astype(np.float64)

    def loss(now: np.ndarray) -> tuple[float, np.ndarray]:
        scores = x @ now.reshape(start.weights.shape).astype(np.float32).T
        scores -= scores.max(axis=1, keepdims=True)
        log_chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        slope = ((np.exp(log_chances) - target) * share).T @ x
        moved = now - at
        value = -float((target * log_chances * share).sum()) + NEAR / 2 * float(moved @ moved)
        return value, slope.ravel().astype(np.float64) + NEAR * moved

    found = lowest(loss, at, STEPS).reshape(start.weights.shape)
    return Head(found.astype(np.float32), start.signs, examples)
