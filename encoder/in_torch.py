"""all-MiniLM-L6-v2 in torch with narrow additions to its matrices: what `nlu.tune` and `danger.tune` learn."""

import math
from collections.abc import Iterable

import numpy as np
import torch
from torch.nn import functional

from encoder.delta import DOWN, UP
from encoder.graph import EPSILON, HEADS, HIDDEN

PARTS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


class Tuned(torch.nn.Module):
    """The encoder with an addition of `rank` to the matrices of these layers; nothing else of it is learned."""

    def __init__(
        self, weights: dict[str, torch.Tensor], layers: Iterable[int], rank: int, scale: float, seed: int
    ) -> None:
        super().__init__()
        self.weights = weights
        self.scale = scale
        self.down, self.up = torch.nn.ParameterDict(), torch.nn.ParameterDict()
        generator = torch.Generator().manual_seed(seed)
        for number in layers:
            for part in PARTS:
                name = f"encoder.layer.{number}.{part}"
                rows, columns = weights[name + ".weight"].shape
                start = torch.randn(rank, columns, generator=generator) / math.sqrt(columns)
                self.down[key(name)] = torch.nn.Parameter(start)
                self.up[key(name)] = torch.nn.Parameter(torch.zeros(rows, rank))

    def delta(self, share: float = 1.0) -> dict[str, np.ndarray]:
        """The change in half precision, by the name of the matrix."""
        arrays = {}
        for short, up in self.up.items():
            name = short.replace("/", ".")
            arrays[name + UP] = (up * self.scale * share).detach().numpy()
            arrays[name + DOWN] = self.down[short].detach().numpy()
        return {name: array.astype(np.float16) for name, array in arrays.items()}

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        words = self.weights["embeddings.word_embeddings.weight"][tokens]
        places = self.weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        return self.norm(words + places + self.weights["embeddings.token_type_embeddings.weight"][0], "embeddings.")

    def layers(self, x: torch.Tensor, mask: torch.Tensor, numbers: range) -> torch.Tensor:
        texts, length = mask.shape

        def heads(layer: str) -> torch.Tensor:
            return self.linear(x, layer).view(texts, length, HEADS, -1).transpose(1, 2)

        for number in numbers:
            prefix = f"encoder.layer.{number}."
            attention = prefix + "attention."
            query, key_, value = (heads(f"{attention}self.{part}") for part in ("query", "key", "value"))
            mixed = self.attention(query, key_, value, mask)
            joined = mixed.transpose(1, 2).reshape(texts, length, HIDDEN)
            x = self.norm(self.linear(joined, attention + "output.dense") + x, attention + "output.")
            inner = functional.gelu(self.linear(x, prefix + "intermediate.dense"))
            x = self.norm(self.linear(inner, prefix + "output.dense") + x, prefix + "output.")
        return x

    def attention(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """What each token takes from the others."""
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])

    def linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """One matrix of the encoder, with its addition if it has one."""
        result = functional.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])
        if key(name) in self.up:
            narrow = functional.linear(self.dropped(x), self.down[key(name)].to(x.dtype))
            result = result + functional.linear(narrow, (self.scale * self.up[key(name)]).to(x.dtype))
        return result

    def dropped(self, x: torch.Tensor) -> torch.Tensor:
        """What goes into the additions."""
        return x

    def norm(self, x: torch.Tensor, prefix: str) -> torch.Tensor:
        name = prefix + "LayerNorm"
        return functional.layer_norm(
            x, (HIDDEN,), self.weights[name + ".weight"], self.weights[name + ".bias"], EPSILON
        )


def key(name: str) -> str:
    """The name of a matrix as torch allows it."""
    return name.replace(".", "/")
