"""Robust regression on few points: a Gaussian process whose prior mean is 0 and whose noise has heavy tails.

Linear terms, an offset for every group, one bend, and the nearness of points are kernels that add up (Rasmussen and
Williams 2006, chapter 2; leave-one-out formulas 5.10 to 5.12). Noise is Student's t, fitted by weighing points anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.floating[Any]]

ROUNDS = 8
TAIL = 1.0
"""Degrees of freedom of the noise: the fewer, the less a point far off counts."""
PRIOR_POINTS = 4.0
"""How many points the expected noise is worth."""
Z90 = 1.2816
"""Standard deviations between the middle and the 90th percentile of a normal distribution."""


@dataclass(frozen=True)
class Kernel:
    """How far the values may lie from 0, and what moves them together: standard deviations, of each unit of a feature
    in `linear`. `bend`: feature, deviation, and the length over which a curve may turn."""

    offset: float
    noise: float
    groups: tuple[float, ...] = ()
    linear: Mapping[str, float] = field(default_factory=dict[str, float])
    bend: tuple[str, float, float] | None = None
    near: float = 0.0
    """Points that are alike in every feature of `linear`."""
    drift: float = 0.0
    """Points that follow one another: the device changes."""


@dataclass(frozen=True)
class Point:
    """Where a value was seen, or is asked for. `groups` are names, one for each deviation in `Kernel.groups`; `place` counts
    up with time, and over 1 the drift loses two thirds of its memory."""

    features: Mapping[str, float]
    groups: tuple[str, ...]
    place: float


@dataclass(frozen=True)
class Spread:
    """A value, how far it may be off (one standard deviation), and how many points tell how far."""

    middle: float
    deviation: float
    freedom: float

    @property
    def reach(self) -> float:
        """Half of the range that holds 80 of 100: wider than a normal one where few points tell the deviation."""
        return self.deviation * (Z90 + 0.85 / self.freedom)  # first term of the expansion of t's quantile


@dataclass(frozen=True)
class _Table:
    """Points as arrays: features of `linear` [points, features] from their middle, group names, bend and place [points]."""

    features: Matrix
    groups: tuple[NDArray[np.str_], ...]
    bend: Matrix
    place: Matrix


class Regression:
    """Values at points, learned. None need be given: then it is the prior."""

    def __init__(self, kernel: Kernel, points: Sequence[Point], values: Sequence[float]) -> None:
        self._kernel, self._count = kernel, len(points)
        self._middle = {
            name: float(np.mean([point.features.get(name, 0.0) for point in points]))
            for name in kernel.linear
            if points
        }
        self._seen = self._table(points)
        self._noise2, self._scale = kernel.noise**2, 1.0
        self._inverse: Matrix = np.zeros((0, 0))
        self._alpha: Matrix = np.zeros(0)
        if points:
            self._fit(np.asarray(values, dtype=np.float64))

    def predict(self, point: Point) -> Spread:
        """The value of one new run at `point`, its own noise counted."""
        asked = self._table([point])
        cross = self._covariance(asked, self._seen)[0]
        own = float(self._covariance(asked, asked)[0, 0])
        variance = max(0.0, own - float(cross @ self._inverse @ cross)) + self._noise2
        return Spread(float(cross @ self._alpha), self._scale * float(np.sqrt(variance)), PRIOR_POINTS + self._count)

    def _fit(self, values: Matrix) -> None:
        """Weigh the points by how far each lies from what the others say of it, and the noise by what is left."""
        covariance = self._covariance(self._seen, self._seen)
        noise: Matrix = np.full(len(values), self._noise2)
        off: Matrix = np.zeros(len(values))
        for _ in range(ROUNDS):
            self._inverse = np.linalg.inv(covariance + np.diag(noise))
            self._alpha = self._inverse @ values
            precision = np.diag(self._inverse)
            likely = 1 / precision - noise + self._noise2  # variance that the others expect here of a usual point
            off = np.abs(self._alpha / precision) / np.sqrt(likely)
            weights = (TAIL + 1) / (TAIL + off**2)
            residual2 = (noise * self._alpha) ** 2 + noise - noise**2 * precision  # and what is unknown of the mean
            known = PRIOR_POINTS * self._kernel.noise**2 + float(weights @ residual2)
            self._noise2 = known / (PRIOR_POINTS + len(values))
            noise = self._noise2 / weights
        share = float(np.quantile(off, 0.85)) / Z90  # 80 of 100, and some more: new runs lie off by more than old ones
        self._scale = (PRIOR_POINTS + len(values) * share) / (PRIOR_POINTS + len(values))

    def _covariance(self, left: _Table, right: _Table) -> Matrix:
        kernel = self._kernel
        total: Matrix = np.full((len(left.place), len(right.place)), kernel.offset**2)
        for deviation, a, b in zip(kernel.groups, left.groups, right.groups, strict=True):
            total += deviation**2 * (a[:, None] == b[None, :])
        scale = np.array([kernel.linear[name] for name in self._middle])
        total += (left.features * scale) @ (right.features * scale).T
        if kernel.near:
            distance2 = ((left.features[:, None, :] - right.features[None, :, :]) ** 2).sum(-1)
            total += kernel.near**2 * np.exp(-distance2)
        if kernel.bend:
            _, deviation, length = kernel.bend
            total += deviation**2 * np.exp(-(((left.bend[:, None] - right.bend[None, :]) / length) ** 2) / 2)
        if kernel.drift:
            total += kernel.drift**2 * np.exp(-np.abs(left.place[:, None] - right.place[None, :]))
        return total

    def _table(self, points: Sequence[Point]) -> _Table:
        rows = [
            [point.features.get(name, middle) - middle for name, middle in self._middle.items()] for point in points
        ]
        bend = self._kernel.bend[0] if self._kernel.bend else ""
        return _Table(
            features=np.array(rows, dtype=np.float64).reshape(len(points), len(self._middle)),
            groups=tuple(
                np.array([point.groups[i] for point in points], dtype=np.str_) for i in range(len(self._kernel.groups))
            ),
            bend=np.array([point.features.get(bend, 0.0) for point in points], dtype=np.float64),
            place=np.array([point.place for point in points], dtype=np.float64),
        )
