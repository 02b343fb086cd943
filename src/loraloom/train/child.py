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
from loraloom.models.resolve import resolve
from loraloom.spec import check
from loraloom.spec.errors import LoomError
from loraloom.spec.event import (
    CheckpointSaved,
    RunFinished,
    RunInterrupted,
    RunStarted,
    StageProgressed,
    StageStarted,
    WarningRaised,
)
from loraloom.spec.lowered import changed, lowered
from loraloom.spec.run import Run
from loraloom.train import checkpoint
from loraloom.train.adapters import Ema
from loraloom.train.clock import Clock, told
from loraloom.train.device import Memory, base_bytes, choose_device, choose_dtype, limit_card
from loraloom.train.families import start
from loraloom.train.loop import Loop
from loraloom.train.optimizers import create_optimizer, create_scheduler
from loraloom.train.progress import Log, Progress
from loraloom.train.task import Setting, Task
from loraloom.train.update import Updater

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
    def tell(payload: Any) -> None:  # up to the first step: stopping loses nothing then
        emit(payload)
        asks.look()

    if run.training.threads:
        torch.set_num_threads(run.training.threads)
    device = choose_device(run.training.device)
    limit_card(device)
    base = resolve(run.base_model)
    dtype = choose_dtype(run.training.precision, device, base_bytes(base.path))
    task = start(run.family)(Setting(run_dir, run, base, device, dtype, emit, tell, asks.look))
    loop, writer = _make_loop(run_dir, run, task, device, dtype, emit, asks)
    progress = loop.log.progress
    emit(
        RunStarted(
            run=name_of(run_dir),
            family=run.family,
            base_model=run.base_model,
            device=str(device),
            step=progress.step,
            total_steps=task.total_steps,
            images=task.items,
            trainable_parameters=sum(parameter.numel() for parameter in task.adapter().values()),
            parameters=task.parameters(),
            pid=os.getpid(),
        )
    )
    try:
        reason = loop.run()
    finally:
        writer.wait()
    if reason is not None:
        emit(RunInterrupted(step=progress.step, signal=reason))
        return reason
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
    return None


def _make_loop(
    run_dir: Path,
    run: Run,
    task: Task,
    device: torch.device,
    dtype: torch.dtype,
    emit: Emit,
    asks: Asks,
) -> tuple[Loop, checkpoint.Writer]:
    """Optimizer, schedule and loop, put back to the newest whole checkpoint if there is one."""
    optimizer = create_optimizer(run.optimizer, task.groups(), device)
    updater = Updater(
        optimizer=optimizer,
        scheduler=create_scheduler(run.optimizer, optimizer, task.total_steps),
        max_grad_norm=run.training.max_grad_norm,
        scaler=torch.amp.GradScaler() if dtype == torch.float16 else None,
    )
    if run.training.ema:
        updater.ema = Ema(updater.parameters, run.training.ema)
    writer = checkpoint.Writer(run_dir, run.checkpoints)
    progress = Progress()
    state = _newest(run_dir, emit)
    if state is not None:
        checkpoint.restore(state, task.adapter(), updater)
        progress = Progress(**state["progress"])

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
        total_batches=task.total_batches,
        accumulation=run.training.accumulation,
        seed=run.training.seed,
        device=device,
        autocast=dtype if dtype != torch.float32 else None,
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


def _newest(run_dir: Path, emit: Emit) -> checkpoint.State | None:
    """The newest checkpoint that can be read; one that cannot is said and passed over."""
    for folder in reversed(checkpoint.folders(run_dir)):
        try:
            return checkpoint.read(folder)
        except LoomError as error:
            emit(WarningRaised(code=error.code, message=error.message, hint=error.hint))
    return None
