"""Reads a message in its conversation: "how long does it last?" after soreness asks about soreness."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

LEXICON = Path("data/lexicon/follow_up.yml")
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")

Ranking = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class FollowUps:
    """Which messages lean on the answer before, and how much that counts then (`data/lexicon/follow_up.yml`)."""

    lead_ins: tuple[str, ...]
    pointers: frozenset[str]
    loose_pointers: frozenset[str]
    short: int
    pointer_reach: int
    weights: Mapping[str, float]
    unsure_below: float
    answer_from: float
    unrelated_below: float
    function_words: frozenset[str] = frozenset()
    own_words: int = 2
    sure_from: float = 0.7
    keeps: frozenset[str] = frozenset()

    @classmethod
    def load(cls, path: Path = LEXICON) -> "FollowUps":
        """Read the lexicon."""
        given: dict[str, Any] = YAML(typ="safe", pure=True).load(path)
        given["lead_ins"] = tuple(given["lead_ins"])
        given |= {name: frozenset(given[name]) for name in ("pointers", "loose_pointers", "function_words", "keeps")}
        return cls(**given)

    def weight(self, text: str, alone: Ranking) -> float:
        """How much the reading in context counts, between 0 (the message stands for itself) and 1."""
        words = WORD.findall(text.lower().replace("’", "'"))
        if not words:
            return 0.0
        near = len(words) <= self.pointer_reach
        if near and self.pointers.intersection(words):
            return self.weights["bare" if self.only_points(text) else "pointer"]
        if len(words) <= self.short or self._leads_in(words) or (near and self.loose_pointers.intersection(words)):
            return self.weights["other"]
        name, confidence = alone[0] if alone else ("", 0.0)
        return self.weights["other"] if confidence < self.unsure_below and name.startswith("faq/") else 0.0

    def unrelated(self, name: str, alone: Ranking) -> bool:
        """Whether the message is clear by itself and far from that topic: then the conversation has moved on."""
        likeliest = max((confidence for _, confidence in alone), default=0.0)
        return likeliest >= self.unsure_below and dict(alone).get(name, 0.0) < self.unrelated_below

    def stands_alone(self, text: str, alone: Ranking) -> bool:
        """Whether the message says enough by itself and is sure of a topic: then no pronoun draws it back to the last
        one. "Still tender two days later, is that ok" is about soreness, whatever was answered before. Who asks for a
        person means that in however few words.
        """
        name, confidence = alone[0] if alone else ("", 0.0)
        says_enough = name in self.keeps or len(self._own(text)) >= self.own_words
        return name.startswith("faq/") and confidence >= self.sure_from and says_enough

    def only_points(self, text: str) -> bool:
        """Whether the message points back and says nothing itself. "How long will it last" is then about what was
        answered, however well it fits another topic.
        """
        points = self.pointers.intersection(WORD.findall(text.lower().replace("’", "'")))
        return bool(points) and not self._own(text)

    def _own(self, text: str) -> set[str]:
        """The words that say something by themselves."""
        words = set(WORD.findall(text.lower().replace("’", "'")))
        return words - self.pointers - self.loose_pointers - self.function_words

    def _leads_in(self, words: Sequence[str]) -> bool:
        start = " ".join(words[:2])
        return any(start == lead or start.startswith(f"{lead} ") for lead in self.lead_ins)


def mix(alone: Ranking, in_context: Ranking, weight: float) -> list[tuple[str, float]]:
    """Both rankings as one, best first."""
    first, second = dict(alone), dict(in_context)
    mixed = {name: (1 - weight) * first.get(name, 0.0) + weight * second.get(name, 0.0) for name in {**first, **second}}
    return sorted(mixed.items(), key=lambda item: (-item[1], item[0]))
