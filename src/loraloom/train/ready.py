"""What every process of a run does alike before the first step: device, number format, optimizer, the newest checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from loraloom.models.resolve import BaseModel, resolve
from loraloom.spec.errors import LoomError
from loraloom.spec.event import WarningRaised
from loraloom.spec.run import Run
from loraloom.train import checkpoint
from loraloom.train.adapters import Ema
from loraloom.train.device import base_bytes, choose_device, choose_dtype, device_of, limit_card
from loraloom.train.gradients import Gradients
from loraloom.train.optimizers import create_optimizer, create_scheduler
from loraloom.train.progress import Progress
from loraloom.train.task import Setting, Task
from loraloom.train.update import Updater


def begin(run: Run, number: int = 0) -> tuple[torch.device, BaseModel, torch.dtype]:
    """Where process `number` computes, what is adapted, and in which number format; CPU threads are divided among them.

    Raises LoomError `device_unavailable`, `config_invalid`, and those of `resolve`.
    """
    processes = run.training.processes
    if run.training.threads or processes > 1:
        torch.set_num_threads(max(1, (run.training.threads or torch.get_num_threads()) // processes))
    device = device_of(choose_device(run.training.device), number, processes)
    if processes > 1 and device.type == "cuda":
        torch.cuda.set_device(device)
    limit_card(device)
    base = resolve(run.base_model)
    return device, base, choose_dtype(run.training.precision, device, base_bytes(base.path))


def ready(given: Setting, task: Task) -> tuple[Gradients, Progress]:
    """What the steps are made with, put back to the newest whole checkpoint if there is one, and where that is."""
    run, device, dtype = given.run, given.device, given.dtype
    optimizer = create_optimizer(run.optimizer, task.groups(), device)
    updater = Updater(
        optimizer=optimizer,
        scheduler=create_scheduler(run.optimizer, optimizer, task.total_steps),
        max_grad_norm=run.training.max_grad_norm,
        scaler=torch.amp.GradScaler() if dtype == torch.float16 else None,
    )
    given.ranks.begin_alike(updater.parameters)
    if (
        updater.scaler
    ):  # it makes its scale when it is first used: one that gets nothing of the first batch needs it too
        updater.scaler.scale(torch.zeros((), device=device))
    if run.training.ema:
        updater.ema = Ema(updater.parameters, run.training.ema)
    progress = Progress()
    state = _newest(given.run_dir, given.emit)
    if state is not None:
        checkpoint.restore(state, task.adapter(), updater)
        progress = Progress(**state["progress"])
    gradients = Gradients(
        task=task,
        updater=updater,
        ranks=given.ranks,
        total_batches=task.total_batches,
        accumulation=run.training.accumulation,
        seed=run.training.seed,
        device=device,
        autocast=dtype if dtype != torch.float32 else None,
    )
    return gradients, progress


def _newest(run_dir: Path, emit: Callable[[Any], None]) -> checkpoint.State | None:
    """The newest checkpoint that can be read; one that cannot is said and passed over."""
    for folder in reversed(checkpoint.folders(run_dir)):
        try:
            return checkpoint.read(folder)
        except LoomError as error:
            emit(WarningRaised(code=error.code, message=error.message, hint=error.hint))
    return None
