"""The gradients of one step: over its batches, the parts of each, and the processes that share them."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

import torch
from torch import Tensor

from loraloom.child.work import is_memory
from loraloom.train.ranks import Ranks
from loraloom.train.task import Task
from loraloom.train.update import Updater

APART = 15_485_863
"""Between the seeds of two parts: a prime, and far more than a run has batches."""


@dataclass
class Gradients:
    """Call it with a step, from 0: it adds up the step's gradients and returns its loss, the same in every process."""

    task: Task
    updater: Updater
    ranks: Ranks
    total_batches: int
    accumulation: int
    seed: int
    device: torch.device
    autocast: torch.dtype | None

    def __call__(self, step: int) -> float:
        """Raises what went wrong here, or in another process."""
        failed: Exception | None = None
        loss = torch.zeros((), device=self.device)
        try:
            loss = self._own(step)
        except Exception as error:
            if is_memory(error):
                traceback.clear_frames(error.__traceback__)  # they hold what there was no room for
            failed = error
        return self.ranks.add_up(self.updater.parameters, loss, failed)

    def _own(self, step: int) -> Tensor:
        """What this process adds to the loss []; each batch is weighed by what it holds."""
        first = step * self.accumulation
        batches = range(first, min(first + self.accumulation, self.total_batches))
        whole = sum(self.task.weight(i) for i in batches)
        total = torch.zeros((), device=self.device)
        pieces = [(i, part) for i in batches for part in range(self.task.parts(i))]
        for number, (i, part) in enumerate(pieces):
            if not self.ranks.takes(number):
                continue
            # dropout depends on the place in the run, not on the way there, nor on who computes it
            torch.manual_seed(self.seed * 1_000_003 + i + part * APART)
            with torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None):
                loss = self.task.loss(i, part) * (self.task.weight(i) / whole)
            self.updater.backward(loss)
            total += loss.detach()
        return total
