"""Products with rounded matrices."""

import numpy as np
import pytest

from encoder.products import BLOCK, Products, rounded


def unit(rows: int, size: int) -> np.ndarray:
    matrix = np.random.RandomState(rows).normal(size=(rows, size)).astype(np.float32)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


@pytest.mark.parametrize(("rows", "size"), [(1, 1), (3, BLOCK), (40, 384), (7, BLOCK + 5)])
def test_dot_products_are_right_to_a_few_thousandths(rows: int, size: int) -> None:
    matrix, vectors = unit(rows, size), unit(5, size)
    found = Products.of({"a": matrix, "b": 2 * matrix})({"a": vectors, "b": vectors})
    assert np.abs(found["a"] - vectors @ matrix.T).max() < 0.01
    assert np.abs(found["b"] - 2 * vectors @ matrix.T).max() < 0.02


def test_rounding_twice_changes_nothing_more() -> None:
    matrix = np.vstack([unit(20, 384), np.zeros((1, 384), dtype=np.float32)])
    once = rounded(matrix)
    assert np.abs(once - matrix).max() < np.abs(matrix).max() / 200
    assert np.allclose(rounded(once), once, atol=1e-7)


def test_a_vector_has_the_same_products_alone_and_in_company() -> None:
    products, vectors = Products.of({"a": unit(50, 384)}), unit(4, 384)
    together = products({"a": vectors})["a"]
    alone = np.vstack([products({"a": vectors[i : i + 1]})["a"] for i in range(4)])
    assert np.abs(together - alone).max() < 1e-6


def test_a_saved_file_multiplies_as_before() -> None:
    products, vectors = Products.of({"a": unit(50, 384)}), unit(2, 384)
    assert np.array_equal(products({"a": vectors})["a"], Products(products.file)({"a": vectors})["a"])
