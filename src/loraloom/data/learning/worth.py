"""How much is left to do: expected errors of the proposals, and how fast answers take them away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEARNS = 0.8
"""Errors fall with this power of the number of answers."""


def expected(errors: NDArray[np.float64], total: int) -> float:
    """Share of `total` labels that agrees when those not answered are wrong with the chances `errors`."""
    return 1 - float(errors.sum()) / max(1, total)


def remaining(errors: NDArray[np.float64], known: int, total: int, goal: float) -> int:
    """Answers until `goal` of `total` labels agree, after what is worth `known` answers.

    Each takes away the error of its own picture, the most doubtful first, and together they lower those of the others.
    """
    left = np.concatenate((np.cumsum(np.sort(errors))[::-1], [0.0]))  # after 0, 1, ... of the most doubtful
    lowered = left * (known / (known + np.arange(len(left)))) ** LEARNS
    enough = np.flatnonzero(lowered <= (1 - goal) * total + 1e-9)
    return int(enough[0])
