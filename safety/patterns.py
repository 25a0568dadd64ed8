"""What a rule looks like and where it holds in a message.

    CANT >3 BREATHE            a word of CANT, then one of BREATHE, at most 3 words between
    CHEST ~5 HURT              in either order, at most 5 words between
    ARM|HAND ~4 WEAK & NEEDLED also NEEDLED, anywhere in the message
    BELLY ~4 PAIN ! PERIOD     but not if PERIOD is in the same sentence

Names in capitals are lists of words or named patterns of the lexicon; anything else is taken literally.
Words of one step of a pattern (between the `&`s) stand in one sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

Entry = TypeVar("Entry")
STEP = re.compile(r"\s*([~>])(\d+)\s*")
MOST_PLACES = 40  # of one pattern in one message: keeps the worst message cheap


@dataclass(frozen=True)
class Place:
    """Where something was found: first and last token, and the pieces that it is made of."""

    start: int
    end: int
    parts: tuple[tuple[int, int], ...] = ()

    @property
    def pieces(self) -> tuple[tuple[int, int], ...]:
        return self.parts or ((self.start, self.end),)

    def overlaps(self, other: Place) -> bool:
        return self.start < other.end and other.start < self.end

    def with_(self, other: Place) -> Place:
        return Place(min(self.start, other.start), max(self.end, other.end), self.pieces + other.pieces)


Places = Mapping[str, list[Place]]


@dataclass(frozen=True)
class Link:
    """One more word of a chain: which, in which order and how far from what stands before it."""

    names: tuple[str, ...]
    ordered: bool = True
    gap: int = 0

    def fits(self, before: Place, other: Place) -> bool:
        if before.end <= other.start:
            return other.start - before.end <= self.gap
        return not self.ordered and other.end <= before.start and before.start - other.end <= self.gap


@dataclass(frozen=True)
class Chain:
    """Words that stand close together in one sentence."""

    links: tuple[Link, ...]

    def places(self, found: Places, sentence: list[int]) -> list[Place]:
        reached = list(_any(self.links[0].names, found))
        for link in self.links[1:]:
            options = list(_any(link.names, found))
            fitting = (
                before.with_(other)
                for before in reached
                for other in options
                if link.fits(before, other) and sentence[before.start] == sentence[other.start]
            )
            reached = list(islice(fitting, MOST_PLACES))
        return from_both_ends(reached, MOST_PLACES)


@dataclass(frozen=True)
class Pattern:
    """A whole rule: chains that must all be there, and words that must not."""

    text: str
    chains: tuple[Chain, ...]
    absent: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Pattern:
        wanted, _, unwanted = text.partition("!")
        chains = tuple(_chain(part) for part in wanted.split("&"))
        return cls(text, chains, tuple(name.strip() for name in unwanted.split("|") if name.strip()))

    @property
    def links(self) -> Iterator[Link]:
        for chain in self.chains:
            yield from chain.links

    @property
    def names(self) -> Iterator[str]:
        yield from self.absent
        for link in self.links:
            yield from link.names

    def possible(self, found: Places) -> bool:
        """A quick look, before places are compared: every link has at least one word in the message."""
        return all(any(n in found for n in link.names) for link in self.links)

    def places(self, found: Places, sentence: list[int]) -> list[list[Place]]:
        """Where each chain stands; the first never in a sentence with a word that must be absent."""
        spoilt = {sentence[place.start] for place in _any(self.absent, found)}
        first, *others = (chain.places(found, sentence) for chain in self.chains)
        return [[place for place in first if sentence[place.start] not in spoilt], *others]


class Index:
    """Which of many rules a message may fulfil, found from its words: each rule stands under the names of the one link
    that the fewest rules ask for.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        asked = Counter(name for pattern in patterns for link in pattern.links for name in link.names)
        self._listed: dict[str, list[int]] = {}
        for position, pattern in enumerate(patterns):
            rarest = min(pattern.links, key=lambda link: sum(asked[name] for name in link.names))
            for name in rarest.names:
                self._listed.setdefault(name, []).append(position)

    def candidates(self, found: Places) -> list[int]:
        """Positions of all rules that are possible, and of a few that are not; in the order of the rules."""
        return sorted({position for name in found for position in self._listed.get(name, ())})


def from_both_ends(entries: list[Entry], most: int) -> list[Entry]:
    """So many of a list at most, the first and the last ones."""
    half = most // 2
    return entries if len(entries) <= most else entries[:half] + entries[-half:]


def _chain(text: str) -> Chain:
    first, *rest = STEP.split(text.strip())
    links = [Link(_names(first))]
    for sign, gap, names in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        links.append(Link(_names(names), ordered=sign == ">", gap=int(gap)))
    return Chain(tuple(links))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split("|"))


def _any(names: tuple[str, ...], found: Places) -> Iterator[Place]:
    for name in names:
        yield from found.get(name, ())
