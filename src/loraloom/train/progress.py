"""Where a run is, and what it says of each step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from loraloom.spec.event import StepLogged, WarningRaised
from loraloom.train.clock import Clock
from loraloom.train.device import Memory

SETTLED = 20
"""Steps after which the smoothed loss means something."""
EXPLODED = 5.0
"""A smoothed loss this many times the best one is said to explode."""


@dataclass
class Progress:
    """Counts that every checkpoint holds."""

    step: int = 0
    loss_first: float = math.nan
    loss_last: float = math.nan
    loss_smoothed: float = math.nan
    loss_best: float = math.inf
    seconds: float = 0.0
    warned: bool = False
    held_best: float = math.inf
    """Lowest loss on what is held out, at step `held_best_step`; `held_waited` measurements since then were no better."""
    held_best_step: int = 0
    held_waited: int = 0
    ended: bool = False
    """Whether nothing better was to be expected before the last step."""

    def add(self, loss: float, seconds: float) -> None:
        """Count one step."""
        self.step += 1
        self.loss_first = loss if math.isnan(self.loss_first) else self.loss_first
        self.loss_smoothed = loss if math.isnan(self.loss_smoothed) else 0.95 * self.loss_smoothed + 0.05 * loss
        self.loss_last = loss
        self.seconds += seconds
        if self.step > SETTLED:
            self.loss_best = min(self.loss_best, self.loss_smoothed)


@dataclass
class Log:
    """Says each step to `emit`, with time left and memory; warns once when the loss explodes."""

    progress: Progress
    total_steps: int
    device: str
    memory: Memory
    emit: Callable[[Any], None]
    clock: Clock = field(default_factory=Clock)
    first_step_at: float | None = None
    """Wall clock, seconds; None before the first step of this child."""

    def step(self, loss: float, norm: float, seconds: float, lr: float, epoch: int) -> None:
        """Count one step and say it."""
        p = self.progress
        self.first_step_at = self.first_step_at or time.time()
        p.add(loss, seconds)
        self.clock.add(seconds)
        eta, low, high = self.clock.left(self.total_steps - p.step)
        now, peak = self.memory.read()
        self.emit(
            StepLogged(
                step=p.step,
                total_steps=self.total_steps,
                epoch=epoch,
                loss=loss,
                smoothed_loss=p.loss_smoothed,
                lr=lr,
                step_seconds=seconds,
                eta_seconds=eta,
                eta_low_seconds=low,
                eta_high_seconds=high,
                memory_bytes=now,
                peak_memory_bytes=peak,
                device=self.device,
                grad_norm=norm,
            )
        )
        if not p.warned and p.loss_smoothed > EXPLODED * p.loss_best:
            p.warned = True
            self.emit(
                WarningRaised(
                    code="loss_exploding",
                    message=f"The loss rose from {p.loss_best:.3g} to {p.loss_smoothed:.3g} by step {p.step}.",
                    hint="The learning rate is probably too high; earlier checkpoints are kept by the rules you set.",
                )
            )

    def held(self, loss: float, patience: int | None) -> None:
        """Count one measurement of what is held out; says so when `patience` of them were no better (early stopping)."""
        p = self.progress
        if loss < p.held_best:
            p.held_best, p.held_best_step, p.held_waited = loss, p.step, 0
            return
        p.held_waited += 1
        if patience is not None and p.held_waited >= patience and p.step < self.total_steps:
            p.ended = True
            self.emit(
                WarningRaised(
                    code="ended_early",
                    message=f"The loss on what is held out has not fallen since step {p.held_best_step}: the run ends at "
                    f"step {p.step} of {self.total_steps}.",
                    hint="Checkpoints of earlier steps can be exported where one is better.",
                )
            )
