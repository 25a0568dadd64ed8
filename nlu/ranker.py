"""Rank topics for a text: how the examples of each topic pull, times how near its nearest examples are."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.linalg import lapack
from sklearn.feature_extraction.text import TfidfVectorizer

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
        y = np.array([labels.index(target) for target in targets])
        vectorizer = _vectorizer(None).fit(texts)
        grams = vectorizer.transform(texts)
        middle = np.split(vectors, 2, axis=1)[1].mean(axis=0)
        kernel = _alike(vectors, vectors, middle, config) + 1.0
        kernel += config.characters * (grams @ grams.T).toarray()
        share = np.sqrt(np.bincount(y)[y] * len(labels) / len(y))  # a large topic must not drown a small one
        inverse = _inverse(kernel + config.smoothing * np.diag(share))
        wanted = np.full((len(y), len(labels)), -1.0 / max(1, len(labels) - 1))
        wanted[np.arange(len(y)), y] = 1.0
        pull = inverse @ wanted

        meaning = np.split(vectors, 2, axis=1)[0]
        mean, whiten = _whitening(meaning, y, config.spread)
        examples = _unit((meaning - mean) @ whiten)
        arrays = {
            "pull": pull,
            "pull_grams": config.characters * (grams.T @ pull),
            "pull_all": pull.sum(axis=0),
            "vectors": vectors,
            "middle": middle,
            "mean": mean,
            "whiten": whiten,
            "examples": examples,
            "y": y,
            "idf": vectorizer.idf_,
        }
        terms = [str(term) for term in vectorizer.get_feature_names_out()]
        ranker = cls(config, labels, {name: _compact(array) for name, array in arrays.items()}, terms)

        scores = np.zeros_like(wanted)
        for fold in _folds(y, groups, config):
            held_out = wanted[fold] - np.linalg.solve(inverse[np.ix_(fold, fold)], pull[fold])
            kept = np.setdiff1d(np.arange(len(y)), fold)
            mean, whiten = _whitening(meaning[kept], y[kept], config.spread)
            placed = _unit((meaning - mean) @ whiten)
            near = placed[fold] @ placed.T
            near[:, fold] = 0.0
            scores[fold] = ranker._combine(held_out, near)
        return ranker, scores

    def scores(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """One row a text, one column a label, each between 0 and 1; a row does not sum to 1."""
        a = self._arrays
        pull = _alike(vectors, a["vectors"], a["middle"], self.config) @ a["pull"] + a["pull_all"]
        pull = pull + self._vectorizer.transform(texts) @ a["pull_grams"]
        meaning = np.split(vectors, 2, axis=1)[0]
        return self._combine(pull, _unit((meaning - a["mean"]) @ a["whiten"]) @ a["examples"].T)

    def _combine(self, pull: np.ndarray, near: np.ndarray) -> np.ndarray:
        odds = np.exp(self.config.temperature * (pull - pull.max(axis=1, keepdims=True)))
        share = odds / odds.sum(axis=1, keepdims=True)
        nearest = np.empty_like(share)
        for label in range(len(self.labels)):
            own = near[:, self._arrays["y"] == label]
            count = min(self.config.neighbours, own.shape[1])
            nearest[:, label] = np.partition(own, -count, axis=1)[:, -count:].mean(axis=1)
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


def _vectorizer(terms: list[str] | None) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32, vocabulary=terms or None
    )


def _alike(a: np.ndarray, b: np.ndarray, middle: np.ndarray, config: RankerConfig) -> np.ndarray:
    """How alike texts are in meaning and in wording: two Gaussian kernels on the sphere.

    Wording vectors all point much the same way, so what they have in common (`middle`) is taken off first.
    """
    meaning_a, wording_a = np.split(a, 2, axis=1)
    meaning_b, wording_b = np.split(b, 2, axis=1)
    meaning = meaning_a @ meaning_b.T
    wording = _unit(wording_a - middle) @ _unit(wording_b - middle).T
    return np.exp(config.meaning * (meaning - 1.0)) + np.exp(config.wording * (wording - 1.0))


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Inverse of a symmetric positive definite matrix by Cholesky.

    Single precision is a third of the time, and exact to five digits here because of the ridge penalty.
    """
    factor, _ = lapack.spotrf(matrix.astype(np.float32), lower=1, overwrite_a=1)
    lower, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    return np.tril(lower) + np.tril(lower, -1).T


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
