"""Rank topics for a text: how the examples of each topic pull, times how near its nearest examples are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu import ridge

FEW = 12  # readings of one message, rather than examples
ARRAYS = "ranker.npz"
WORDS = "ranker.json"


@dataclass(frozen=True)
class RankerConfig:
    """What can be tuned. The defaults were chosen by cross-validation with whole topics held out."""

    meaning: float = 2.0  # how quickly an example's pull fades with distance in meaning
    wording: float = 1.0  # the same for the distance in wording
    characters: float = 0.4  # weight of shared character n-grams, beside meaning and wording with weight 1
    smoothing: float = 0.3  # ridge penalty
    temperature: float = 8.0  # of the softmax over topics
    spread: float = 1.0  # shrinkage of the within-topic scatter towards a sphere
    neighbours: int = 3
    nearest_of: int = 32  # topics that pull most; only among their examples are the nearest looked for
    all_pull_up_to: int = 12_000  # examples; with more, only the landmarks pull, so that time grows as the examples do
    landmarks: int = 3_000
    folds: int = 5
    seed: int = 0


class Ranker:
    """Kernel ridge regression (one column a topic, topics weighted alike) and nearest examples in whitened space.

    Both are solved in closed form, so that the same examples always give the same ranker, in seconds; and scores of
    examples by a ranker that did not see them (`out_of_fold`) come from the same solution.
    """

    def __init__(
        self, config: RankerConfig, labels: list[str], arrays: dict[str, np.ndarray], terms: list[str]
    ) -> None:
        self.config = config
        self.labels = labels
        self._arrays = arrays
        self._terms = terms
        self._vectorizer = _vectorizer(terms)
        self._vectorizer.idf_ = arrays["idf"]
        self._kernel = _Kernel.of(config, arrays)
        self._order = np.argsort(arrays["y"], kind="stable")
        self._bounds = np.searchsorted(arrays["y"][self._order], np.arange(len(labels) + 1))
        self._pull = np.ascontiguousarray(arrays["pull"].T)
        self._placed = _unit((arrays["meaning"] - arrays["mean"]) @ arrays["whiten"])[self._order]

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        vectors: np.ndarray,
        targets: Sequence[str],
        groups: Sequence[str],
        config: RankerConfig,
    ) -> tuple["Ranker", np.ndarray]:
        """The ranker, and the out-of-fold scores of its examples (examples x labels).

        Examples of one group (variants of one text) are held out together.
        """
        labels = sorted(set(targets))
        number = {label: place for place, label in enumerate(labels)}
        y = np.array([number[target] for target in targets])
        folds = _folds(y, groups, config)
        vectorizer = _vectorizer(None).fit(texts)
        grams = vectorizer.transform(texts)
        meaning, wording = np.split(vectors, 2, axis=1)
        middle = wording.mean(axis=0)
        landmarks = _landmarks(len(y), config)
        known = {
            "meaning": meaning,
            "landmarks": landmarks,
            "middle": middle,
            "wording": _unit(wording[landmarks] - middle),
            **_as_arrays(grams[landmarks].T.tocsr()),
            "idf": vectorizer.idf_,
        }
        kernel = _Kernel.of(config, known)
        share = np.sqrt(np.bincount(y)[y] * len(labels) / len(y))  # a large topic must not drown a small one
        wanted = np.full((len(y), len(labels)), -1.0 / max(1, len(labels) - 1))
        wanted[np.arange(len(y)), y] = 1.0

        def rows(which: np.ndarray) -> np.ndarray:
            return kernel(vectors[which], grams[which])

        penalty = config.smoothing * share
        if len(landmarks) == len(y):
            pull, held_out = ridge.exact(rows, wanted, penalty, folds)
        else:
            pull, held_out = ridge.by_landmarks(rows, landmarks, wanted, penalty, folds)
        mean, whiten = _whitening(meaning, y, config.spread)
        arrays = {**known, "y": y, "mean": mean, "whiten": whiten, "pull": pull}
        terms = [str(term) for term in vectorizer.get_feature_names_out()]
        ranker = cls(config, labels, {name: _compact(array) for name, array in arrays.items()}, terms)

        scores = np.zeros_like(wanted)
        for fold in folds:
            kept = np.ones(len(y), dtype=bool)
            kept[fold] = False
            mean, whiten = _whitening(meaning[kept], y[kept], config.spread)
            placed = _unit((meaning - mean) @ whiten).astype(np.float32)
            by_label = ranker._order
            scores[fold] = ranker._combine(held_out[fold], placed[fold], placed[by_label], kept[by_label])
        return ranker, scores

    def scores(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """One row a text, one column a label, each between 0 and 1; a row does not sum to 1."""
        a = self._arrays
        different, first, same = np.unique(list(texts), return_index=True, return_inverse=True)  # parts may read alike
        pull = _times(self._kernel(vectors[first], self._vectorizer.transform(different)), self._pull)
        meaning = np.split(vectors[first], 2, axis=1)[0]
        return self._combine(pull, _unit((meaning - a["mean"]) @ a["whiten"]), self._placed)[same]

    def _combine(
        self, pull: np.ndarray, asked: np.ndarray, placed: np.ndarray, kept: np.ndarray | None = None
    ) -> np.ndarray:
        """Each label's share of the pull times how near its nearest examples are; 0 for labels that pull little.

        `placed` are the examples label by label, and `kept` says which of them count.
        """
        odds = np.exp(self.config.temperature * (pull - pull.max(axis=1, keepdims=True)))
        share = odds / odds.sum(axis=1, keepdims=True)
        most = min(self.config.nearest_of, len(self.labels))
        looked_at = np.zeros(pull.shape, dtype=bool)
        np.put_along_axis(looked_at, np.argpartition(-pull, most - 1, axis=1)[:, :most], True, axis=1)
        nearest = np.zeros_like(share)
        for label in np.flatnonzero(looked_at.any(axis=0)):
            own = slice(*self._bounds[label : label + 2])
            examples = placed[own] if kept is None else placed[own][kept[own]]
            count = min(self.config.neighbours, own.stop - own.start)
            rows = np.flatnonzero(looked_at[:, label])
            nearest[rows, label] = _mean_of_largest(asked[rows] @ examples.T, count)
        return share * nearest.clip(0.0)

    def save(self, folder: Path) -> None:
        """Numbers as npz, words as JSON: nothing in the files can run code when they are loaded."""
        np.savez(str(folder / ARRAYS), **self._arrays)  # type: ignore[arg-type]
        content = {"config": asdict(self.config), "labels": self.labels, "terms": self._terms}
        (folder / WORDS).write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Ranker":
        """What `save` wrote."""
        content = json.loads((folder / WORDS).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return cls(RankerConfig(**content["config"]), content["labels"], arrays, content["terms"])


@dataclass(frozen=True)
class _Kernel:
    """How alike texts and the landmarks are: in meaning and in wording (two Gaussian kernels on the sphere), and in
    characters.

    Wording vectors all point much the same way, so what they have in common (`middle`) is taken off first.
    """

    config: RankerConfig
    meaning: np.ndarray
    middle: np.ndarray
    wording: np.ndarray  # without what is common, length 1
    grams: csr_matrix  # terms x landmarks

    @classmethod
    def of(cls, config: RankerConfig, arrays: Mapping[str, np.ndarray]) -> "_Kernel":
        meaning, landmarks = arrays["meaning"], arrays["landmarks"]
        parts = arrays["grams"], arrays["gram_places"], arrays["gram_bounds"]
        return cls(
            config,
            meaning if len(landmarks) == len(meaning) else meaning[landmarks],
            arrays["middle"],
            arrays["wording"],
            csr_matrix(parts, shape=(len(arrays["idf"]), len(landmarks))),
        )

    def __call__(self, vectors: np.ndarray, grams: csr_matrix) -> np.ndarray:
        """One row a text, one column a landmark."""
        meaning, wording = np.split(vectors, 2, axis=1)
        alike = np.exp(self.config.meaning * (_times(meaning, self.meaning) - 1.0))
        alike += np.exp(self.config.wording * (_times(_unit(wording - self.middle), self.wording) - 1.0))
        alike += self.config.characters * self._characters(grams)
        return np.asarray(alike + 1.0)

    def _characters(self, grams: csr_matrix) -> np.ndarray:
        """`grams @ self.grams`. For a few rows, only the rows of their terms are looked at."""
        if grams.shape[0] > FEW:
            return np.asarray((grams @ self.grams).toarray())
        ends = grams.indptr[1:-1]
        texts = zip(np.split(grams.indices, ends), np.split(grams.data, ends), strict=True)
        return np.stack([self.grams[terms].T @ weights for terms, weights in texts])


def _times(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The product of each row with each row of the matrix. For a few rows BLAS would first copy the whole matrix."""
    return rows @ matrix.T if len(rows) > FEW else np.stack([matrix @ row for row in rows])


