"""Kernel ridge regression: what each example adds to each label, and how the examples score when they are held out."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lapack, solve_triangular

STEP = 2048  # rows that are worked on at a time
Folds = Sequence[np.ndarray]
Kernel = Callable[[np.ndarray], np.ndarray]  # rows of the kernel matrix, for these examples


def exact(kernel: Kernel, wanted: np.ndarray, penalty: np.ndarray, folds: Folds) -> tuple[np.ndarray, np.ndarray]:
    """What each example pulls towards each label, and the examples' scores by a ridge that did not see their fold.

    In: one row an example and one column a label of what is wanted, and the ridge penalty of each example. Both come
    from one inverse, so time grows with the cube of the number of examples and memory with its square.
    """
    count = len(wanted)
    inverse = np.empty((count, count), dtype=np.float32, order="F")
    for rows in steps(np.arange(count)):
        inverse[:, rows] = kernel(rows).T  # symmetric, so that columns are as good as rows
    inverse[np.diag_indices(count)] += penalty
    _invert(inverse)
    pull = np.vstack([inverse[rows] @ wanted for rows in steps(np.arange(count))])
    held_out = np.zeros_like(wanted)
    for fold in folds:
        held_out[fold] = wanted[fold] - np.linalg.solve(inverse[np.ix_(fold, fold)], pull[fold])
    return pull, held_out


def by_landmarks(
    kernel: Kernel, landmarks: np.ndarray, wanted: np.ndarray, penalty: np.ndarray, folds: Folds
) -> tuple[np.ndarray, np.ndarray]:
    """The same with the pull of the landmarks alone (Nystroem): time and memory grow with the number of examples.

    In: the kernel has one column a landmark, and `landmarks` says which examples these are.
    """
    everyone = np.arange(len(wanted))
    among = kernel(landmarks).astype(np.float64)
    root = np.linalg.cholesky(among + 1e-4 * np.eye(len(landmarks)))
    parts = list(folds) if folds else [everyone]

    def features(rows: np.ndarray) -> np.ndarray:
        """Coordinates in which the kernel is a dot product."""
        return np.asarray(solve_triangular(root, kernel(rows).T, lower=True, check_finite=False).T)

    sums = []
    for part in parts:
        square, target = np.zeros((len(landmarks),) * 2), np.zeros((len(landmarks), wanted.shape[1]))
        for rows in steps(part):
            placed = features(rows)
            weighted = (placed / penalty[rows, None]).T
            square += weighted @ placed
            target += weighted @ wanted[rows]
        sums.append((square, target))
    whole = sum(square for square, _ in sums) + np.eye(len(landmarks))
    goal = sum(target for _, target in sums)
    held_out = np.zeros_like(wanted)
    for part, (square, target) in zip(parts, sums, strict=True) if folds else ():
        without = cho_solve(cho_factor(whole - square, lower=True), goal - target)
        for rows in steps(part):
            held_out[rows] = features(rows) @ without
    solution = cho_solve(cho_factor(whole, lower=True), goal)
    return solve_triangular(root.T, solution, lower=False), held_out


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
