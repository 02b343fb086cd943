"""Which column people prefer, and how sure that is: Bradley-Terry over blind votes between two.

Bradley and Terry 1952 (Biometrika 39, 324): the chance that i wins against j is 1 / (1 + exp(score_j - score_i)). A tie is
half a win for both. A weak prior (normal, deviation `PRIOR`) keeps scores finite where one always won, and their mean 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loraloom.spec.experiment import Ranked

PRIOR = 3.0
"""In log odds: one column in three hundred is expected beyond odds of 8000 to 1."""
INTERVAL = 1.959964
"""Deviations on both sides that hold 95 % of a normal distribution."""
ROUNDS, CLOSE = 100, 1e-10


@dataclass(frozen=True)
class Duel:
    """One vote. `share` is what `first` won of it: 1, 0, or a half for a tie."""

    first: int
    second: int
    share: float


@dataclass(frozen=True, eq=False)
class Fit:
    """Scores [columns] with mean 0, and their covariance [columns, columns]."""

    scores: NDArray[np.float64]
    covariance: NDArray[np.float64]
    wins: NDArray[np.float64]
    """[columns, columns]: wins of the row over the column."""

    def chance(self, first: int, second: int) -> float:
        """That `first` wins against `second`."""
        return float(_logistic(self.scores[first] - self.scores[second]))

    def ahead(self, first: int, second: int) -> float:
        """By how many deviations `first` is ahead of `second`."""
        spread = self.covariance[first, first] + self.covariance[second, second] - 2 * self.covariance[first, second]
        return float((self.scores[first] - self.scores[second]) / np.sqrt(max(spread, 1e-12)))


def fit(duels: Iterable[Duel], columns: int) -> Fit:
    """The likeliest scores given the votes and the prior, by Newton's method; the posterior is convex, so that it ends."""
    wins: NDArray[np.float64] = np.zeros((columns, columns))
    for duel in duels:
        wins[duel.first, duel.second] += duel.share
        wins[duel.second, duel.first] += 1 - duel.share
    met = wins + wins.T
    scores: NDArray[np.float64] = np.zeros(columns)
    hessian: NDArray[np.float64] = np.eye(columns)
    for _ in range(ROUNDS):
        chances = _logistic(scores[:, None] - scores[None, :])
        slope: NDArray[np.float64] = wins.sum(1) - (met * chances).sum(1) - scores / PRIOR**2
        weights = met * chances * (1 - chances)
        hessian = np.diag(weights.sum(1) + 1 / PRIOR**2) - weights
        step: NDArray[np.floating[Any]] = np.linalg.solve(hessian, slope)
        scores = scores + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < CLOSE:
            break
    centred = np.eye(columns) - 1 / max(columns, 1)
    return Fit(scores - scores.mean(), centred @ np.linalg.inv(hessian) @ centred, wins)


def ranked(found: Fit) -> list[Ranked]:
    """The columns, the best first, with 95 % intervals of their scores (Laplace's approximation)."""
    spread = INTERVAL * np.sqrt(np.maximum(np.diag(found.covariance), 0))
    rows = [
        Ranked(
            column=column,
            score=round(float(found.scores[column]), 4),
            low=round(float(found.scores[column] - spread[column]), 4),
            high=round(float(found.scores[column] + spread[column]), 4),
            wins=float(found.wins[column].sum()),
            votes=round(float(found.wins[column].sum() + found.wins[:, column].sum())),
        )
        for column in range(len(found.scores))
    ]
    return sorted(rows, key=lambda row: (-row.score, row.column))


def _logistic(odds: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))
