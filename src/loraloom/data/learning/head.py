"""The light head: a logistic regression on the answers, its held-out predictions, its temperature."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Codes = NDArray[np.int64]

STRENGTH = 50.0
"""Inverse of the regularisation, for rows of length about 1."""
FOLDS = 5
JUDGED = 600
"""Newest answers that held-out predictions are made of: enough to judge by, and quick."""
_LEAST = 1e-4
_CAUTION = 4.0
"""Answers' worth of belief that the head is as sure as it should be."""
_TEMPERATURES = np.geomspace(0.5, 4.0, 25)


def predict(rows: Rows, known: Codes, codes: Codes, classes: int, wanted: Codes | None = None) -> Rows:
    """Probabilities [rows or wanted, classes] from the answers `codes` of the rows `known`."""
    asked = rows if wanted is None else rows[wanted]
    found = np.full((len(asked), classes), _LEAST)
    there = np.unique(codes)
    if len(there) == 1:
        found[:, there[0]] = 1.0
    elif len(there) > 1:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        head: Any = LogisticRegression(C=STRENGTH, max_iter=100, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early it is still a good head
            warnings.filterwarnings("ignore", "The number of unique classes")  # the first answers are all different
            head.fit(rows[known], codes)
        found[:, head.classes_] += head.predict_proba(asked)
    return found / found.sum(axis=1, keepdims=True)


def held_out(rows: Rows, known: Codes, codes: Codes, classes: int) -> tuple[Rows, Codes]:
    """(probabilities, codes) of the newest answers, each predicted from the other folds."""
    known, codes = known[-JUDGED:], codes[-JUDGED:]
    found = np.empty((len(known), classes))
    fold = np.empty(len(known), dtype=np.int64)
    fold[np.argsort(codes, kind="stable")] = np.arange(len(known)) % FOLDS  # each class in every fold
    for number in range(FOLDS):
        out = fold == number
        if out.any():
            found[out] = predict(rows, known[~out], codes[~out], classes, known[out])
    return found, codes


def temperature(found: Rows, codes: Codes) -> float:
    """What probabilities are cooled by so that they say how often they are right (Guo et al. 2017, arXiv:1706.04599).

    Half of it (in logarithms) is taken: answers were asked for where the head was in doubt, and in folds it has fewer of
    them, so that it errs more on them than on the pictures that nobody was asked about.
    """
    rows = np.arange(len(codes))
    losses = [
        -np.log(cooled(found, by)[rows, codes]).sum() + _CAUTION * np.log(by) ** 2 for by in _TEMPERATURES.tolist()
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))]) ** 0.5


def cooled(found: Rows, by: float) -> Rows:
    """`found` [n, classes] at temperature `by`; above 1 they become less sure."""
    raised = np.maximum(found, 1e-12) ** (1 / by)
    return raised / raised.sum(axis=1, keepdims=True)
