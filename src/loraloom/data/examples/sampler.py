"""The order of training on texts: which items make up batch number i. A pure function of the plan, the seed and i."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from loraloom.data.draws import Stream, draws
from loraloom.spec.example import TextPlan

if TYPE_CHECKING:
    import numpy as np


def batch(plan: TextPlan, seed: int, i: int) -> tuple[int, ...]:
    """Indices of the items in batch `i`, counted from 0 over the whole run; may go past its end. Every epoch shows each
    item `plan.repeats` times. Raises IndexError below 0."""
    if i < 0:
        raise IndexError(f"there is no batch {i}")
    epoch, place = divmod(i, plan.batches_per_epoch)
    start = place * plan.batch_size
    order = _order(plan.samples, seed, epoch)[start : start + plan.batch_size]
    return tuple(int(k) % len(plan.lengths) for k in order)


@lru_cache(4)
def _order(samples: int, seed: int, epoch: int) -> np.ndarray:
    """int64 [samples]: one epoch's order, kept for the epoch's other batches."""
    return draws(seed, Stream.ORDER, epoch).permutation(samples)
