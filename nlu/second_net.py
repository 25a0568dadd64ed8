"""A second look for danger: which messages are like the examples of danger, whatever words they use.

The rules of `safety/` know wordings; this knows likeness. It is learned in seconds from the examples of the signs and
from every ordinary example of the topics, and speaks only above a border that hardly any ordinary example reaches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

ARRAYS, WORDS = "second_net.npz", "second_net.json"
STRENGTH = 3.0  # of the vectors beside the character n-grams
FALSE_ALARMS = 0.002  # share of held-out ordinary examples above the border
UNLIKE = 0.15  # share of the examples of danger that are less like any other one than a message must be
LOOK_ALIKE = 3.0  # weight of an example that only looks like danger
FOLDS = 3


class SecondNet:
    """Says which sign of danger a message is like, if it is like one."""

    def __init__(self, arrays: Mapping[str, np.ndarray], terms: list[str], signs: list[str]) -> None:
        self._arrays = arrays
        self._signs = signs
        self._vectorizer = _vectorizer(terms)
        self._vectorizer.idf_ = arrays["idf"]
        self._terms = terms

    @classmethod
    def fit(
        cls,
        dangers: Sequence[tuple[str, str]],
        look_alikes: Sequence[str],
        ordinary: Sequence[str],
        vectors: np.ndarray,
    ) -> SecondNet:
        """Learn from (text, sign) pairs, look-alikes and ordinary texts; one row of vectors a text, in that order."""
        texts = [text for text, _ in dangers] + [*look_alikes, *ordinary]
        danger = np.arange(len(texts)) < len(dangers)
        plain = np.arange(len(texts)) >= len(dangers) + len(look_alikes)
        weight = np.where(danger | plain, 1.0, LOOK_ALIKE)
        vectorizer = _vectorizer(None)
        features = hstack([csr_matrix(vectors * STRENGTH), vectorizer.fit_transform(texts)]).tocsr()
        held_out = np.zeros(len(texts))
        for kept, left in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(features, danger):
            held_out[left] = _fitted(features[kept], danger[kept], weight[kept]).decision_function(features[left])
        model = _fitted(features, danger, weight)
        arrays = {
            "coefficients": model.coef_[0].astype(np.float32),
            "intercept": model.intercept_.astype(np.float32),
            "border": np.quantile(held_out[plain], [1 - FALSE_ALARMS]).astype(np.float32),
            "near": np.quantile(_nearest_other(vectors[danger]), [UNLIKE]).astype(np.float32),
            "idf": vectorizer.idf_.astype(np.float32),
            "examples": vectors[danger].astype(np.float32),
        }
        terms = [str(term) for term in vectorizer.get_feature_names_out()]
        return cls(arrays, terms, [sign for _, sign in dangers])

    def sign(self, text: str, vector: np.ndarray) -> str | None:
        """The sign whose example is nearest, if the message is that much like danger; else None."""
        a = self._arrays
        like = a["examples"] @ vector
        if like.max() < a["near"][0]:  # what is like no example in particular has no sign
            return None
        grams = self._vectorizer.transform([text])
        size = len(vector)
        score = vector @ a["coefficients"][:size] * STRENGTH + grams @ a["coefficients"][size:] + a["intercept"]
        return self._signs[int(like.argmax())] if score[0] >= a["border"][0] else None

    def save(self, folder: Path) -> None:
        """Numbers as npz, words as JSON: nothing in the files can run code when they are loaded."""
        np.savez(str(folder / ARRAYS), **self._arrays)  # type: ignore[arg-type]
        (folder / WORDS).write_text(json.dumps({"terms": self._terms, "signs": self._signs}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SecondNet:
        """What `save` wrote."""
        words = json.loads((folder / WORDS).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            return cls({name: file[name] for name in file.files}, words["terms"], words["signs"])


def _nearest_other(vectors: np.ndarray) -> np.ndarray:
    """How like its nearest neighbour each example is."""
    like = vectors @ vectors.T
    np.fill_diagonal(like, -np.inf)
    return like.max(axis=1)


def _fitted(features: csr_matrix, danger: np.ndarray, weight: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=300).fit(features, danger, sample_weight=weight)


def _vectorizer(terms: list[str] | None) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2 if terms is None else 1, vocabulary=terms
    )
