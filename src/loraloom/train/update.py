"""One optimizer step: loss scaling, clipping, the optimizer, the learning rate's course, the average of the weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from loraloom.spec.errors import LoomError
from loraloom.train.adapters import Ema


@dataclass
class Updater:
    """Moves the trainable weights. `scaler` is there for fp16 alone, `ema` where an average is kept."""

    optimizer: Any
    scheduler: Any
    max_grad_norm: float
    scaler: Any = None
    ema: Ema | None = None
    _trained: list[Tensor] | None = None

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Everything that trains."""
        return [parameter for group in self.optimizer.param_groups for parameter in group["params"]]

    @property
    def lr(self) -> float:
        """Learning rate of the first group at the next step."""
        return float(self.scheduler.get_last_lr()[0])

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of `loss`."""
        (self.scaler.scale(loss) if self.scaler else loss).backward()

    def step(self, number: int) -> float:
        """Apply what was added, as step `number` (from 1); returns the gradients' norm before clipping.

        Raises LoomError `loss_not_finite`; with a scaler such a step is skipped and the scale lowered instead.
        """
        if self.scaler:
            self.scaler.unscale_(self.optimizer)
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, self.max_grad_norm or math.inf))
        if self.scaler:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        else:
            check_finite("gradient", norm, number)
            self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.ema:
            self.ema.update(number)
        return norm

    def mode(self, training: bool) -> None:
        """Schedule-free optimizers train other weights than those for use; an average takes their place meanwhile.
        Back in training every weight is what it was, to the last bit: a look at the run leaves no trace."""
        if self.ema and training:
            self.ema.show(False)
        if hasattr(self.optimizer, "eval"):
            self._swap(training)
        if self.ema and not training:
            self.ema.show(True)

    @torch.no_grad()
    def _swap(self, training: bool) -> None:
        if not training and self._trained is None:
            self._trained = [parameter.detach().clone() for parameter in self.parameters]
        (self.optimizer.train if training else self.optimizer.eval)()
        if training and self._trained is not None:  # the way there and back rounds
            for parameter, before in zip(self.parameters, self._trained, strict=True):
                parameter.copy_(before)
            self._trained = None


def check_finite(what: str, value: float, number: int) -> float:
    """`value`, or LoomError `loss_not_finite`."""
    if math.isfinite(value):
        return value
    raise LoomError(
        "loss_not_finite",
        f"The {what} is no longer a number at step {number}: training diverged.",
        "Lower optimizer.learning_rate (try a third) or set training.precision to fp32; the last checkpoint is kept.",
    )
