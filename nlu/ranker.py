"""Rank topics for a text: how the examples of each topic pull, times how near its nearest examples are."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from encoder.products import Products, rounded
from nlu import ridge
from nlu.characters import SIZES, Characters

NEAR_AT_ONCE = 512  # held-out examples that are compared with all others at a time
PRODUCTS = "ranker.onnx"
ARRAYS = "ranker.npz"
WORDS = "ranker.json"


@dataclass(frozen=True)
class RankerConfig:
    """What can be tuned. The defaults were chosen by cross-validation with whole topics held out."""

    meaning: float = 2.0  # how quickly an example's pull fades with distance in meaning
    wording: float = 1.0  # the same for the distance in wording
    characters: float = 0.4  # weight of shared character n-grams, next to meaning and wording with weight 1
    smoothing: float = 0.3  # ridge penalty
    temperature: float = 8.0  # of the softmax over topics
    spread: float = 1.0  # shrinkage of the within-topic scatter towards a sphere
    neighbours: int = 3
    nearest_of: int = 32  # topics that pull most; only among their examples are the nearest looked for
    block: int = 9_500  # examples that are solved at once, as time grows with their cube; more come in turns
    answer_temperature: float = 12.0  # of the softmax over the specific answers of a topic
    answer_neighbours: int = 2
    folds: int = 5
    seed: int = 0


class Ranker:
    """Kernel ridge regression (one column a topic, topics weighted alike) and nearest examples in whitened space.

    Both are solved in closed form, so that the same examples always give the same ranker, in seconds; and scores of
    examples by a ranker that did not see them (`out_of_fold`) come from the same solution.
    """

    def __init__(
        self,
        config: RankerConfig,
        labels: list[str],
        arrays: dict[str, np.ndarray],
        terms: list[str],
        products: Products,
    ) -> None:
        self.config = config
        self.labels = labels
        self._arrays = arrays
        self._terms = terms
        self._products = products
        self._characters = Characters(terms, arrays["idf"])
        self._bounds = np.searchsorted(np.sort(arrays["y"]), np.arange(len(labels) + 1))
        parts = arrays["grams"], arrays["gram_places"], arrays["gram_bounds"]
        self._grams = csr_matrix(parts, shape=(len(terms), len(arrays["pull"])))

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
        folds = folds_of(y, groups, config)
        vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(min(SIZES), max(SIZES)), sublinear_tf=True, dtype=np.float32
        ).fit(texts)
        grams = vectorizer.transform(texts)
        exact, wording, _ = np.split(vectors, 3, axis=1)
        middle = wording.mean(axis=0)
        meaning, wording = rounded(exact), rounded(unit(wording - middle))
        share = np.sqrt(np.bincount(y)[y] * len(labels) / len(y))  # a large topic must not drown a small one
        wanted = np.full((len(y), len(labels)), -1.0 / max(1, len(labels) - 1))
        wanted[np.arange(len(y)), y] = 1.0

        def kernel(some: np.ndarray, others: np.ndarray) -> np.ndarray:
            shared = (grams[some] @ grams[others].T).toarray()
            return alike(config, meaning[some] @ meaning[others].T, wording[some] @ wording[others].T, shared)

        blocks = _dealt(y, groups, math.ceil(len(y) / config.block), config.seed + 1)
        pull, held_out = ridge.in_turns(kernel, wanted, config.smoothing * share, folds, blocks)
        mean, whiten = whitening(exact, y, config.spread)
        arrays = {
            "y": y,
            "middle": middle,
            "mean": mean,
            "whiten": whiten,
            "pull": pull,
            "idf": vectorizer.idf_,
            **_as_arrays(grams.T.tocsr()),
        }
        by_label = np.argsort(y, kind="stable")
        placed = unit((exact - mean) @ whiten)[by_label]
        products = Products.of({"meaning": meaning, "wording": wording, "placed": placed})
        terms = [str(term) for term in vectorizer.get_feature_names_out()]
        ranker = cls(config, labels, {name: _compact(array) for name, array in arrays.items()}, terms, products)

        scores = np.zeros_like(wanted)
        for fold in folds:
            kept = np.ones(len(y), dtype=bool)
            kept[fold] = False
            mean, whiten = whitening(exact[kept], y[kept], config.spread)
            placed = unit((exact - mean) @ whiten).astype(np.float32)
            others = placed[by_label] * kept[by_label, None]
            for part in ridge.steps(fold, NEAR_AT_ONCE):
                scores[part] = ranker._combine(held_out[part], placed[part] @ others.T)
        return ranker, scores

    def scores(self, texts: Sequence[str], vectors: np.ndarray, grams: csr_matrix | None = None) -> np.ndarray:
        """One row a text, one column a label, each between 0 and 1; a row does not sum to 1. `grams` are those of the
        texts, where they are known already.
        """
        grams = self.grams(texts) if grams is None else grams
        _, first, same = np.unique(list(texts), return_index=True, return_inverse=True)  # parts may read alike
        a = self._arrays
        meaning, wording, _ = np.split(vectors[first], 3, axis=1)
        like = self._products(
            {
                "meaning": meaning,
                "wording": unit(wording - a["middle"]),
                "placed": unit((meaning - a["mean"]) @ a["whiten"]),
            }
        )
        shared = self._shared(grams[first])
        near = alike(self.config, like["meaning"], like["wording"], shared)
        pull = np.stack([row @ a["pull"] for row in near])  # for a few rows at once BLAS would copy the matrix
        return self._combine(pull, like["placed"])[same]

    def wording(self, vectors: np.ndarray) -> np.ndarray:
        """Wording vectors without what all of them have in common."""
        return np.asarray(unit(vectors - self._arrays["middle"]), dtype=np.float32)

    def grams(self, texts: Sequence[str]) -> csr_matrix:
        """The characters of texts, as far as the examples have them."""
        return self._characters(texts)

    @property
    def terms(self) -> int:
        """How many character n-grams are known."""
        return len(self._terms)

    def _shared(self, grams: csr_matrix) -> np.ndarray:
        """How many characters each text shares with each example: only the rows of the texts' terms are looked at."""
        terms = np.unique(grams.indices)
        weights = np.zeros((len(terms), grams.shape[0]), dtype=np.float32)
        texts = np.repeat(np.arange(grams.shape[0]), np.diff(grams.indptr))
        weights[np.searchsorted(terms, grams.indices), texts] = grams.data
        return np.ascontiguousarray((self._grams[terms].T @ weights).T)

    def _combine(self, pull: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Each label's share of the pull times how near its nearest examples are; 0 for labels that pull little.

        `near` has a column for each example, label by label; it is 0 for examples that do not count.
        """
        odds = np.exp(self.config.temperature * (pull - pull.max(axis=1, keepdims=True)))
        share = odds / odds.sum(axis=1, keepdims=True)
        most = min(self.config.nearest_of, len(self.labels))
        looked_at = np.zeros(pull.shape, dtype=bool)
        np.put_along_axis(looked_at, np.argpartition(-pull, most - 1, axis=1)[:, :most], True, axis=1)
        nearest = np.zeros_like(share)
        for label in np.flatnonzero(looked_at.any(axis=0)):
            own = slice(*self._bounds[label : label + 2])
            count = min(self.config.neighbours, own.stop - own.start)
            rows = np.flatnonzero(looked_at[:, label])
            nearest[rows, label] = mean_of_largest(near[rows, own], count)
        return share * nearest.clip(0.0)

    def save(self, folder: Path) -> None:
        """Numbers as npz and ONNX, words as JSON: nothing in the files can run code when they are loaded."""
        (folder / PRODUCTS).write_bytes(self._products.file)
        np.savez(str(folder / ARRAYS), **self._arrays)  # type: ignore[arg-type]
        content = {"config": asdict(self.config), "labels": self.labels, "terms": self._terms}
        (folder / WORDS).write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Ranker":
        """What `save` wrote."""
        content = json.loads((folder / WORDS).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        products = Products((folder / PRODUCTS).read_bytes())
        return cls(RankerConfig(**content["config"]), content["labels"], arrays, content["terms"], products)


def alike(config: RankerConfig, meaning: np.ndarray, wording: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """How alike texts and examples are: in meaning and in wording (two Gaussian kernels on the sphere, from the dot
    products), and in the characters that they share. One row a text, one column an example.

    Wording vectors all point much the same way, so what they have in common (`middle`) is taken off before.
    """
    near = np.exp(config.meaning * (meaning - 1.0))
    near += np.exp(config.wording * (wording - 1.0))
    near += config.characters * shared
    return np.asarray(near + 1.0)


def _as_arrays(grams: csr_matrix) -> dict[str, np.ndarray]:
    return {"grams": grams.data, "gram_places": grams.indices, "gram_bounds": grams.indptr}


def mean_of_largest(values: np.ndarray, count: int) -> np.ndarray:
    """The mean of this many values of each row; what a row lacks counts as 0."""
    largest = np.partition(values, -count, axis=1)[:, -count:] if values.shape[1] > count else values
    return np.asarray(largest.sum(axis=1) / count)


def whitening(vectors: np.ndarray, y: np.ndarray, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """The directions in which examples of one topic differ count less than those in which topics differ."""
    centres = np.zeros((y.max() + 1, vectors.shape[1]))
    for label in np.unique(y):
        centres[label] = vectors[y == label].mean(axis=0)
    scatter = np.cov((vectors - centres[y]).T, bias=True)
    size = vectors.shape[1]
    scatter += (spread * np.trace(scatter) / size + 1e-6) * np.eye(size)
    values, directions = np.linalg.eigh(scatter)
    return vectors.mean(axis=0), directions @ np.diag(values**-0.5) @ directions.T


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _compact(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def folds_of(y: np.ndarray, groups: Sequence[str], config: RankerConfig) -> list[np.ndarray]:
    """Which examples are held out together: every topic in every fold as far as it has the examples for it."""
    count = min(config.folds, len(set(groups)))
    return _dealt(y, groups, count, config.seed) if count > 1 else []


def _dealt(y: np.ndarray, groups: Sequence[str], count: int, seed: int) -> list[np.ndarray]:
    """The examples in this many parts, each with its share of every topic and with whole groups."""
    names = list(dict.fromkeys(groups))
    place = {name: number for number, name in enumerate(names)}
    member = np.array([place[group] for group in groups])
    label = np.zeros(len(names), dtype=int)
    label[member] = y
    order = np.random.RandomState(seed).permutation(len(names))
    order = order[np.argsort(label[order], kind="stable")]
    return [np.flatnonzero(np.isin(member, order[start::count])) for start in range(count)]
