"""What a plan of texts means for time and memory: how many tokens go through the model at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from loraloom.data.draws import Stream, draws
from loraloom.forecast.tape import Texts
from loraloom.spec.example import TextPlan
from loraloom.spec.text import TextRun

MOST_LOOKED_AT = 500_000
"""Items of a run that are dealt into batches to find the fullest; about 20 ms."""


@dataclass(frozen=True, eq=False)
class TextSize:
    """What of a plan matters here. `lengths` and `trained` are tokens of each item (the two answers of a preference count
    together); `held_out` those of what validation looks at. Compared by identity: it may hold many numbers."""

    steps: int
    batches: int
    repeats: int
    lengths: tuple[int, ...]
    trained: tuple[int, ...]
    held_out: tuple[int, ...]
    preference: bool
    seed: int

    @property
    def samples(self) -> int:
        """What one epoch shows."""
        return len(self.lengths) * self.repeats

    @property
    def texts(self) -> int:
        """Texts in an item."""
        return 2 if self.preference else 1


def size_of(plan: TextPlan, run: TextRun) -> TextSize:
    """The size of `plan`, which is the one of `run`."""
    return TextSize(
        steps=plan.total_steps,
        batches=plan.total_batches,
        repeats=plan.repeats,
        lengths=plan.lengths,
        trained=plan.trained,
        held_out=plan.held_out_lengths,
        preference=plan.preference,
        seed=run.training.seed,
    )


def items_at_once(run: TextRun, size: TextSize) -> int:
    """Items that a process computes at once."""
    return max(1, run.training.at_once(min(run.training.batch_size, size.samples)))


def calls(run: TextRun, size: TextSize) -> int:
    """Passes there and back of a process for a whole batch."""
    return run.training.passes(min(run.training.batch_size, size.samples))


def fullest(size: TextSize, batch: int, many: int) -> Texts:
    """The `many` items with most tokens that a run with batches of `batch` computes at once."""
    items = fullest_items(size, batch, many)
    lengths = [size.lengths[item] for item in items]
    return Texts(
        tokens=sum(lengths),
        trained=sum(size.trained[item] for item in items),
        documents=len(items) * size.texts,
        squares=sum(length * length for length in lengths) // size.texts,
    )


@lru_cache(64)
def fullest_items(size: TextSize, batch: int, many: int) -> tuple[int, ...]:
    """The indices of these, dealt out as `data.examples.sampler` deals them; of a very long run the beginning is looked
    at."""
    import numpy as np

    lengths = np.asarray(size.lengths, dtype=np.int64)
    first = np.arange(0, size.samples, batch)
    starts = np.unique(np.concatenate([first + part for part in range(0, batch, many)]))
    starts = starts[starts < size.samples]
    ends = np.append(starts[1:], size.samples)
    batches = np.searchsorted(first, starts, side="right")  # of an epoch, up to each part
    most, best = -1, lengths[:0]
    for epoch in range(max(1, min(ceil(size.batches / len(first)), MOST_LOOKED_AT // size.samples))):
        items = draws(size.seed, Stream.ORDER, epoch).permutation(size.samples) % len(lengths)
        sums = np.add.reduceat(lengths[items], starts)
        sums[batches > size.batches - epoch * len(first)] = 0  # after the run's end
        index = int(sums.argmax())
        if sums[index] > most:
            most, best = int(sums[index]), items[starts[index] : ends[index]]
    return tuple(int(item) for item in best)


@lru_cache(64)
def middling(size: TextSize, many: int) -> Texts:
    """The mean of `many` items that are computed at once."""
    count = len(size.lengths)
    squares = sum(length * length for length in size.lengths) / size.texts
    return Texts(
        tokens=max(1, round(many * sum(size.lengths) / count)),
        trained=max(1, round(many * sum(size.trained) / count)),
        documents=many * size.texts,
        squares=max(1, round(many * squares / count)),
    )
