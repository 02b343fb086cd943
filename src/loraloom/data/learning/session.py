"""One labelling of a set: answers so far, proposals for the rest, the queue, and how much is left to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loraloom.data.learning.asking import by_doubt, by_spread
from loraloom.data.learning.features import directions, features
from loraloom.data.learning.head import Codes, Rows, cooled, held_out, predict, temperature
from loraloom.data.learning.worth import expected, remaining

GOAL = 0.95
"""Share of labels that should agree before it is no longer worth answering."""


@dataclass(frozen=True)
class _State:
    """What follows from the answers. `sure` [n, labels + 1] has a last column for `none of them`."""

    sure: Rows
    left: NDArray[np.int64]
    agreement: float
    worth: int


class Session:
    """Labels for `len(embeddings)` pictures.

    `embeddings` [n, d] are floats of any scale. `prior` [n, labels] are probabilities of zero-shot labelling, or None.
    `answers` maps a picture to its label, or to None where none fits; the order counts, newest last. Answers with a label
    that is not in `labels`, or for no picture, are left out, so that they are asked again. Not for several threads.
    """

    def __init__(
        self,
        labels: Sequence[str],
        embeddings: NDArray[np.floating],
        prior: NDArray[np.floating] | None = None,
        answers: Mapping[int, str | None] | None = None,
        *,
        goal: float = GOAL,
        seed: int = 0,
    ) -> None:
        self.labels = tuple(labels)
        self._codes = {label: code for code, label in enumerate(self.labels)} | {None: len(self.labels)}
        self._goal, self._seed = goal, seed
        self._main = directions(embeddings)
        self._prior = None if prior is None else _shares(prior)
        self._rows = features(self._main, seed)
        if self._prior is not None:
            logs = np.log(np.maximum(self._prior, 1e-4))
            logs -= logs.mean(axis=1, keepdims=True)
            self._rows = np.hstack((self._rows, logs / max(1e-9, float(np.sqrt((logs**2).sum(axis=1).mean())))))
        self.answers: dict[int, str | None] = {}
        for index, label in (answers or {}).items():
            if 0 <= index < len(self._main) and label in self._codes:
                self.answers[index] = label
        self._state: _State | None = None

    def answer(self, index: int, label: str | None) -> None:
        """Take an answer, the newest now. Raises KeyError for a label that is none, IndexError for no picture."""
        if not 0 <= index < len(self._main):
            raise IndexError(index)
        if label not in self._codes:
            raise KeyError(label)
        self.answers.pop(index, None)
        self.answers[index] = label
        self._state = None

    def forget(self, index: int) -> None:
        """Take an answer back; it is fine if there is none."""
        self.answers.pop(index, None)
        self._state = None

    def proposals(self) -> Rows:
        """Probabilities [n, labels]; an answered picture has 1 for its label. What a row lacks to 1 is that none fits."""
        return self._known().sure[:, : len(self.labels)].copy()

    def queue(self, count: int = 20) -> list[int]:
        """The next pictures to ask about, the one that teaches most first: spread over the set, then where doubt is."""
        state, answered = self._known(), list(self.answers)
        if not len(state.left):
            return []
        missing, first = self._seeds() - len(answered), list[int]()
        if missing > 0:
            first = by_spread(self._main, self._seeds(), answered, self._seed)[:missing]
        if len(first) >= count:
            return first[:count]
        left = state.left[~np.isin(state.left, first)]
        return first + by_doubt(state.sure, self._main, left, count - len(first))

    def worth(self) -> int:
        """How many more answers are worth giving: until about 95 % of the labels agree with what the person would say.

        An estimate from held-out answers; 0 means that the proposals can be applied.
        """
        return self._known().worth

    def agreement(self) -> float:
        """Share of all labels, given answers among them, that is expected to agree if the proposals are applied now."""
        return self._known().agreement

    def _seeds(self) -> int:
        """Answers spread over the set before doubt leads."""
        return min(len(self._main), max(10, len(self.labels)))

    def _known(self) -> _State:
        if self._state is None:
            self._state = self._fit()
        return self._state

    def _fit(self) -> _State:
        total, count = len(self._main), len(self.labels)
        known: Codes = np.fromiter(self.answers, dtype=np.int64, count=len(self.answers))
        codes: Codes = np.array([self._codes[label] for label in self.answers.values()], dtype=np.int64)
        sure = self._beforehand(total, count)
        if len(known):
            trusted = len(known) / (len(known) + count) if self._prior is not None else 1.0
            found = predict(self._rows, known, codes, count + 1)
            judged, truth = held_out(self._rows, known, codes, count + 1)
            before = sure[known[-len(truth) :]]
            by = temperature(trusted * judged + (1 - trusted) * before, truth) if len(known) >= 2 else 1.0
            sure = cooled(trusted * found + (1 - trusted) * sure, by)
        left = np.setdiff1d(np.arange(total), known)
        sure[known] = 0
        sure[known, codes] = 1
        errors = 1 - sure[left].max(axis=1, initial=0)
        worth = remaining(errors, len(known) + count, total, self._goal)
        worth = max(worth, min(len(left), self._seeds() - len(known)))
        return _State(sure, left, expected(errors, total), worth)

    def _beforehand(self, total: int, count: int) -> Rows:
        """Probabilities before any answer."""
        sure = np.full((total, count + 1), 1 / max(1, count))
        if self._prior is not None:
            sure[:, :count] = self._prior
        sure[:, count] = 1e-3
        return sure / sure.sum(axis=1, keepdims=True)


def _shares(prior: NDArray[np.floating]) -> Rows:
    """Rows that sum to 1; a row of zeros says nothing and becomes even."""
    found = np.maximum(np.nan_to_num(np.asarray(prior, dtype=np.float64)), 0) + 1e-9
    return found / found.sum(axis=1, keepdims=True)
