"""The rungs that every ladder has, each with the setting it lowers; nothing is yielded where it is low already."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from loraloom.spec.common import OptimizerName
from loraloom.spec.run import Run

Rung = tuple[str, Any, Any]
"""Dotted key, its value now, the lower one."""
KEPT: tuple[OptimizerName, ...] = ("adafactor", "adamw8bit", "lion", "prodigy")
"""Small already (one moment, 8 bits, or rows and columns alone); and prodigy, whose learning rate fits no other."""


def at_once(run: Run) -> int:
    """Pictures or texts that a process computes at once."""
    return run.training.at_once(run.training.batch_size)


def has_eight_bit() -> bool:
    """Whether the package behind `adamw8bit` and quantised bases is installed (extra `gpu`)."""
    return find_spec("bitsandbytes") is not None


def micro_batch(run: Run, hard: bool) -> Iterator[Rung]:
    """Half as much at once; one where it is `hard`."""
    if (now := at_once(run)) > 1:
        yield "training.micro_batch", run.training.micro_batch or now, 1 if hard else now // 2


def checkpointing(run: Run) -> Iterator[Rung]:
    """Activations computed twice."""
    if not run.training.gradient_checkpointing:
        yield "training.gradient_checkpointing", False, True


def optimizer(run: Run, device_kind: str, eight_bit: bool | None) -> Iterator[Rung]:
    """One that remembers less."""
    name = run.optimizer.name
    if name not in KEPT:
        there = has_eight_bit() if eight_bit is None else eight_bit
        yield "optimizer.name", name, "adamw8bit" if device_kind == "cuda" and there else "adafactor"


def samples(run: Run) -> Iterator[Rung]:
    """None."""
    if run.sample.prompts:
        yield "sample.prompts", list(run.sample.prompts), []