def _as_arrays(grams: csr_matrix) -> dict[str, np.ndarray]:
    return {"grams": grams.data, "gram_places": grams.indices, "gram_bounds": grams.indptr}


def _vectorizer(terms: list[str] | None) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32, vocabulary=terms or None
    )


def _landmarks(count: int, config: RankerConfig) -> np.ndarray:
    """The examples that pull."""
    if count <= config.all_pull_up_to:
        return np.arange(count)
    return np.sort(np.random.RandomState(config.seed).permutation(count)[: config.landmarks])


def _mean_of_largest(values: np.ndarray, count: int) -> np.ndarray:
    """The mean of so many values of each row; what a row lacks counts as 0."""
    largest = np.partition(values, -count, axis=1)[:, -count:] if values.shape[1] > count else values
    return np.asarray(largest.sum(axis=1) / count)


def _whitening(vectors: np.ndarray, y: np.ndarray, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """The directions in which examples of one topic differ count less than those in which topics differ."""
    centres = np.zeros((y.max() + 1, vectors.shape[1]))
    for label in np.unique(y):
        centres[label] = vectors[y == label].mean(axis=0)
    scatter = np.cov((vectors - centres[y]).T, bias=True)
    size = vectors.shape[1]
    scatter += (spread * np.trace(scatter) / size + 1e-6) * np.eye(size)
    values, directions = np.linalg.eigh(scatter)
    return vectors.mean(axis=0), directions @ np.diag(values**-0.5) @ directions.T


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _compact(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _folds(y: np.ndarray, groups: Sequence[str], config: RankerConfig) -> list[np.ndarray]:
    """Which examples are held out together: every topic in every fold as far as it has the examples for it."""
    names = list(dict.fromkeys(groups))
    count = min(config.folds, len(names))
    if count < 2:
        return []
    place = {name: number for number, name in enumerate(names)}
    member = np.array([place[group] for group in groups])
    label = np.zeros(len(names), dtype=int)
    label[member] = y
    order = np.random.RandomState(config.seed).permutation(len(names))
    order = order[np.argsort(label[order], kind="stable")]
    return [np.flatnonzero(np.isin(member, order[start::count])) for start in range(count)]
