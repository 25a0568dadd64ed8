"""A count of words beside the encoder: how much more often a message's words stand in dangers than elsewhere.

The encoder hears danger in some ordinary messages that are unlike all it knows, and is certain of it: a lost earring,
a fridge that hums. A count knows nothing of meaning and errs, too, but seldom on the same messages: the two are added.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from danger.lowest import lowest

WORD = re.compile(r"\w+")
APOSTROPHE = re.compile(r"['’]")
PLACES = 1 << 17  # words and pairs share the places of the count
OFTEN = 2  # examples that a place has to stand in to be counted
HELD = 1e-4  # how strongly the weights are held near nothing
STEPS = 20  # of the search


@dataclass(frozen=True)
class Words:
    """The log odds of danger by its words. The last weight is that of a message without any known word."""

    weights: np.ndarray = field(default_factory=lambda: np.zeros(PLACES + 1, np.float32))

    def __call__(self, text: str) -> float:
        """Above 0 if danger is likelier."""
        return float(self.weights[places(text)].sum() + self.weights[-1])


def places(text: str) -> np.ndarray:
    """Where the words of a text and the pairs of neighbours stand, each once."""
    return np.unique(np.fromiter(_places(text), np.int64))


def _places(text: str) -> Iterator[int]:
    words = WORD.findall(APOSTROPHE.sub("", text.lower()))
    for said in (*words, *map(" ".join, pairwise(words))):
        yield zlib.crc32(said.encode("utf-8", "ignore")) % PLACES


def counted(dangers: Sequence[str], others: Sequence[str]) -> Words:
    """Logistic regression over the words of dangers and of messages without."""
    found = [places(text) for text in (*dangers, *others)]
    danger = np.arange(len(found)) < len(dangers)
    row = np.repeat(np.arange(len(found)), [len(one) for one in found])
    place = np.concatenate(found)
    often = np.bincount(place, minlength=PLACES)[place] >= OFTEN
    row, (used, place) = row[often], np.unique(place[often], return_inverse=True)

    def loss(now: np.ndarray) -> tuple[float, np.ndarray]:
        of_places, always = now[:-1], now[-1]
        scores = np.bincount(row, of_places[place], len(found)) + always
        value = float((np.logaddexp(0, scores) - danger * scores).mean())
        wrong = (1 / (1 + np.exp(-scores)) - danger) / len(found)
        slope = np.bincount(place, wrong[row], len(used)) + HELD * of_places
        return value + HELD / 2 * float(of_places @ of_places), np.append(slope, wrong.sum())

    weights = np.zeros(PLACES + 1, np.float32)
    weights[[*used, PLACES]] = lowest(loss, np.zeros(len(used) + 1), STEPS)
    return Words(weights)
