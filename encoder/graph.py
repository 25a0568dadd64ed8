"""Write all-MiniLM-L6-v2 (a six-layer BERT) as an ONNX graph: token numbers in, normalised vectors out.

`in_bytes` makes the weights a quarter as large: one short message then takes less than half the time.
"""

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

from encoder.delta import ASKED, DELTA, OUTPUTS, tuned_weights
from encoder.products import BLOCK, IN_BYTES

LAYERS = 6
MIDDLE = 4
HEADS = 12
HIDDEN = 384
HEAD_SIZE = HIDDEN // HEADS
EPSILON = 1e-12
OPSET = 17
IR_VERSION = 8
MASKED = -1e9  # added to the attention score of padding


class _Graph:
    """Collects nodes and constants; each method adds one operation and returns the name of its result."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        result = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], **attributes))
        return result

    def constant(self, name: str, value: np.ndarray) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def number(self, value: float) -> str:
        return self.constant(f"number_{value}", np.array(value, dtype=np.float32))

    def integers(self, *values: int) -> str:
        return self.constant("integers_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def linear(self, x: str, layer: str) -> str:
        product = self.op("MatMul", x, self.constant(layer + ".weight", self.weights[layer + ".weight"].T))
        return self.op("Add", product, self.weight(layer + ".bias"))

    def norm(self, x: str, layer: str) -> str:
        scale, bias = self.weight(layer + ".weight"), self.weight(layer + ".bias")
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON)

    def heads(self, x: str, order: list[int]) -> str:
        split = self.op("Reshape", x, self.integers(0, 0, HEADS, HEAD_SIZE))
        return self.op("Transpose", split, perm=order)

    def layers(self, x: str, bias: str, numbers: Iterable[int], which: str = "") -> str:
        for number in numbers:
            x = self.layer(x, bias, f"{which}encoder.layer.{number}.")
        return x

    def layer(self, x: str, bias: str, prefix: str) -> str:
        attention = prefix + "attention."
        query = self.heads(self.linear(x, attention + "self.query"), [0, 2, 1, 3])
        key = self.heads(self.linear(x, attention + "self.key"), [0, 2, 3, 1])
        value = self.heads(self.linear(x, attention + "self.value"), [0, 2, 1, 3])
        scores = self.op("Mul", self.op("MatMul", query, key), self.number(HEAD_SIZE**-0.5))
        shares = self.op("Softmax", self.op("Add", scores, bias), axis=-1)
        mixed = self.op("Transpose", self.op("MatMul", shares, value), perm=[0, 2, 1, 3])
        joined = self.op("Reshape", mixed, self.integers(0, 0, HIDDEN))
        dense = self.linear(joined, attention + "output.dense")
        x = self.norm(self.op("Add", dense, x), attention + "output.LayerNorm")
        inner = self.gelu(self.linear(x, prefix + "intermediate.dense"))
        return self.norm(self.op("Add", self.linear(inner, prefix + "output.dense"), x), prefix + "output.LayerNorm")

    def mean(self, x: str, present: str, output: str) -> None:
        """Mean over the tokens that are present, length 1; the mean's divisor vanishes in the norm."""
        total = self.op("ReduceSum", self.op("Mul", x, present), self.integers(1), keepdims=0)
        self.nodes.append(helper.make_node("LpNormalization", [total], [output], axis=-1, p=2))

    def gelu(self, x: str) -> str:
        erf = self.op("Erf", self.op("Div", x, self.number(float(np.sqrt(2)))))
        return self.op("Mul", self.op("Mul", x, self.op("Add", erf, self.number(1.0))), self.number(0.5))


def build(weights_file: Path, delta_file: Path = DELTA, asked_file: Path | None = ASKED) -> onnx.ModelProto:
    """The graph of a tuned encoder. Inputs `tokens` and `mask` (int64, texts x tokens); outputs float32, texts x 384.

    `vector` is the model's own sentence vector; `middle` is the same mean taken after layer MIDDLE, closer to the
    wording and further from the gist; `asked` is `vector` with another change in the layers after MIDDLE. Without
    `asked_file` the graph gives `vector` alone.
    """
    weights = tuned_weights(weights_file, delta_file)
    graph = _Graph(weights)
    words = graph.op("Gather", graph.weight("embeddings.word_embeddings.weight"), "tokens")
    length = graph.op("Slice", graph.op("Shape", "tokens"), graph.integers(1), graph.integers(2))
    positions = graph.op("Slice", graph.weight("embeddings.position_embeddings.weight"), graph.integers(0), length)
    segment = graph.constant("segment", weights["embeddings.token_type_embeddings.weight"][0])
    x = graph.op("Add", graph.op("Add", words, segment), positions)
    x = graph.norm(x, "embeddings.LayerNorm")

    mask = graph.op("Cast", "mask", to=TensorProto.FLOAT)
    padding = graph.op("Mul", graph.op("Sub", graph.number(1.0), mask), graph.number(MASKED))
    bias = graph.op("Unsqueeze", padding, graph.integers(1, 2))
    present = graph.op("Unsqueeze", mask, graph.integers(2))
    middle = graph.layers(x, bias, range(MIDDLE))
    graph.mean(graph.layers(middle, bias, range(MIDDLE, LAYERS)), present, "vector")
    outputs = OUTPUTS if asked_file else OUTPUTS[:1]
    if asked_file:
        graph.mean(middle, present, "middle")
        graph.weights |= {f"asked.{name}": weight for name, weight in tuned_weights(weights_file, asked_file).items()}
        graph.mean(graph.layers(middle, bias, range(MIDDLE, LAYERS), "asked."), present, "asked")

    shape = ["texts", "length"]
    onnx_graph = helper.make_graph(
        graph.nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("tokens", "mask")],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", HIDDEN]) for name in outputs],
        list(graph.constants.values()),
    )
    model = helper.make_model(onnx_graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model


def in_bytes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with the weights of its layers as numbers of 8 bits, one scale for each BLOCK of them; what they are
    multiplied with is rounded alike while it runs, text by text and block by block.

    One scale for a whole matrix would be quicker still, but moved the vectors far enough to cost right answers.
    """
    layout = DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=True, accuracy_level=IN_BYTES, bits=8)
    logging.getLogger(MatMulNBitsQuantizer.__module__).setLevel(logging.WARNING)  # it tells of every product
    quantizer = MatMulNBitsQuantizer(model, algo_config=layout)
    quantizer.process()
    made: onnx.ModelProto = quantizer.model.model
    return made
