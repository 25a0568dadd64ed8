"""Finds answers by words: BM25 over titles, example questions and texts, where words match by the letters they share.

Typing errors and word forms ("needels", "needling") need no list of their own: each word of the query stands for all
words of the answers that share enough of its pairs of letters, counted by how alike they are.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

from knowledge import Knowledge, SpecificAnswer, Topic, normalise

QUERY_LIMIT, QUERY_WORDS = 200, 16  # characters, different words; more say nothing new, and a query may be a whole page
LEAST_ALIKE, SHORT_ALIKE, SHORT = (
    0.6,
    0.7,
    4,
)  # share of common pairs from which two words may be one; with less, "sore" is "score"
LEAST_SCORE = 0.35  # of the best score: what is below is chance
SATURATION, LENGTH = 1.2, 0.6  # BM25's k1 and b

LEAST_MET = 0.5  # share of a query that an answer has to speak of, by what its words say; with less it is nonsense
MOST_SPECIFIC = 3  # specific answers that stand before the topics

Counts = Mapping[str, float]


class Search:
    """The index over one state of the knowledge: its topics, and the specific answers within them."""

    def __init__(self, knowledge: Knowledge) -> None:
        topics = knowledge.topics
        self._topics = Index(
            {name: _words(knowledge, topic) for name, topic in topics.items()},
            {name: (*topic.examples, topic.title) for name, topic in topics.items()},
        )
        answers = [answer for topic in topics.values() for answer in topic.answers.values()]
        self._answers = Index(
            {answer.name: _words_of_answer(knowledge, answer) for answer in answers},
            {answer.name: (*answer.examples, answer.title) for answer in answers},
        )

    def find(self, query: str, most: int = 8) -> list[str]:
        """The names of the topics that fit best, best first; none where no word is known."""
        return self._topics.find(query, most)

    def find_answers(self, query: str) -> list[str]:
        """The names of the specific answers that fit best."""
        return self._answers.find(query, MOST_SPECIFIC)


@lru_cache(maxsize=2)
def search_in(knowledge: Knowledge) -> Search:
    """The index over this state of the knowledge: made once for all who search, and kept as long as two editions."""
    return Search(knowledge)


class Index:
    """Names with the weights of their words, and with the questions that are theirs word for word."""

    def __init__(self, words: Mapping[str, Counts], asked: Mapping[str, Iterable[str]]) -> None:
        self._words = list(words.values())
        self._names = list(words)
        self._asked = {
            normalise(question): number for number, name in enumerate(self._names) for question in asked[name]
        }
        self._where: dict[str, list[int]] = defaultdict(list)
        for number, counts in enumerate(self._words):
            for word in counts:
                self._where[word].append(number)
        self._pairs: dict[str, list[str]] = defaultdict(list)
        for word in self._where:
            for pair in pairs(word):
                self._pairs[pair].append(word)
        lengths = [sum(counts.values()) for counts in self._words]
        mean = sum(lengths) / len(lengths) if lengths else 1.0
        self._norms = [SATURATION * (1 - LENGTH + LENGTH * length / mean) for length in lengths]

    def find(self, query: str, most: int) -> list[str]:
        """The names that fit best, best first; none where no word is known, or too little of what was asked."""
        scores: dict[int, float] = defaultdict(float)
        met: dict[int, float] = defaultdict(float)
        whole = 0.0
        asked = normalise(query[:QUERY_LIMIT])
        for word in list(dict.fromkeys(asked.split()))[:QUERY_WORDS]:
            counts: dict[int, float] = defaultdict(float)
            for known, alike in self._alike(word).items():
                for number in self._where[known]:
                    counts[number] += alike * self._words[number][known]
            rarity = math.log(1 + (len(self._words) - len(counts) + 0.5) / (len(counts) + 0.5))
            whole += rarity
            for number, count in counts.items():
                scores[number] += rarity * count * (SATURATION + 1) / (count + self._norms[number])
                met[number] += rarity
        scores = {number: score for number, score in scores.items() if met[number] >= LEAST_MET * whole}
        best = max(scores.values(), default=0.0)
        if asked in self._asked:  # a question that is theirs word for word
            scores[self._asked[asked]] = math.inf
        ranked = sorted(scores, key=lambda number: -scores[number])
        return [self._names[number] for number in ranked[:most] if scores[number] >= LEAST_SCORE * best]

    def _alike(self, word: str) -> dict[str, float]:
        """The known words that this one may stand for, which begin as it does: from 1 (the same) steeply down."""
        mine = pairs(word)
        shared = Counter(known for pair in mine for known in self._pairs.get(pair, ()) if known[0] == word[0])
        least = SHORT_ALIKE if len(word) <= SHORT else LEAST_ALIKE  # "beer" is not "better"
        alike = {known: 2 * count / (len(mine) + len(pairs(known))) for known, count in shared.items()}
        return {known: share**4 for known, share in alike.items() if share >= least}


def pairs(word: str) -> frozenset[str]:
    """The pairs of letters in a word, with its ends marked."""
    marked = f"^{word}$"
    return frozenset(map("".join, pairwise(marked)))


def _words(knowledge: Knowledge, topic: Topic) -> Counts:
    """How much each word counts in a topic: most in its title, least in its longer text."""
    return _weighted(
        (8, topic.title),
        (4, topic.name.replace("_", " ")),
        *((3, answer.title) for answer in topic.answers.values()),
        *((1, example) for example in topic.examples),
        (2, knowledge.fill(topic.short)),
        (1, knowledge.fill(topic.more)),
    )


def _words_of_answer(knowledge: Knowledge, answer: SpecificAnswer) -> Counts:
    return _weighted((8, answer.title), *((1, example) for example in answer.examples), (1, answer.text))


def _weighted(*parts: tuple[float, str]) -> Counts:
    counts: dict[str, float] = defaultdict(float)
    for weight, text in parts:
        for word in normalise(text).split():
            counts[word] += weight
    return counts
