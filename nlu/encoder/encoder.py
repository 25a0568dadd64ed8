"""Turn texts into vectors whose dot product says how alike in meaning the texts are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from nlu.encoder import errors
from nlu.encoder.store import FOLDER, digest_path, ensure_graph
from nlu.encoder.weights import packaged, sha256

DIMENSIONS = 384
MAX_TOKENS = 128
MAX_CHARACTERS = 4000  # far more than MAX_TOKENS tokens; keeps the tokenizer from working on what is cut anyway
BATCH = 32


def vocabulary() -> frozenset[str]:
    """The whole words that the encoder knows; a word that is not among them may be misspelt."""
    lines = packaged("vocab.txt").read_text(encoding="utf-8").split("\n")
    return frozenset(line for line in lines if line.isalpha())


class Encoder:
    """all-MiniLM-L6-v2 on ONNX Runtime: mean over the tokens' vectors, length 1, the same for the same text always."""

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session = session
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path = FOLDER, threads: int = 1) -> "Encoder":
        """Load the graph from `folder`, building it first when it is missing. Raises EncoderError."""
        graph = ensure_graph(folder)
        expected = digest_path(graph).read_text(encoding="ascii").strip()
        if sha256(graph) != expected:
            raise errors.EncoderError(errors.GRAPH_DAMAGED.format(path=graph))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(packaged("tokenizer.json")))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return cls(session, tokenizer)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """The sentence vectors, one row a text: their dot product is the likeness in meaning."""
        return self.encode_both(texts)[:, :DIMENSIONS]

    def encode_both(self, texts: Sequence[str]) -> np.ndarray:
        """Sentence vector and middle-layer vector side by side, each of length 1.

        Texts of like length share a batch, so that little work goes into padding.
        """
        texts = [text[:MAX_CHARACTERS] for text in texts]
        vectors = np.zeros((len(texts), 2 * DIMENSIONS), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            encoded = self._tokenizer.encode_batch([texts[i] for i in rows])
            feed = {
                "tokens": np.array([e.ids for e in encoded], dtype=np.int64),
                "mask": np.array([e.attention_mask for e in encoded], dtype=np.int64),
            }
            vectors[rows] = np.hstack(self._session.run(["vector", "middle"], feed))
        return vectors
