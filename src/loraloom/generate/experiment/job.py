"""One experiment from its folder to its measures: cells that are there are not made again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml
from pydantic import ValidationError

from loraloom.child.asks import Asks
from loraloom.generate.experiment.record import Record
from loraloom.spec.errors import LoomError
from loraloom.spec.event import ExperimentFinished, RunInterrupted, StageProgressed, StageStarted, WarningRaised
from loraloom.spec.experiment import JOB, Column, ExperimentJob, cells, columns

Emit = Callable[[Any], None]


class Stopped(Exception):
    """A stop was asked for between two pictures."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Work:
    """What the makers of cells share. `failed` counts cells, `problem` is the last reason."""

    run_dir: Path
    job: ExperimentJob
    record: Record
    emit: Emit
    asks: Asks
    columns: list[Column]
    total: int
    failed: int = 0
    problem: LoomError | None = None
    warned: set[str] = field(default_factory=set[str])

    def look(self) -> None:
        """Raises Stopped when a stop was asked for."""
        reason = self.asks.reason()
        if reason is not None:
            self.stop(reason)

    def stop(self, reason: str) -> NoReturn:
        """Raises Stopped."""
        raise Stopped(reason)

    def progressed(self) -> None:
        """Say how many cells are behind."""
        done = len(self.record.done) + self.failed
        self.emit(StageProgressed(stage="comparing", done=done, total=self.total))

    def fail(self, count: int, error: LoomError) -> None:
        """Count cells that cannot be made, and say why, once for each reason."""
        self.failed += count
        self.problem = error
        self.warn(error.code, error.message, error.hint)

    def warn(self, code: str, message: str, hint: str = "") -> None:
        """Say something, once."""
        if message not in self.warned:
            self.warned.add(message)
            self.emit(WarningRaised(code=code, message=message, hint=hint))

    def name(self, candidate: int) -> str:
        """What people call a candidate."""
        return self.job.experiment.candidates[candidate].label or f"candidate {candidate + 1}"

    def there(self, candidate: int) -> bool:
        """Whether it was not left out."""
        return not (self.job.left_out and self.job.left_out[candidate])


def read_job(run_dir: Path) -> ExperimentJob:
    """The frozen job of a run folder. Raises LoomError `run_not_found` or `config_invalid`."""
    try:
        return ExperimentJob.model_validate(yaml.safe_load((run_dir / JOB).read_text("utf-8")))
    except OSError as error:
        raise LoomError("run_not_found", f"{run_dir} holds no readable {JOB}.", "Start an experiment anew.") from error
    except (ValidationError, yaml.YAMLError) as error:
        raise LoomError("config_invalid", f"{JOB} is not an experiment: {error}", "Start a new one.") from error


def run_job(run_dir: Path, job: ExperimentJob, emit: Emit, stop: Callable[[], str | None], began: float) -> str | None:
    """Make the cells that are missing, then measure. Returns the signal that ended it early, None when it finished. Raises
    LoomError: that of the last cell when none could be made."""
    emit(StageStarted(stage="loading", total=1))
    from loraloom.generate.quiet import quiet

    quiet()
    with Record(run_dir) as record:
        work = Work(
            run_dir, job, record, emit, Asks(run_dir, stop), columns(job.experiment), len(cells(job.experiment))
        )
        for number, why in enumerate(job.left_out):
            if why:
                work.warn("run_not_ready", f"{work.name(number)} was left out: {why}")
        emit(StageProgressed(stage="loading", done=1, total=1))
        try:
            _make(work)
        except Stopped as stopped:
            emit(RunInterrupted(step=len(record.done), signal=stopped.reason))
            return stopped.reason
        emit(ExperimentFinished(cells=len(record.done), seconds=round(time.time() - began, 3), failed=work.failed))
    return None


def _make(work: Work) -> None:
    """Cells, then measures."""
    work.emit(StageStarted(stage="comparing", total=work.total))
    work.progressed()
    if work.job.experiment.kind == "texts":
        from loraloom.generate.experiment.answers import answer_all as make
    else:
        from loraloom.generate.experiment.pictures import draw_all as make

    measure = make(work)
    if not work.record.done:
        raise work.problem or LoomError("lora_not_found", "There is nothing left to compare.", "Choose other LoRAs.")
    if work.job.experiment.measure:
        measure()
