"""Finds answers by words: BM25 over titles, example questions and texts, where words match by the letters they share.

Typing errors and word forms ("needels", "needling") need no list of their own: each word of the query stands for all
words of the answers that share enough of its pairs of letters, counted by how alike they are.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

from knowledge import Knowledge, Topic, normalise

QUERY_LIMIT, QUERY_WORDS = 200, 16  # characters, different words; more say nothing new, and a query may be a whole page
LEAST_ALIKE = 0.6  # share of common pairs from which two words may be one; with less, "sore" is "score"
LEAST_SCORE = 0.35  # of the best score: what is below is chance
SATURATION, LENGTH = 1.2, 0.6  # BM25's k1 and b

Counts = Mapping[str, float]


class Search:
    """The index over one state of the knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._topics = [_words(knowledge, topic) for topic in knowledge.topics.values()]
        self._names = list(knowledge.topics)
        self._asked = {
            normalise(question): number
            for number, topic in enumerate(knowledge.topics.values())
            for question in (*topic.examples, topic.title)
        }
        self._where: dict[str, list[int]] = defaultdict(list)
        for number, words in enumerate(self._topics):
            for word in words:
                self._where[word].append(number)
        self._pairs: dict[str, list[str]] = defaultdict(list)
        for word in self._where:
            for pair in pairs(word):
                self._pairs[pair].append(word)
        lengths = [sum(words.values()) for words in self._topics]
        mean = sum(lengths) / len(lengths) if lengths else 1.0
        self._norms = [SATURATION * (1 - LENGTH + LENGTH * length / mean) for length in lengths]

    def find(self, query: str, most: int = 8) -> list[str]:
        """The names of the topics that fit best, best first; none where no word is known."""
        scores: dict[int, float] = defaultdict(float)
        asked = normalise(query[:QUERY_LIMIT])
        for word in list(dict.fromkeys(asked.split()))[:QUERY_WORDS]:
            counts: dict[int, float] = defaultdict(float)
            for known, alike in self._alike(word).items():
                for number in self._where[known]:
                    counts[number] += alike * self._topics[number][known]
            rarity = math.log(1 + (len(self._topics) - len(counts) + 0.5) / (len(counts) + 0.5))
            for number, count in counts.items():
                scores[number] += rarity * count * (SATURATION + 1) / (count + self._norms[number])
        best = max(scores.values(), default=0.0)
        if asked in self._asked:  # a question that a topic gives word for word
            scores[self._asked[asked]] = math.inf
        ranked = sorted(scores, key=lambda number: -scores[number])
        return [self._names[number] for number in ranked[:most] if scores[number] >= LEAST_SCORE * best]

    def _alike(self, word: str) -> dict[str, float]:
        """The known words that this one may stand for, which begin as it does: from 1 (the same) steeply down."""
        mine = pairs(word)
        shared = Counter(known for pair in mine for known in self._pairs.get(pair, ()) if known[0] == word[0])
        alike = {known: 2 * count / (len(mine) + len(pairs(known))) for known, count in shared.items()}
        return {known: share**4 for known, share in alike.items() if share >= LEAST_ALIKE}


def pairs(word: str) -> frozenset[str]:
    """The pairs of letters in a word, with its ends marked."""
    marked = f"^{word}$"
    return frozenset(map("".join, pairwise(marked)))


def _words(knowledge: Knowledge, topic: Topic) -> Counts:
    """How much each word counts in a topic: most in its title, least in its longer text."""
    counts: dict[str, float] = defaultdict(float)
    parts: Iterable[tuple[float, str]] = (
        (8, topic.title),
        (4, topic.name.replace("_", " ")),
        *((1, example) for example in topic.examples),
        (2, knowledge.fill(topic.short)),
        (1, knowledge.fill(topic.more)),
    )
    for weight, text in parts:
        for word in normalise(text).split():
            counts[word] += weight
    return counts
