"""Ranks the specific answers within a topic, as the ranker ranks topics: how examples pull, times how near they are.

Each topic is learned by itself from its own few hundred examples, so that all of them take seconds, and a message is
compared with the examples of the topic that it was found to ask about and with no others.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from nlu import ridge
from nlu.labels import topic_of
from nlu.ranker import Ranker, RankerConfig, alike, folds_of, mean_of_largest, unit, whitening

ARRAYS, NAMES = "answers.npz", "answers.json"


@dataclass(frozen=True)
class Topic:
    """What was learned of one topic: which examples are its own, what they ask, and how they pull."""

    labels: list[str]  # the topic's own label, for its general question, is one of them
    rows: slice  # its examples among all
    asks: np.ndarray  # the place of each example's label
    pull: np.ndarray  # examples x labels


@dataclass(frozen=True)
class Examples:
    """What texts are compared by: what they ask, their wording and characters, and their place in whitened space."""

    meaning: np.ndarray
    wording: np.ndarray
    placed: np.ndarray
    grams: csr_matrix

    def of(self, rows: slice | list[int]) -> "Examples":
        """Some of them, in single precision."""
        meaning, wording, placed = (part[rows].astype(np.float32) for part in (self.meaning, self.wording, self.placed))
        return Examples(meaning, wording, placed, self.grams[rows])

    @cached_property
    def by_gram(self) -> csr_matrix:
        """Which of them have each n-gram of characters."""
        return self.grams.T.tocsr()

    def like(self, others: "Examples", config: RankerConfig) -> np.ndarray:
        """How alike each of these and each of the others is."""
        shared = (self.grams @ others.by_gram).toarray()
        return alike(config, self.meaning @ others.meaning.T, self.wording @ others.wording.T, shared)


NOBODY = Examples(np.zeros((0, 0)), np.zeros((0, 0)), np.zeros((0, 0)), csr_matrix((0, 1)))


class AnswerRanker:
    """Scores the specific answers of a topic for texts that ask about it."""

    def __init__(
        self, ranker: Ranker, topics: Mapping[str, Topic], examples: Examples, mean: np.ndarray, whiten: np.ndarray
    ) -> None:
        self._ranker = ranker
        self._config = ranker.config
        self.topics = topics
        self._examples = examples
        self._mean, self._whiten = mean, whiten
        self._own: dict[str, Examples] = {}  # of the topics that were asked about: they will be again

    @classmethod
    def fit(
        cls, ranker: Ranker, texts: Sequence[str], vectors: np.ndarray, targets: Sequence[str], groups: Sequence[str]
    ) -> "tuple[AnswerRanker, np.ndarray, list[str]]":
        """The ranker of all topics that have specific answers; and for each text, as long as it was held out, the
        score of the answer that ranks first in its own topic, and that answer's label ("" for other texts).
        """
        by_topic: dict[str, list[int]] = {}
        for number, target in enumerate(targets):
            by_topic.setdefault(topic_of(target), []).append(number)
        kept = {topic: rows for topic, rows in sorted(by_topic.items()) if any(targets[row] != topic for row in rows)}
        order = np.array([row for rows in kept.values() for row in rows], dtype=int)
        best, score = [""] * len(targets), np.zeros(len(targets))
        if not len(order):
            return cls(ranker, {}, NOBODY, np.zeros(0), np.zeros((0, 0))), score, best
        asks = np.unique([targets[row] for row in order], return_inverse=True)[1]
        exact = np.split(vectors[order], 3, axis=1)[2]
        mean, whiten = whitening(exact, asks, ranker.config.spread)
        self = cls(ranker, {}, NOBODY, mean, whiten)
        examples = self.compared(vectors[order], ranker.grams([texts[row] for row in order]))
        topics, start = {}, 0
        for topic, members in kept.items():
            rows = slice(start, start + len(members))
            own = [targets[row] for row in members]
            topics[topic], held_out = self._learn(examples.of(rows), rows, own, [groups[row] for row in members])
            score[members] = held_out.max(axis=1)
            for row, place in zip(members, held_out.argmax(axis=1), strict=True):
                best[row] = topics[topic].labels[place]
            start = rows.stop
        meaning, wording, placed = (
            part.astype(np.float16) for part in (examples.meaning, examples.wording, examples.placed)
        )
        return cls(ranker, topics, Examples(meaning, wording, placed, examples.grams), mean, whiten), score, best

    def _learn(
        self, examples: Examples, rows: slice, targets: Sequence[str], groups: Sequence[str]
    ) -> tuple[Topic, np.ndarray]:
        labels = sorted(set(targets))
        asks = np.array([labels.index(target) for target in targets])
        share = np.sqrt(np.bincount(asks)[asks] * len(labels) / len(asks))
        wanted = np.full((len(asks), len(labels)), -1.0 / max(1, len(labels) - 1))
        wanted[np.arange(len(asks)), asks] = 1.0
        kernel = examples.like(examples, self._config)
        folds = folds_of(asks, groups, self._config)
        penalty = self._config.smoothing * share
        pull, held_out = ridge.exact(lambda some, others: kernel[np.ix_(some, others)], wanted, penalty, folds)
        near = examples.placed @ examples.placed.T
        for fold in folds:
            near[np.ix_(fold, fold)] = 0.0
        return Topic(labels, rows, asks, pull.astype(np.float32)), self._combine(held_out, near, asks)

    def scores(self, topic: str, texts: Examples) -> dict[str, float]:
        """The best score that any of the texts gives each answer of the topic; none where it has no specific ones."""
        if topic not in self.topics:
            return {}
        scored = self._score(topic, texts)
        return dict(zip(self.topics[topic].labels, scored.max(axis=0).tolist(), strict=True))

    def best(self, topic: str, texts: Sequence[str], vectors: np.ndarray) -> list[tuple[str, float]]:
        """The answer of the topic that ranks first for each text, and its score."""
        scored = self._score(topic, self.compared(vectors, self._ranker.grams(texts)))
        return [(self.topics[topic].labels[row.argmax()], float(row.max())) for row in scored]

    def _score(self, name: str, texts: Examples) -> np.ndarray:
        topic = self.topics[name]
        if name not in self._own:
            self._own[name] = self._examples.of(topic.rows)
        examples = self._own[name]
        pull = texts.like(examples, self._config) @ topic.pull
        return self._combine(pull, texts.placed @ examples.placed.T, topic.asks)

    def _combine(self, pull: np.ndarray, near: np.ndarray, asks: np.ndarray) -> np.ndarray:
        """As the ranker does it for topics."""
        odds = np.exp(self._config.answer_temperature * (pull - pull.max(axis=1, keepdims=True)))
        nearest = np.zeros_like(odds)
        for label in range(odds.shape[1]):
            own = near[:, asks == label]
            nearest[:, label] = mean_of_largest(own, min(self._config.answer_neighbours, own.shape[1]))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True) * nearest.clip(0.0))

    def compared(self, vectors: np.ndarray, grams: csr_matrix) -> Examples:
        """Texts as the examples of any topic are compared with them: made once for a message."""
        _, wording, meaning = np.split(np.asarray(vectors, dtype=np.float32), 3, axis=1)
        placed = unit((meaning - self._mean) @ self._whiten).astype(np.float32)
        return Examples(meaning, self._ranker.wording(wording), placed, grams)

    def save(self, folder: Path) -> None:
        """Numbers as npz, names as JSON."""
        e = self._examples
        grams = {"grams": e.grams.data, "gram_places": e.grams.indices, "gram_bounds": e.grams.indptr}
        pulls = {f"pull_{number}": topic.pull for number, topic in enumerate(self.topics.values())}
        asks = {f"asks_{number}": topic.asks for number, topic in enumerate(self.topics.values())}
        arrays = {
            "mean": self._mean,
            "whiten": self._whiten,
            "meaning": e.meaning,
            "wording": e.wording,
            "placed": e.placed,
            **grams,
            **pulls,
            **asks,
        }
        np.savez(str(folder / ARRAYS), **arrays)  # type: ignore[arg-type]
        names = [
            {"topic": name, "labels": topic.labels, "rows": [topic.rows.start, topic.rows.stop]}
            for name, topic in self.topics.items()
        ]
        (folder / NAMES).write_text(json.dumps(names), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, ranker: Ranker) -> "AnswerRanker":
        """What `save` wrote."""
        names = json.loads((folder / NAMES).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            a = {name: file[name] for name in file.files}
        topics = {
            entry["topic"]: Topic(entry["labels"], slice(*entry["rows"]), a[f"asks_{number}"], a[f"pull_{number}"])
            for number, entry in enumerate(names)
        }
        shape = (len(a["meaning"]), ranker.terms)
        grams = csr_matrix((a["grams"], a["gram_places"], a["gram_bounds"]), shape=shape if topics else (0, 1))
        examples = Examples(a["meaning"], a["wording"], a["placed"], grams)
        return cls(ranker, topics, examples, a["mean"], a["whiten"])
