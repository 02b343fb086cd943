"""The order of training: which pictures make up batch number i. A pure function of the plan, the seed and i."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loraloom.data.draws import Stream, draws
from loraloom.spec.dataset import Plan

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures of one size. `images` are indices into `Plan.images`; `size` is (width, height) in pixels."""

    images: tuple[int, ...]
    flips: tuple[bool, ...]
    variants: tuple[int, ...]
    size: tuple[int, int]
    epoch: int


class BatchSampler:
    """Batches of a whole run by position. Its only state is the position, so resuming is asking for the next number.

    Every epoch shows each picture exactly `repeats` times, in an order drawn from the seed and the epoch.
    """

    def __init__(self, plan: Plan, seed: int) -> None:
        self._plan = plan
        self._seed = seed
        self._epoch = -1
        self._order: list[tuple[tuple[int, int], tuple[int, ...]]] = []
        self._pools = _pools(plan)

    def __len__(self) -> int:
        """Batches in the whole run."""
        return self._plan.total_batches

    def __iter__(self) -> Iterator[Batch]:
        return (self.batch(i) for i in range(len(self)))

    def batch(self, i: int) -> Batch:
        """Batch number `i`, counted from 0 over the whole run. Raises IndexError below 0; may go past the end."""
        if i < 0:
            raise IndexError(f"there is no batch {i}")
        epoch, place = divmod(i, self._plan.batches_per_epoch)
        if epoch != self._epoch:
            self._order, self._epoch = self._draw_order(epoch), epoch
        size, images = self._order[place]
        return Batch(images, self._flips(i, len(images)), self._variants(i, len(images)), size, epoch)

    def caption_draws(self, i: int) -> np.random.Generator:
        """Where the captions of batch `i` are drawn from, picture after picture in the batch's order."""
        return draws(self._seed, Stream.CAPTION, i)

    def _draw_order(self, epoch: int) -> list[tuple[tuple[int, int], tuple[int, ...]]]:
        rng = draws(self._seed, Stream.ORDER, epoch)
        batches: list[tuple[tuple[int, int], tuple[int, ...]]] = []
        for size, pool in self._pools:
            shuffled = [pool[int(k)] for k in rng.permutation(len(pool))]
            step = self._plan.batch_size
            batches += [(size, tuple(shuffled[start : start + step])) for start in range(0, len(shuffled), step)]
        return [batches[int(k)] for k in rng.permutation(len(batches))]

    def _flips(self, i: int, count: int) -> tuple[bool, ...]:
        if not self._plan.flip:
            return (False,) * count
        return tuple(bool(x < 0.5) for x in draws(self._seed, Stream.FLIP, i).random(count))

    def _variants(self, i: int, count: int) -> tuple[int, ...]:
        if self._plan.variants <= 1:
            return (0,) * count
        return tuple(int(x) for x in draws(self._seed, Stream.VARIANT, i).integers(self._plan.variants, size=count))


def _pools(plan: Plan) -> list[tuple[tuple[int, int], list[int]]]:
    """Per bucket, in the plan's order, the index of each picture as often as it repeats."""
    pools: dict[tuple[int, int], list[int]] = {(bucket.width, bucket.height): [] for bucket in plan.buckets}
    for index, image in enumerate(plan.images):
        pools[plan.sizes[image.name]] += [index] * image.repeats
    return list(pools.items())
