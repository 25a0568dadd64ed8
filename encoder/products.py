"""Products of a few vectors with big matrices whose numbers are rounded to 8 bits.

Such a product takes as long as the matrix takes to come from memory, and rounded it is a quarter as large. ONNX Runtime
multiplies; the matrices stand in its own file format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    import onnx

BLOCK = 128  # numbers that share a scale
IN_BYTES = 4  # ONNX Runtime's name for products of 8-bit numbers on both sides
ZERO, LARGEST = 128, 127
SMALLEST = 1e-12


def rounded(matrix: np.ndarray) -> np.ndarray:
    """The numbers that a matrix has here: what learns from it and what multiplies with it must agree."""
    numbers, scales = _packed(matrix)
    blocks = (numbers.astype(np.float32) - ZERO) * scales[..., None]
    return np.asarray(blocks.reshape(len(matrix), -1)[:, : matrix.shape[1]])


def session(graph: str | bytes) -> Any:
    """ONNX Runtime on one thread, the quickest for what one message needs; the graph's path, or the graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


class Products:
    """Dot products with the rows of matrices, by name. The vectors are rounded, too, while it runs."""

    def __init__(self, file: bytes) -> None:
        self.file = file
        self._session = session(file)
        self._names = [output.name for output in self._session.get_outputs()]

    @classmethod
    def of(cls, matrices: Mapping[str, np.ndarray]) -> Products:
        """Products with these matrices (rows x numbers)."""
        return cls(_graph(matrices).SerializeToString())

    def __call__(self, vectors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """For each matrix and its vectors (one a row): one row a vector, one column a row of the matrix."""
        given = {f"{name} vectors": rows.astype(np.float32) for name, rows in vectors.items()}
        return dict(zip(self._names, self._session.run(self._names, given), strict=True))


def _graph(matrices: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    from onnx import TensorProto, helper, numpy_helper  # only what learns needs it

    nodes, constants, inputs, outputs = [], [], [], []
    for name, matrix in matrices.items():
        numbers, scales = _packed(matrix)
        asked, kept, scale = f"{name} vectors", f"{name} numbers", f"{name} scales"
        constants += [numpy_helper.from_array(numbers, kept), numpy_helper.from_array(scales.ravel(), scale)]
        layout: dict[str, Any] = {"N": matrix.shape[0], "K": matrix.shape[1], "bits": 8, "block_size": BLOCK}
        nodes.append(
            helper.make_node(
                "MatMulNBits", [asked, kept, scale], [name], domain="com.microsoft", accuracy_level=IN_BYTES, **layout
            )
        )
        inputs.append(helper.make_tensor_value_info(asked, TensorProto.FLOAT, ["vectors", matrix.shape[1]]))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["vectors", matrix.shape[0]]))
    graph = helper.make_graph(nodes, "products", inputs, outputs, constants)
    operators = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=operators, ir_version=8)


def _packed(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows x blocks x numbers of 8 bits, and the scale of each block."""
    missing = -matrix.shape[1] % BLOCK
    blocks = np.pad(matrix, ((0, 0), (0, missing))).reshape(len(matrix), -1, BLOCK)
    scales = np.maximum(np.abs(blocks).max(axis=2) / LARGEST, SMALLEST).astype(np.float32)
    return (np.rint(blocks / scales[..., None]) + ZERO).astype(np.uint8), scales
