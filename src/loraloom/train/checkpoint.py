"""Checkpoints: whole or not there at all, enough to go on exactly, pruned by rule. Tensors in safetensors, the rest in JSON.

A checkpoint is written into a hidden folder beside its place, synced, then renamed: a kill at any moment leaves the old
one or the new one. Random numbers need no state: every batch seeds them from the run's seed and its own position.
"""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from loraloom.spec.errors import LoomError
from loraloom.spec.run import Checkpoints
from loraloom.train.update import Updater

State = dict[str, Any]
"""`tensors`: name -> Tensor; everything else is JSON."""


def snapshot(adapter: dict[str, Tensor], updater: Updater, extra: State) -> State:
    """Copy of the whole state of training on the CPU, safe to write while training goes on."""
    saved = updater.optimizer.state_dict()
    tensors = {f"adapter.{name}": tensor for name, tensor in adapter.items()}
    scalars: dict[str, dict[str, Any]] = {}
    for index, values in saved["state"].items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer.{index}.{key}"] = value
            else:
                scalars.setdefault(str(index), {})[key] = value
    for index, tensor in enumerate(updater.ema.average if updater.ema else []):
        tensors[f"ema.{index}"] = tensor
    return {
        "tensors": {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()},
        "optimizer": {"kind": _kind(updater), "scalars": scalars, "param_groups": saved["param_groups"]},
        "scheduler": updater.scheduler.state_dict(),
        "scaler": updater.scaler.state_dict() if updater.scaler else None,
        **extra,
    }


@torch.no_grad()
def restore(state: State, adapter: dict[str, Tensor], updater: Updater) -> None:
    """Put a state read by `read` back into the objects it was taken from."""
    tensors: dict[str, Tensor] = state["tensors"]
    for name, parameter in adapter.items():
        parameter.copy_(tensors[f"adapter.{name}"])
    for index, average in enumerate(updater.ema.average if updater.ema else []):
        average.copy_(tensors[f"ema.{index}"])
    updater.scheduler.load_state_dict(state["scheduler"])
    if updater.scaler:
        updater.scaler.load_state_dict(state["scaler"])
    if state["optimizer"].get("kind", _kind(updater)) != _kind(
        updater
    ):  # memory forced another one, which begins afresh
        for group, rate in zip(updater.optimizer.param_groups, updater.scheduler.get_last_lr(), strict=True):
            group["lr"] = rate
        return
    values: dict[int, dict[str, Any]] = {int(k): dict(v) for k, v in state["optimizer"]["scalars"].items()}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimizer":
            index, _, key = rest.partition(".")
            values.setdefault(int(index), {})[key] = tensor
    updater.optimizer.load_state_dict({"state": values, "param_groups": state["optimizer"]["param_groups"]})


def _kind(updater: Updater) -> str:
    return type(updater.optimizer).__name__


def read(folder: Path) -> State:
    """Read a checkpoint. Raises LoomError `checkpoint_unreadable`."""
    try:
        state: State = json.loads((folder / "state.json").read_text("utf-8"))
        return state | {
            "tensors": load_file(folder / "adapter.safetensors") | load_file(folder / "optimizer.safetensors")
        }
    except Exception as error:
        raise LoomError(
            "checkpoint_unreadable",
            f"The checkpoint {folder.name} cannot be read: {error}",
            "Delete its folder to go on from the one before it.",
        ) from error


def folders(run_dir: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    return sorted((run_dir / "checkpoints").glob("step-[0-9]*"), key=step_of)


def step_of(folder: Path) -> int:
    """The step in a checkpoint's name."""
    return int(folder.name.removeprefix("step-"))


class Writer:
    """Writes checkpoints on one background thread, so that steps do not wait for the disk."""

    def __init__(self, run_dir: Path, rules: Checkpoints) -> None:
        self._root = run_dir / "checkpoints"
        self._rules = rules
        self._pool = ThreadPoolExecutor(1, "checkpoint")
        self._pending: Future[None] | None = None
        for torn in self._root.glob(".writing-*"):
            shutil.rmtree(torn, ignore_errors=True)

    def submit(self, state: State, then: Any) -> None:
        """Write `state` (which has `step`) and call `then(folder)` when it is whole. Waits for the one before."""
        self.wait()
        self._pending = self._pool.submit(self._write, state, then)

    def wait(self) -> None:
        """Wait for the checkpoint being written; raises what went wrong with it."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            pending.result()

    def _write(self, state: State, then: Any) -> None:
        name = f"step-{state['step']:06d}"
        place, beside = self._root / name, self._root / f".writing-{name}"
        beside.mkdir(parents=True, exist_ok=True)
        try:
            self._fill(beside, state)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)  # a full disk gets its room back, for the event that says so
            raise
        if place.exists():
            shutil.rmtree(place)
        beside.replace(place)
        sync(self._root)
        self._prune()
        then(place)

    def _fill(self, folder: Path, state: State) -> None:
        tensors: dict[str, Tensor] = state["tensors"]
        adapter = {name: tensor for name, tensor in tensors.items() if name.startswith("adapter.")}
        rest = {name: tensor for name, tensor in tensors.items() if name not in adapter}
        (folder / "adapter.safetensors").write_bytes(save(adapter))  # not save_file: its errors carry no errno
        (folder / "optimizer.safetensors").write_bytes(save(rest))
        text = json.dumps({key: value for key, value in state.items() if key != "tensors"})
        (folder / "state.json").write_text(text, "utf-8")
        for file in folder.iterdir():
            sync(file)

    def _prune(self) -> None:
        every = self._rules.keep_every
        old = folders(self._root.parent)[: -self._rules.keep_last]
        for folder in old:
            if not every or step_of(folder) % every:
                shutil.rmtree(folder, ignore_errors=True)


def sync(path: Path) -> None:
    """Flush a file, or on POSIX a folder, to the disk."""
    if path.is_dir():
        if os.name != "posix":
            return
        handle = os.open(path, os.O_RDONLY)
    else:
        handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
