"""all-MiniLM-L6-v2 written out in numpy, one text at a time and without padding: what the ONNX graph must equal."""

from math import erf
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from encoder.delta import DELTA, tuned_weights
from encoder.weights import packaged

_erf = np.vectorize(erf)


class Reference:
    """Slow and plain."""

    def __init__(self, delta: Path = DELTA) -> None:
        self._w = tuned_weights(packaged("model.safetensors"), delta)
        self._tokenizer = Tokenizer.from_file(str(packaged("tokenizer.json")))
        self._tokenizer.no_padding()

    def encode(self, text: str) -> np.ndarray:
        tokens = self._tokenizer.encode(text).ids
        x = self._w["embeddings.word_embeddings.weight"][tokens]
        x = x + self._w["embeddings.position_embeddings.weight"][: len(tokens)]
        x = self._norm(x + self._w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for number in range(6):
            x = self._layer(x, f"encoder.layer.{number}.")
        mean = x.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self._w[name + ".weight"].T + self._w[name + ".bias"]

    def _norm(self, x: np.ndarray, name: str) -> Any:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return scaled * self._w[name + ".weight"] + self._w[name + ".bias"]

    def _layer(self, x: np.ndarray, prefix: str) -> Any:
        attention = prefix + "attention."
        q, k, v = (self._linear(x, f"{attention}self.{part}") for part in ("query", "key", "value"))
        mixed = np.empty_like(x)
        for head in range(12):
            part = slice(head * 32, head * 32 + 32)
            scores = q[:, part] @ k[:, part].T / np.sqrt(32)
            shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
            mixed[:, part] = shares / shares.sum(axis=-1, keepdims=True) @ v[:, part]
        x = self._norm(self._linear(mixed, attention + "output.dense") + x, attention + "output.LayerNorm")
        inner = self._linear(x, prefix + "intermediate.dense")
        inner = inner * 0.5 * (1 + _erf(inner / np.sqrt(2)))
        return self._norm(self._linear(inner, prefix + "output.dense") + x, prefix + "output.LayerNorm")
