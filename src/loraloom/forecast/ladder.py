"""The rungs that lower what a run needs in memory: one list for "fit to this machine" and for a run whose memory ran out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from importlib.util import find_spec
from itertools import chain
from typing import Any

from loraloom.spec.event import Stage
from loraloom.spec.lowered import changed
from loraloom.spec.run import NATIVE_RESOLUTION, OptimizerName, Run

Rung = tuple[str, Any, Any]
"""Dotted key, its value now, the lower one."""
LENGTHS = ("training.epochs", "training.steps")
STEP = 64
"""Pixels between two resolutions: Stable Diffusion's UNets halve a latent three times, and a latent is an eighth."""
KEPT: tuple[OptimizerName, ...] = ("adafactor", "adamw8bit", "lion", "prodigy")
"""Small already (one moment, 8 bits, or rows and columns alone); and prodigy, whose learning rate fits no other."""


def next_rung(
    run: Run, device_kind: str, stage: Stage = "training", hard: bool = False, eight_bit: bool | None = None
) -> Rung | None:
    """The next setting to lower when `stage` lacks memory, the least loss first; None when nothing is left that helps it.

    `hard` goes as far down as the rung allows at once. `eight_bit`: whether adamw8bit can be had; None looks for its
    package. Nothing here changes the effective batch (`batch_size` x `accumulation`).
    """
    match stage:
        case "training":
            rungs = (
                _micro_batch(run, hard),
                _checkpointing(run),
                _cache(run),
                _optimizer(run, device_kind, eight_bit),
                _resolution(run),
            )
        # pictures are encoded one by one and drawn without gradients: what training holds is no help there
        case "caching":
            rungs = (_cache(run), _resolution(run))
        case "sampling":
            rungs = (_samples(run), _cache(run), _resolution(run))
        case _:
            rungs = ()
    return next(chain.from_iterable(rungs), None)


def applied(run: Run, changes: Mapping[str, Any]) -> Run:
    """`run` with dotted keys laid over it; a length replaces the other kind of length.

    Raises pydantic's ValidationError for a value that cannot be.
    """
    lengths = [key for key in LENGTHS if changes.get(key) is not None]
    cleared = dict.fromkeys(LENGTHS) if len(lengths) == 1 else {}
    return changed(run, {**cleared, **changes})


def value_of(run: Run, key: str) -> Any:
    """The value at a dotted key."""
    return reduce(getattr, key.split("."), run)


def at_once(run: Run) -> int:
    """Pictures that are computed at once."""
    return min(run.training.batch_size, run.training.micro_batch or run.training.batch_size)


def has_eight_bit() -> bool:
    """Whether the package behind `adamw8bit` is installed (extra `gpu`)."""
    return find_spec("bitsandbytes") is not None


def _micro_batch(run: Run, hard: bool) -> Iterator[Rung]:
    if (now := at_once(run)) > 1:
        yield "training.micro_batch", run.training.micro_batch or now, 1 if hard else now // 2


def _checkpointing(run: Run) -> Iterator[Rung]:
    if not run.training.gradient_checkpointing:
        yield "training.gradient_checkpointing", False, True


def _cache(run: Run) -> Iterator[Rung]:
    if run.training.cache == "memory":
        yield "training.cache", "memory", "disk"


def _optimizer(run: Run, device_kind: str, eight_bit: bool | None) -> Iterator[Rung]:
    name = run.optimizer.name
    if name not in KEPT:
        there = has_eight_bit() if eight_bit is None else eight_bit
        yield "optimizer.name", name, "adamw8bit" if device_kind == "cuda" and there else "adafactor"


def _resolution(run: Run) -> Iterator[Rung]:
    """Down to half of what the family was made for; runs that start below that, down to `STEP`."""
    now, half = run.dataset.resolution, NATIVE_RESOLUTION[run.family] // 2
    lower = (now - 1) // STEP * STEP
    if run.training.lower_resolution and lower >= (half if now >= half else STEP):
        yield "dataset.resolution", now, lower


def _samples(run: Run) -> Iterator[Rung]:
    if run.sample.prompts:
        yield "sample.prompts", list(run.sample.prompts), []
