"""Which pictures to ask about next: one from each part of the set, then doubtful ones that differ from each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

_WIDER = 5
"""Candidates by doubt are this many times those wanted."""


def by_spread(main: Rows, parts: int, answered: Sequence[int], seed: int) -> list[int]:
    """The picture in the middle of each of `parts` clusters that has no answer yet, the largest cluster first."""
    from sklearn.cluster import KMeans

    different = len(np.unique(main.round(9), axis=0))
    if different <= 1:
        return [index for index in range(len(main)) if index not in set(answered)][:parts]
    means: Any = KMeans(min(parts, different), random_state=seed)  # "auto": one start with k-means++
    means.fit(main)
    cluster: NDArray[np.int64] = means.labels_
    done = set(cluster[list(answered)].tolist())
    sizes = np.bincount(cluster)
    found: list[int] = []
    for number in np.argsort(-sizes, kind="stable").tolist():
        if number not in done and sizes[number]:
            members = np.flatnonzero(cluster == number)
            distances = ((main[members] - means.cluster_centers_[number]) ** 2).sum(axis=1)
            found.append(int(members[distances.argmin()]))
    return found


def by_doubt(sure: Rows, main: Rows, left: NDArray[np.int64], count: int) -> list[int]:
    """`count` of `left`: those whose two likeliest labels are closest, each a little apart from those before it."""
    if not len(left) or count <= 0:
        return []
    best = np.sort(sure[left], axis=1)
    doubt = 1 - (best[:, -1] - best[:, -2])
    order = np.argsort(-doubt, kind="stable")[: count * _WIDER]
    rows, doubt, pool = main[left[order]], doubt[order] + 1e-6, left[order]
    reach = 0.1 * float(((rows - rows.mean(axis=0)) ** 2).sum(axis=1).mean()) + 1e-12
    nearest = np.full(len(pool), np.inf)
    found: list[int] = []
    for _ in range(min(count, len(pool))):
        pick = int((doubt * (1 - np.exp(-nearest / reach) + 1e-6)).argmax())
        found.append(int(pool[pick]))
        nearest = np.minimum(nearest, ((rows - rows[pick]) ** 2).sum(axis=1))
        doubt[pick] = -1
    return found
