"""The training loop, one for every family; it reads in one sitting. What it needs to know of the model is in `Task`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from loraloom.spec.errors import LoomError
from loraloom.spec.event import StageStarted, ValidationLogged
from loraloom.train.adapters import Ema
from loraloom.train.optimizers import set_mode
from loraloom.train.progress import Log
from loraloom.train.task import Task


@dataclass
class Loop:
    """One run. `save(reason)` writes a checkpoint, `stop()` says why to end early, `every` holds intervals in steps
    (validate, sample, checkpoint) and minutes (minutes)."""

    task: Task
    optimizer: Any
    scheduler: Any
    total_batches: int
    accumulation: int
    seed: int
    max_grad_norm: float
    device: torch.device
    autocast: torch.dtype | None
    scaler: Any
    ema: Ema | None
    log: Log
    save: Callable[[str], None]
    stop: Callable[[], str | None]
    every: dict[str, float | None]

    def run(self) -> str | None:
        """Train to the end (None) or until `stop` gives a reason. Raises LoomError `loss_not_finite`."""
        progress, total_steps = self.log.progress, self.log.total_steps
        if progress.step == 0:
            self._aside(lambda: self.task.sample(0))
        self.log.emit(StageStarted(stage="training", total=total_steps))
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self._mode(training=True)
        saved_at = time.monotonic()
        while progress.step < total_steps:
            if reason := self.stop():
                self.save("interrupted")
                return reason
            began = time.monotonic()
            loss, norm = self._step(progress.step, parameters)
            lr = float(self.scheduler.get_last_lr()[0])
            epoch = self.task.epoch(progress.step * self.accumulation)
            self.log.step(loss, norm, time.monotonic() - began, lr, epoch)
            last = progress.step == total_steps
            if last or self._due("validate"):
                self._aside(self._validate)
            if last or self._due("sample"):
                self._aside(lambda: self.task.sample(progress.step))
            minutes = self.every["minutes"]
            if last or self._due("checkpoint") or (minutes and time.monotonic() - saved_at > minutes * 60):
                self.save("end" if last else "steps" if self._due("checkpoint") else "minutes")
                saved_at = time.monotonic()
        return None

    def _step(self, step: int, parameters: list[torch.nn.Parameter]) -> tuple[float, float]:
        """One optimizer step over its batches, each weighed by what it holds: (loss, gradient norm)."""
        first = step * self.accumulation
        batches = range(first, min(first + self.accumulation, self.total_batches))
        whole = sum(self.task.weight(i) for i in batches)
        total = torch.zeros((), device=self.device)
        for i in batches:
            torch.manual_seed(
                self.seed * 1_000_003 + i
            )  # dropout depends on the place in the run, not on the way there
            with torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None):
                loss = self.task.loss(i) * (self.task.weight(i) / whole)
            (self.scaler.scale(loss) if self.scaler else loss).backward()
            total += loss.detach()
        loss_value = _finite("loss", float(total), step)
        if self.scaler:
            self.scaler.unscale_(self.optimizer)
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, self.max_grad_norm or math.inf))
        if self.scaler:  # it skips a step whose scaled gradients overflowed
            self.scaler.step(self.optimizer)
            self.scaler.update()
        else:
            _finite("gradient", norm, step)
            self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.ema:
            self.ema.update(step + 1)
        return loss_value, norm

    def _validate(self) -> None:
        loss = self.task.validation_loss()
        if loss is not None:
            self.log.emit(ValidationLogged(step=self.log.progress.step, loss=loss))

    def _due(self, what: str) -> bool:
        every = self.every[what]
        return every is not None and self.log.progress.step % int(every) == 0

    def _aside(self, work: Callable[[], None]) -> None:
        """Do something with the weights as they will be used (averaged, for use), then go on."""
        self.use()
        with torch.no_grad():
            work()
        if self.ema:
            self.ema.swap()
        self._mode(training=True)

    def use(self) -> None:
        """Put the weights into the state in which they will be used: no dropout, averaged."""
        self._mode(training=False)
        if self.ema:
            self.ema.swap()

    def _mode(self, training: bool) -> None:
        set_mode(self.optimizer, "train" if training else "eval")
        self.task.mode(training)


def _finite(what: str, value: float, step: int) -> float:
    if math.isfinite(value):
        return value
    raise LoomError(
        "loss_not_finite",
        f"The {what} is no longer a number at step {step + 1}: training diverged.",
        "Lower optimizer.learning_rate (try a third) or set training.precision to fp32; the last checkpoint is kept.",
    )
