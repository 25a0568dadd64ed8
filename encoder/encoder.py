"""Turn texts into vectors whose dot product says how alike in meaning the texts are."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from encoder.delta import OUTPUTS
from encoder.products import session
from encoder.store import FOLDER, ensure_graph, undamaged
from encoder.weights import packaged

DIMENSIONS = 384
MAX_TOKENS = 128
MAX_CHARACTERS = 4000  # far more than MAX_TOKENS tokens; keeps the tokenizer from working on what is cut anyway


def vocabulary() -> frozenset[str]:
    """The whole words that the encoder knows; a word that is not among them may be misspelt."""
    lines = packaged("vocab.txt").read_text(encoding="utf-8").split("\n")
    return frozenset(line for line in lines if line.isalpha())


class Encoder:
    """all-MiniLM-L6-v2 on ONNX Runtime: mean over the tokens' vectors, length 1, the same for the same text always."""

    def __init__(self, session: Any, tokenizer: Any, threads: int = 1) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._threads = threads

    @classmethod
    def load(cls, folder: Path = FOLDER, threads: int = 1) -> "Encoder":
        """Load the graph from `folder`, building it first when it is missing; so many texts are encoded at a time.

        Raises EncoderError.
        """
        return cls.of(session(str(undamaged(ensure_graph(folder)))), threads)

    @classmethod
    def of(cls, session: Any, threads: int = 1) -> "Encoder":
        """With this session and the packaged tokenizer, which would fill every text up to its longest."""
        tokenizer = Tokenizer.from_file(str(packaged("tokenizer.json")))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return cls(session, tokenizer, threads)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """The sentence vectors, one row a text: their dot product is the likeness in meaning."""
        return self.encode_all(texts)[:, :DIMENSIONS]

    def encode_all(self, texts: Sequence[str], most: Sequence[int] | None = None) -> np.ndarray:
        """Meaning, wording and what is asked, side by side, each of length 1 (see `encoder.graph.build`). `most` says
        how many tokens of each text are read, from both ends; MAX_TOKENS if it is not given.

        Each text goes through the graph by itself and once: for texts as short as these, many at once are no quicker.
        """
        if not texts:
            return np.zeros((0, len(OUTPUTS) * DIMENSIONS), dtype=np.float32)
        read = list(zip(texts, most or [MAX_TOKENS] * len(texts), strict=True))
        different = list(dict.fromkeys(read))
        if self._threads == 1 or len(different) == 1:
            rows = [self._all(*each) for each in different]
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                rows = list(pool.map(lambda each: self._all(*each), different))
        vectors = dict(zip(different, rows, strict=True))
        return np.vstack([vectors[each] for each in read])

    def _all(self, text: str, most: int) -> np.ndarray:
        ids = self._tokenizer.encode(text[:MAX_CHARACTERS]).ids
        if len(ids) > most:
            ids = ids[: most // 2] + ids[-(most // 2) :]
        tokens = np.array([ids], dtype=np.int64)
        return np.hstack(self._session.run(list(OUTPUTS), {"tokens": tokens, "mask": np.ones_like(tokens)}))
