"""One run from its folder to its LoRA: load, cache, train (or go on from the newest checkpoint), export."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import yaml

from loraloom.child.asks import STOP, Asks, Interrupted
from loraloom.spec import check
from loraloom.spec.errors import LoomError
from loraloom.spec.event import (
    CheckpointSaved,
    RunFinished,
    RunInterrupted,
    RunStarted,
    StageProgressed,
    StageStarted,
)
from loraloom.spec.lowered import changed, lowered
from loraloom.spec.run import Run
from loraloom.train import checkpoint
from loraloom.train.clock import Clock, told
from loraloom.train.crew import lead
from loraloom.train.device import Memory
from loraloom.train.families import start
from loraloom.train.loop import Loop
from loraloom.train.progress import Log
from loraloom.train.ready import begin, ready
from loraloom.train.task import Setting, Task

Emit = Callable[[Any], None]


def read_run(run_dir: Path) -> Run:
    """The frozen config of a run folder, under what memory forced. Raises LoomError `run_not_found` or `config_invalid`."""
    try:
        run = check.read(yaml.safe_load((run_dir / "run.yaml").read_text("utf-8")))
        return changed(run, lowered(run_dir))
    except OSError as error:
        raise LoomError(
            "run_not_found", f"{run_dir} holds no readable run.yaml.", "Start a run from a config."
        ) from error


def name_of(run_dir: Path) -> str:
    """What the run is called: its folder's name, unless the supervisor shows the folder under another one."""
    return os.environ.get("LORALOOM_RUN") or run_dir.name


def run_child(run_dir: Path, run: Run, emit: Emit, stop: Callable[[], str | None], began: float) -> str | None:
    """Do the run. Returns the signal that ended it early, None when it finished; `began` is the process's start on
    the wall clock. Raises LoomError."""
    try:
        return _carry_out(run_dir, run, emit, Asks(run_dir, stop), began)
    except Interrupted:
        saved = checkpoint.folders(run_dir)
        emit(RunInterrupted(step=checkpoint.step_of(saved[-1]) if saved else 0, signal=STOP))
        return STOP


def _carry_out(run_dir: Path, run: Run, emit: Emit, asks: Asks, began: float) -> str | None:
    device, base, dtype = begin(run)
    with lead(run_dir, run.training.processes, device, asks.look) as (ranks, crew):

        def tell(payload: Any) -> None:
            emit(payload)
            crew.look()

        setting = Setting(run_dir, run, base, device, dtype, emit, tell, crew.look, ranks)
        task = start(run.family)(setting)
        loop, reason = _train(setting, task, asks)
    progress = loop.log.progress
    if reason is not None:
        emit(RunInterrupted(step=progress.step, signal=reason))
        return reason
    _finish(run_dir, task, loop, emit, began)
    return None


def _train(given: Setting, task: Task, asks: Asks) -> tuple[Loop, str | None]:
    """The loop that was run, and why it ended early."""
    loop, writer = _make_loop(given, task, asks)
    given.emit(
        RunStarted(
            run=name_of(given.run_dir),
            family=given.run.family,
            base_model=given.run.base_model,
            device=str(given.device),
            step=loop.log.progress.step,
            total_steps=task.total_steps,
            images=task.items,
            trainable_parameters=sum(parameter.numel() for parameter in task.adapter().values()),
            parameters=task.parameters(),
            pid=os.getpid(),
        )
    )
    try:
        return loop, loop.run()
    finally:
        writer.wait()


def _finish(run_dir: Path, task: Task, loop: Loop, emit: Emit, began: float) -> None:
    progress = loop.log.progress
    emit(StageStarted(stage="exporting", total=1))
    with torch.no_grad():
        file = task.export(progress.step)
    emit(StageProgressed(stage="exporting", done=1, total=1))
    emit(
        RunFinished(
            lora=file.relative_to(run_dir).as_posix(),
            steps=progress.step,
            loss_first=progress.loss_first,
            loss_last=progress.loss_last,
            seconds=time.time() - began,
            seconds_per_step=progress.seconds / progress.step,
            seconds_to_first_step=(loop.log.first_step_at or time.time()) - began,
            peak_memory_bytes=loop.log.memory.read()[1],
            samples=sorted(p.relative_to(run_dir).as_posix() for p in (run_dir / "samples").glob("step-*/[0-9]*")),
        )
    )


def _make_loop(given: Setting, task: Task, asks: Asks) -> tuple[Loop, checkpoint.Writer]:
    """Optimizer, schedule and loop, put back to the newest whole checkpoint if there is one."""
    run_dir, run, device, emit = given.run_dir, given.run, given.device, given.emit
    gradients, progress = ready(given, task)
    updater = gradients.updater
    writer = checkpoint.Writer(run_dir, run.checkpoints)

    def save(reason: Any) -> None:
        step = progress.step
        extra = {"step": step, "position": step * run.training.accumulation, "seed": run.training.seed}
        state = checkpoint.snapshot(task.adapter(), updater, extra | {"progress": asdict(progress)})
        writer.submit(
            state, lambda folder: emit(CheckpointSaved(step=step, folder=f"checkpoints/{folder.name}", reason=reason))
        )

    loop = Loop(
        task=task,
        updater=updater,
        gradients=gradients,
        accumulation=run.training.accumulation,
        log=Log(progress, task.total_steps, str(device), Memory(device), emit, Clock(told(run_dir))),
        save=save,
        stop=asks.reason,
        asked=asks,
        every={
            "validate": run.validation.every_steps,
            "sample": run.sample.every_steps,
            "checkpoint": run.checkpoints.every_steps,
            "minutes": run.checkpoints.every_minutes,
        },
        patience=run.validation.patience,
    )
    return loop, writer
