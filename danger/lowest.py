"""Where a smooth convex loss is lowest: what both the head and the count of words learn with."""

from collections import deque
from collections.abc import Callable

import numpy as np

MEMORY, FLAT = 10, 1e-6  # of the search


def lowest(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], at: np.ndarray, steps: int) -> np.ndarray:
    """Where a smooth convex loss is lowest, by L-BFGS: a few megabytes of memory, and numpy alone."""
    value, slope = loss(at)
    known: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=MEMORY)
    for _ in range(steps):
        direction, pulls = slope.copy(), []
        for step, change, curve in reversed(known):
            pulls.append(float(step @ direction) / curve)
            direction -= pulls[-1] * change
        if known:
            step, change, curve = known[-1]
            direction *= curve / float(change @ change)
        for (step, change, curve), pull in zip(known, reversed(pulls), strict=True):
            direction += (pull - float(change @ direction) / curve) * step
        length, falls = 1.0, float(slope @ direction)
        new_value, new_slope = loss(at - length * direction)
        while new_value > value - 1e-4 * length * falls:
            length /= 2
            if length < 1e-6:
                return at
            new_value, new_slope = loss(at - length * direction)
        step, change = -length * direction, new_slope - slope
        if float(step @ change) > 1e-12:
            known.append((step, change, float(step @ change)))
        at, value, slope = at + step, new_value, new_slope
        if np.abs(slope).max() < FLAT:
            break
    return at
