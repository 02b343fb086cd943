"""What the head is fitted on: the main directions of the embeddings, and their neighbourhoods."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

DIRECTIONS = 64
LANDMARKS = 128


def directions(embeddings: NDArray[np.floating]) -> Rows:
    """The principal components [n, at most 64] of `embeddings` [n, d], scaled together to rows of length 1 on average.

    What is not finite counts as 0: one broken picture does not spoil the others.
    """
    rows = np.nan_to_num(np.asarray(embeddings, dtype=np.float64), posinf=0.0, neginf=0.0)
    rows = rows - rows.mean(axis=0) if len(rows) else rows
    if len(rows) < rows.shape[1]:  # the same through the smaller of the two matrices
        values, vectors = np.linalg.eigh(rows @ rows.T)
        found = (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1]
    else:
        found = rows @ np.linalg.eigh(rows.T @ rows)[1][:, ::-1]
    return _even(found[:, :DIRECTIONS])


def features(main: Rows, seed: int = 0) -> Rows:
    """`main` [n, d], and beside it its RBF kernel with some of the pictures (Nyström; Williams and Seeger 2001).

    A linear head on both bends where classes are no straight regions, and stays as good where they are.
    """
    from sklearn.kernel_approximation import Nystroem

    landmarks = min(LANDMARKS, len(main))
    if landmarks < 8:
        return main
    some = main[np.random.default_rng(seed).choice(len(main), min(400, len(main)), replace=False)]
    squares = (some**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None] - 2 * some @ some.T, 0)
    typical = float(np.median(distances[distances > 1e-9])) if (distances > 1e-9).any() else 1.0
    kernel: Any = Nystroem(gamma=1 / typical, n_components=landmarks, random_state=seed)
    near: Rows = kernel.fit_transform(main)
    return np.hstack((main, _even(near - near.mean(axis=0))))


def _even(rows: Rows) -> Rows:
    length = float(np.sqrt((rows**2).sum(axis=1).mean())) if rows.size else 0.0
    return rows / length if length > 1e-9 else rows
