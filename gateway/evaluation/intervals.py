"""How sure a figure is: exact binomial intervals, and what can be told from chance when two runs are compared.

Shares have the interval of Clopper and Pearson (1934). Two runs over the same items are compared with the exact test of
McNemar (1947); the interval of their difference is the exact one given how many items changed, so that it leaves out
zero just when the test says that the runs differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, TypeVar

TAIL = 0.025  # of a 95 % interval, on either side
RESAMPLES = 1000

Item = TypeVar("Item")


@dataclass(frozen=True)
class Share:
    """How many of how many, with an exact 95 % interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        return self.among(1)

    def among(self, looks: int) -> tuple[float, float]:
        """The interval where so many shares are looked at: all of them hold together in 95 of 100 cases."""
        if not self.of:
            return 0.0, 1.0
        tail = TAIL / looks
        low = 0.0 if self.hits == 0 else _beta_quantile(tail, self.hits, self.of - self.hits + 1)
        high = 1.0 if self.hits == self.of else _beta_quantile(1 - tail, self.hits + 1, self.of - self.hits)
        return low, high

    def __str__(self) -> str:
        if not self.of:
            return "no items"
        low, high = self.interval
        return f"{self.value:.1%} ({self.hits} of {self.of}; 95 % interval {low:.1%} to {high:.1%})"

    def as_json(self) -> dict[str, Any]:
        return {
            "hits": self.hits,
            "of": self.of,
            "share": round(self.value, 6) if self.of else None,
            "interval": [round(x, 4) for x in self.interval],
        }


@lru_cache(maxsize=4096)
def _beta_quantile(probability: float, a: int, b: int) -> float:
    """Quantile of the beta distribution with whole parameters, by bisection on the binomial tail it equals."""
    n = a + b - 1
    ways = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(a, n + 1)]

    def cumulative(x: float) -> float:
        hit, miss = math.log(x), math.log1p(-x)
        return math.fsum(math.exp(way + k * hit + (n - k) * miss) for k, way in enumerate(ways, start=a))

    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if cumulative(middle) < probability else (low, middle)
    return (low + high) / 2


@dataclass(frozen=True)
class F1:
    """Precision and recall in one, from the counts: rightly given, given wrongly, and missed.

    With J = right / (right + wrong + missed), F1 = 2J / (1 + J): the interval of the share J, carried over.
    """

    right: int
    wrong: int
    missed: int

    @property
    def _share(self) -> Share:
        return Share(self.right, self.right + self.wrong + self.missed)

    @property
    def value(self) -> float:
        return _f1(self._share.value)

    @property
    def interval(self) -> tuple[float, float]:
        low, high = self._share.interval
        return _f1(low), _f1(high)

    def as_json(self) -> dict[str, Any]:
        return {"f1": round(self.value, 6), "interval": [round(x, 4) for x in self.interval]}


def _f1(share: float) -> float:
    return 2 * share / (1 + share)


@dataclass(frozen=True)
class Change:
    """Two runs over the same items: how many only the new one has, how many only the old one had."""

    gained: int
    lost: int
    of: int

    @classmethod
    def between(cls, old: Sequence[bool], new: Sequence[bool]) -> Change:
        pairs = list(zip(old, new, strict=True))
        return cls(sum(b and not a for a, b in pairs), sum(a and not b for a, b in pairs), len(pairs))

    @property
    def difference(self) -> float:
        return (self.gained - self.lost) / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return self.among(1)

    def among(self, looks: int) -> tuple[float, float]:
        """The interval where so many changes are looked at (Bonferroni)."""
        changed = self.gained + self.lost
        if not changed:
            return 0.0, 0.0
        low, high = Share(self.gained, changed).among(looks)
        return (2 * low - 1) * changed / self.of, (2 * high - 1) * changed / self.of

    @property
    def p(self) -> float:
        """How likely a change at least as lopsided is if neither run is better (exact McNemar, two-sided)."""
        changed = self.gained + self.lost
        tail = sum(math.comb(changed, k) for k in range(min(self.gained, self.lost) + 1))
        return min(1.0, 2 * tail / 2**changed)


def bootstrap(
    items: Sequence[Item], statistic: Callable[[Sequence[Item]], float], seed: int = 0
) -> tuple[float, float]:
    """A 95 % interval of any figure of items, from resamples with a fixed seed."""
    random = Random(seed)
    values = sorted(statistic(random.choices(items, k=len(items))) for _ in range(RESAMPLES))
    return values[int(TAIL * RESAMPLES)], values[int((1 - TAIL) * RESAMPLES) - 1]
