"""The training loop, one for every family; it reads in one sitting. What it needs to know of the model is in `Task`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from loraloom.child.work import is_memory
from loraloom.spec.event import StageStarted, ValidationLogged
from loraloom.train.gradients import Gradients
from loraloom.train.progress import Log
from loraloom.train.task import Task
from loraloom.train.update import Updater, check_finite


@dataclass
class Loop:
    """One run. `save(reason)` writes a checkpoint, `stop()` says why to end early, `asked(verb)` whether the person wants
    a sample or a checkpoint now; `every` holds intervals in steps (validate, sample, checkpoint) and minutes (minutes)."""

    task: Task
    updater: Updater
    gradients: Gradients
    accumulation: int
    log: Log
    save: Callable[[str], None]
    stop: Callable[[], str | None]
    asked: Callable[[str], bool]
    every: dict[str, float | None]
    patience: int | None = None
    """Measurements without a better one after which the run ends; None: never."""

    def run(self) -> str | None:
        """Train to the end (None) or until `stop` gives a reason; the weights are then as they will be used.

        Raises LoomError `loss_not_finite`.
        """
        progress, total_steps = self.log.progress, self.log.total_steps
        self.log.emit(StageStarted(stage="training", total=total_steps))
        self._mode(training=True)
        saved_at = time.monotonic()
        while progress.step < total_steps and not progress.ended:
            if reason := self.stop():
                self.save("interrupted")
                return reason
            began, lr = time.monotonic(), self.updater.lr
            epoch = self.task.epoch(progress.step * self.accumulation)
            loss, norm = self._step(progress.step)
            self.log.step(loss, norm, time.monotonic() - began, lr, epoch)
            if progress.step == 1:  # what the base draws waits for the first loss, which people wait for
                self._aside(lambda: self.task.sample(0))
            if progress.step == total_steps or self._due("validate"):
                self._aside(self._validate)
            last = progress.step == total_steps or progress.ended
            if self.asked("sample") or last or self._due("sample"):
                self._aside(lambda: self.task.sample(progress.step))
            minutes = self.every["minutes"]
            late = minutes is not None and time.monotonic() - saved_at > minutes * 60
            asked = self.asked("checkpoint")
            if asked or last or late or self._due("checkpoint"):
                self.save("end" if last else "minutes" if late else "asked" if asked else "steps")
                saved_at = time.monotonic()
        self._mode(training=False)
        return None

    def _step(self, step: int) -> tuple[float, float]:
        """One optimizer step over its batches, in all processes that share them: (loss, gradient norm)."""
        try:
            self.gradients.ranks.say(step)
            loss = self.gradients(step)
        except Exception as error:
            if step and is_memory(error):  # nothing has moved the weights: they are those of the step before
                self.save("memory")
            raise
        return check_finite("loss", loss, step + 1), self.updater.step(step + 1)

    def _validate(self) -> None:
        held = self.task.validate()
        if held is None:
            return
        progress = self.log.progress
        self.log.emit(ValidationLogged(step=progress.step, loss=held.loss, perplexity=held.perplexity))
        self.log.held(held.loss, self.patience)

    def _due(self, what: str) -> bool:
        every = self.every[what]
        return every is not None and self.log.progress.step % int(every) == 0

    def _aside(self, work: Callable[[], None]) -> None:
        """Do something with the weights as they will be used, then go on training."""
        self._mode(training=False)
        with torch.no_grad():
            work()
        self._mode(training=True)

    def _mode(self, training: bool) -> None:
        """For training, or for use: no dropout, averaged weights."""
        self.updater.mode(training)
        self.task.mode(training)
