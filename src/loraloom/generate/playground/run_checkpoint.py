"""Reads the LoRA out of a checkpoint of a run, with the weights that the run would export."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from loraloom.models.header import read_header
from loraloom.models.lora_metadata import written_alpha
from loraloom.spec.errors import LoomError
from loraloom.spec.run import RUN, ImageRun

ADAPTER, OPTIMIZER, STATE = "adapter.safetensors", "optimizer.safetensors", "state.json"
PARTS = ("A", "B", "magnitude_vector")
"""The order in which PEFT's layers hold their parameters, `lora_` left out."""


def checkpoint_files(folder: Path) -> tuple[Path, ...]:
    """The files of the checkpoint `folder` of a run; nothing where it is none."""
    files = tuple(folder / name for name in (ADAPTER, OPTIMIZER, STATE))
    run = folder.parent.parent / "run.yaml"
    return (*files, run) if all(file.is_file() for file in (*files, run)) else ()


def read_checkpoint(folder: Path, order: Sequence[str]) -> tuple[dict[str, Tensor], float]:
    """(tensors by `<component>.<module>.lora_A.default.weight`, alpha as it is exported). `order`: the base's modules by
    `<component>.<module>`, in which the run's optimizer counts.

    The run's average (EMA) or what a schedule-free optimizer shows takes the place of the weights in training. Raises
    LoomError `checkpoint_unreadable`, `base_model_mismatch` (a run of texts).
    """
    run = _run_of(folder)
    try:
        read_header(folder / ADAPTER)
        tensors = {name.removeprefix("adapter."): t for name, t in load_file(folder / ADAPTER).items()}
        return _as_exported(folder, tensors, run, order), written_alpha(run.lora)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise _unreadable(folder, str(error)) from error


def _run_of(folder: Path) -> ImageRun:
    try:
        found = RUN.validate_python(yaml.safe_load((folder.parent.parent / "run.yaml").read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise _unreadable(folder, "its run.yaml cannot be read") from error
    if not isinstance(found, ImageRun):
        raise LoomError(
            "base_model_mismatch", f"{folder.name} is of a run of texts: it draws nothing.", "Chat with it."
        )
    return found


def _as_exported(folder: Path, tensors: dict[str, Tensor], run: ImageRun, order: Sequence[str]) -> dict[str, Tensor]:
    names = _in_order(tensors, order)
    if names is None:
        return tensors  # another base: that it does not fit is said when it is put on
    with safe_open(folder / OPTIMIZER, "pt") as held:
        there = set(held.keys())
        averaged = "ema.0" in there
        keys = [f"ema.{i}" if averaged else f"optimizer.{i}.z" for i in range(len(names))]
        if not (averaged or run.optimizer.name == "adamw_schedulefree") or not there.issuperset(keys):
            return tensors
        others = [held.get_tensor(key) for key in keys]
    if any(other.shape != tensors[name].shape for name, other in zip(names, others, strict=True)):
        raise ValueError("the average does not fit the weights")
    if averaged:
        return dict(zip(names, others, strict=True))
    # Schedule-free (Defazio et al. 2024, arXiv:2405.15682): trained is y, shown is x, y = x beta + z (1 - beta)
    beta = float(_state(folder)["optimizer"]["param_groups"][0]["betas"][0])
    return {name: tensors[name].lerp(z, 1 - 1 / beta) for name, z in zip(names, others, strict=True)}


def _in_order(tensors: Iterable[str], order: Sequence[str]) -> list[str] | None:
    """The names as the optimizer counts their parameters; None where the base has not all of their modules."""
    places = {name: place for place, name in enumerate(order)}
    apart = {name: name.rpartition(".lora_") for name in tensors}
    if not all(module in places for module, _, _ in apart.values()):
        return None
    return sorted(apart, key=lambda name: (places[apart[name][0]], PARTS.index(apart[name][2].split(".")[0])))


def _state(folder: Path) -> dict[str, Any]:
    return json.loads((folder / STATE).read_text("utf-8"))


def _unreadable(folder: Path, why: str) -> LoomError:
    return LoomError(
        "checkpoint_unreadable", f"The checkpoint {folder.name} cannot be read: {why}", "Try another one of the run."
    )
