"""Examples that are too alike: near-duplicates within a topic, and clashes between topics."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.studio.limits import Limits
from gateway.studio.meaning import Array


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
    names = np.array([topic for topic, _ in pairs])
    for i, pair in enumerate(pairs):
        if pair not in new:
            continue
        likeness = vectors @ vectors[i]
        likeness[i] = -1.0
        for own, limit in ((False, limits.clash), (True, limits.near_duplicate)):
            among = np.where((names == pair[0]) == own, likeness, -1.0)
            best = int(np.argmax(among))
            if among[best] >= limit:
                found.append(Alike(*pair, *pairs[best], round(float(among[best]), 3)))
    return sorted(found, key=lambda alike: (not alike.clashes, -alike.likeness))
