"""Sequences put one after the other into a row: what a forward pass gets, and which of its tokens are learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from loraloom.data.examples.sequences import Sequence as Tokens


@dataclass(frozen=True)
class Row:
    """N tokens of several sequences. `ids` and `positions` [1, N] (positions begin anew in each sequence), `lengths` add up
    to N; `before` [M] are the places whose next token is learned, `targets` [M] those tokens, `owner` [M] the number of the
    sequence that each belongs to."""

    ids: Tensor
    positions: Tensor
    lengths: tuple[int, ...]
    before: Tensor
    targets: Tensor
    owner: Tensor


def pack(sequences: Sequence[Tokens], device: torch.device) -> Row:
    """The row of `sequences`, without padding."""
    ids = np.concatenate([one.ids for one in sequences]).astype(np.int64)
    lengths = tuple(len(one.ids) for one in sequences)
    learned = np.concatenate([one.trained for one in sequences])
    owner = np.repeat(np.arange(len(sequences)), lengths)
    places = np.flatnonzero(learned)  # never the first of a sequence: nothing comes before it
    positions = np.concatenate([np.arange(length) for length in lengths])

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(device)

    return Row(
        ids=tensor(ids)[None],
        positions=tensor(positions)[None],
        lengths=lengths,
        before=tensor(places - 1),
        targets=tensor(ids[places]),
        owner=tensor(owner[places]),
    )
