"""The character n-grams of a few short texts, weighted as the `TfidfVectorizer` of `ranker.py` weighs them.

scikit-learn is made for thousands of texts: for one message it takes longer to begin than to count.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csr_matrix

SIZES = (2, 3, 4)  # characters in an n-gram, within a word and the spaces around it


class Characters:
    """Knows n-grams (`terms`) and how much each tells (`idf`); others do not count."""

    def __init__(self, terms: Sequence[str], idf: np.ndarray) -> None:
        self._places = {term: place for place, term in enumerate(terms)}
        self._idf = idf

    def __call__(self, texts: Sequence[str]) -> csr_matrix:
        """One row a text, of length 1, and one column a known n-gram."""
        rows = [self._weighted(text) for text in texts]
        ends = np.cumsum([0, *(len(places) for places, _ in rows)])
        places, weights = (np.concatenate([row[part] for row in rows]) for part in (0, 1))
        return csr_matrix((weights, places, ends), shape=(len(texts), len(self._places)))

    def _weighted(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        found = Counter(place for gram in _grams(text) if (place := self._places.get(gram)) is not None)
        places = np.array(sorted(found), dtype=np.int32)
        counts = np.array([found[place] for place in places], dtype=np.float32)
        weights = (np.log(counts) + 1) * self._idf[places]
        return places, weights / max(float(np.linalg.norm(weights)), 1e-12)


def _grams(text: str) -> Iterator[str]:
    for word in text.lower().split():
        padded = f" {word} "
        for size in SIZES:
            if size >= len(padded):  # a short word is one n-gram, and counts once
                yield padded
                break
            for start in range(len(padded) - size + 1):
                yield padded[start : start + size]
