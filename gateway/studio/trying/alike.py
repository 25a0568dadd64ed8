"""Examples that are too alike: near-duplicates within a topic, and clashes between topics."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.studio.limits import Limits
from gateway.studio.meaning import Array

AT_ONCE = 256  # new examples that are compared with all the others in one step


@dataclass(frozen=True)
class Alike:
    """A new example, the example that it is most like, and how alike the two are."""

    topic: str
    example: str
    other_topic: str
    other: str
    likeness: float

    @property
    def clashes(self) -> bool:
        """Whether the two stand in different topics."""
        return self.topic != self.other_topic


def examples_of(topics: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """All examples with their topics, in a fixed order."""
    return [(topic, example) for topic in sorted(topics) for example in topics[topic]]


def too_alike(
    pairs: Sequence[tuple[str, str]], vectors: Array, limits: Limits, new: Collection[tuple[str, str]]
) -> list[Alike]:
    """Of each new example its nearest one, if it is too near; clashes first. `vectors` has one row a pair."""
    found = []
    _, numbers = np.unique([topic for topic, _ in pairs], return_inverse=True)
    rows = [i for i, pair in enumerate(pairs) if pair in new]
    for begin in range(0, len(rows), AT_ONCE):
        some = rows[begin : begin + AT_ONCE]
        likeness = vectors[some] @ vectors.T
        likeness[range(len(some)), some] = -1.0
        same_topic = numbers[some][:, None] == numbers
        for own, limit in ((False, limits.clash), (True, limits.near_duplicate)):
            among = np.where(same_topic == own, likeness, -1.0)
            nearest = among.argmax(axis=1)
            for row, i in enumerate(some):
                other = int(nearest[row])
                if (most := float(among[row, other])) >= limit:
                    found.append(Alike(*pairs[i], *pairs[other], round(most, 3)))
    return sorted(found, key=lambda alike: (not alike.clashes, -alike.likeness))
