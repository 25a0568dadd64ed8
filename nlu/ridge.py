"""Kernel ridge regression: what each example adds to each label, and how the examples score when they are held out."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.linalg import lapack

STEP = 2048  # rows that are worked on at a time
Folds = Sequence[np.ndarray]
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]  # the kernel matrix of these examples and those


def exact(kernel: Kernel, wanted: np.ndarray, penalty: np.ndarray, folds: Folds) -> tuple[np.ndarray, np.ndarray]:
    """What each example pulls towards each label, and the examples' scores by a ridge that did not see their fold.

    In: one row an example and one column a label of what is wanted, and the ridge penalty of each example. Both come
    from one inverse, so time grows with the cube of the number of examples and memory with its square.
    """
    count = len(wanted)
    inverse = np.empty((count, count), dtype=np.float32, order="F")
    every = np.arange(count)
    for rows in steps(every):
        inverse[:, rows] = kernel(rows, every).T  # symmetric, so that columns are as good as rows
    inverse[np.diag_indices(count)] += penalty
    _invert(inverse)
    pull = np.vstack([inverse[rows] @ wanted for rows in steps(every)])
    held_out = np.zeros_like(wanted)
    for fold in folds:
        held_out[fold] = wanted[fold] - np.linalg.solve(inverse[np.ix_(fold, fold)], pull[fold])
    return pull, held_out


def in_turns(
    kernel: Kernel, wanted: np.ndarray, penalty: np.ndarray, folds: Folds, blocks: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The same where one inverse would take too long: each block is solved exactly for what those before it leave.

    So all examples pull, and time grows with the square of a block. Nothing of a group may stand in two blocks.
    """
    pull, own, told = np.zeros_like(wanted), np.zeros_like(wanted), np.zeros_like(wanted)
    before = np.zeros(0, dtype=int)
    for block in blocks:
        between = np.vstack([kernel(rows, before) for rows in steps(block)])
        told[block] = between @ pull[before]  # by the other blocks, as none of them has seen these examples
        inside = [np.flatnonzero(np.isin(block, fold)) for fold in folds]
        aim = wanted[block] - told[block]
        pull[block], own[block] = exact(_within(kernel, block), aim, penalty[block], inside)
        told[before] += between.T @ pull[block]
        before = np.concatenate([before, block])
    return pull, own + told


def _within(kernel: Kernel, block: np.ndarray) -> Kernel:
    return lambda some, others: kernel(block[some], block[others])


def steps(rows: np.ndarray, size: int = STEP) -> list[np.ndarray]:
    """The same rows, so many at a time that what is made of them fits into memory."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _invert(matrix: np.ndarray) -> None:
    """A symmetric positive definite matrix (in Fortran's order) becomes its inverse, by Cholesky and in place.

    Single precision is a third of the time, and exact to five digits here because of the ridge penalty.
    """
    lapack.spotrf(matrix, lower=1, overwrite_a=1, clean=0)
    lapack.spotri(matrix, lower=1, overwrite_c=1)
    for start in range(0, len(matrix), STEP):
        end = start + STEP
        matrix[start:end, end:] = matrix[end:, start:end].T
        corner = np.tril(matrix[start:end, start:end])
        matrix[start:end, start:end] = corner + np.tril(corner, -1).T
