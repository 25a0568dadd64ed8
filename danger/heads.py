"""The two heads over a message's vector: which sign it holds or none, and whether that happens now.

They were tuned together with the encoder. When an example has been added or changed since, they are learned again in
seconds over the same vectors, and stay near what they were: nothing else needs to be trained for an example to count.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from danger import examples as example_files
from danger.examples import NONE, STATUSES, Example
from danger.store import DELTA, HEADS, LEARNED
from encoder.delta import delta_digest

NEAR = 1e-6  # how strongly the heads are held where they were
SMOOTHING = 0.05  # as they were tuned with
STEPS, MEMORY, FLAT = 100, 10, 1e-6  # of the search
USUAL = 0.25  # weight of an everyday question
Arrays = Mapping[str, np.ndarray]
Encode = Callable[[Sequence[str]], np.ndarray]


class Heads:
    """Probabilities from vectors."""

    def __init__(self, arrays: Arrays, signs: Sequence[str]) -> None:
        self.arrays = arrays
        self.signs = tuple(signs)

    @classmethod
    def shipped(cls) -> Heads:
        """As they were tuned, or learned again before they were shipped."""
        manifest = json.loads(LEARNED.read_text(encoding="utf-8"))
        with np.load(HEADS, allow_pickle=False) as file:
            return cls({name: file[name] for name in _names()}, manifest["signs"])

    def ship(self, data: Path) -> None:
        """Keep them as the heads for these examples."""
        arrays = {name: array.astype(np.float32) for name, array in self.arrays.items()}
        np.savez(HEADS, **arrays)  # type: ignore[arg-type]
        manifest = {"signs": self.signs, "statuses": STATUSES, "examples_sha256": example_files.digest(data)}
        LEARNED.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")

    def __call__(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each vector the probability of each sign, and of each status."""
        a = self.arrays
        sign = vectors @ a["sign weights"].T + a["sign bias"]
        return _softmax(sign), _softmax(vectors @ a["status weights"].T + a["status bias"])


def current(data: Path, folder: Path, encode: Encode) -> Heads:
    """The heads for the examples as they are now: those that were shipped, those learned before, or learned now."""
    shipped = Heads.shipped()
    now = example_files.digest(data)
    if now == json.loads(LEARNED.read_text(encoding="utf-8"))["examples_sha256"]:
        return shipped
    kept = folder / f"danger-heads-{delta_digest(DELTA)[:8]}-{now[:12]}.npz"
    if kept.exists():
        with np.load(kept, allow_pickle=False) as file:
            return Heads({name: file[name] for name in _names()}, shipped.signs)
    heads = learned(shipped, data, encode)
    with suppress(OSError):  # a folder that is only read: they are learned again the next time
        draft = kept.with_suffix(f".{os.getpid()}.npz")
        np.savez(draft, **heads.arrays)  # type: ignore[arg-type]
        draft.replace(kept)
        for older in folder.glob("danger-heads-*.npz"):
            if older != kept:
                older.unlink(missing_ok=True)
    return heads


def learned(start: Heads, data: Path, encode: Encode) -> Heads:
    """The heads after these examples, as near to `start` as the examples allow."""
    examples = [example for example in example_files.read(data) if example.sign in start.signs]
    usual = [Example(text, NONE, "") for text in example_files.everyday(data)]
    vectors = encode([example.text for example in (*examples, *usual)])
    weight = np.concatenate([np.ones(len(examples)), np.full(len(usual), USUAL)]).astype(np.float32)
    sign = np.array([start.signs.index(example.sign) for example in (*examples, *usual)])
    told = np.array([i for i, example in enumerate(examples) if example.status], dtype=int)
    status = np.array([STATUSES.index(examples[i].status) for i in told], dtype=int)
    arrays = dict(start.arrays)
    for name, rows, wanted in (("sign", np.arange(len(vectors)), sign), ("status", told, status)):
        arrays[f"{name} weights"], arrays[f"{name} bias"] = _fitted(
            arrays[f"{name} weights"], arrays[f"{name} bias"], vectors[rows], wanted, weight[rows]
        )
    return Heads(arrays, start.signs)


def _fitted(
    weights: np.ndarray, bias: np.ndarray, vectors: np.ndarray, wanted: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Softmax regression held near its start."""
    start = np.hstack([weights, bias[:, None]]).astype(np.float64)
    rows = np.hstack([vectors, np.ones((len(vectors), 1))]).astype(np.float32)
    target = np.full((len(rows), len(start)), SMOOTHING / len(start), np.float32)
    target[np.arange(len(rows)), wanted] += 1 - SMOOTHING
    share = (weight / weight.sum())[:, None]

    def loss(now: np.ndarray) -> tuple[float, np.ndarray]:
        scores = rows @ now.reshape(start.shape).astype(np.float32).T
        scores -= scores.max(axis=1, keepdims=True)
        log_chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        slope = ((np.exp(log_chances) - target) * share).T @ rows
        moved = now - start.ravel()
        value = -float((target * log_chances * share).sum()) + NEAR / 2 * float(moved @ moved)
        return value, slope.ravel().astype(np.float64) + NEAR * moved

    found = lowest(loss, start.ravel(), STEPS).reshape(start.shape).astype(np.float32)
    return found[:, :-1], found[:, -1]


def lowest(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], at: np.ndarray, steps: int) -> np.ndarray:
    """Where a smooth convex loss is lowest, by L-BFGS: a few megabytes of memory, and numpy alone."""
    value, slope = loss(at)
    known: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=MEMORY)
    for _ in range(steps):
        direction, pulls = slope.copy(), []
        for step, change, curve in reversed(known):
            pulls.append(float(step @ direction) / curve)
            direction -= pulls[-1] * change
        if known:
            step, change, curve = known[-1]
            direction *= curve / float(change @ change)
        for (step, change, curve), pull in zip(known, reversed(pulls), strict=True):
            direction += (pull - float(change @ direction) / curve) * step
        length, falls = 1.0, float(slope @ direction)
        new_value, new_slope = loss(at - length * direction)
        while new_value > value - 1e-4 * length * falls:
            length /= 2
            if length < 1e-6:
                return at
            new_value, new_slope = loss(at - length * direction)
        step, change = -length * direction, new_slope - slope
        if float(step @ change) > 1e-12:
            known.append((step, change, float(step @ change)))
        at, value, slope = at + step, new_value, new_slope
        if np.abs(slope).max() < FLAT:
            break
    return at


def _softmax(scores: np.ndarray) -> np.ndarray:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _names() -> list[str]:
    return [f"{head} {part}" for head in ("sign", "status") for part in ("weights", "bias")]
