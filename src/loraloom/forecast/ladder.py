"""The rungs that lower what a run needs in memory: one list for "fit to this machine" and for a run whose memory ran out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import chain
from typing import Any

from loraloom.forecast.language import ladder as of_texts
from loraloom.forecast.rungs import KEPT, Rung, at_once, checkpointing, has_eight_bit, micro_batch, optimizer, samples
from loraloom.spec.event import Stage
from loraloom.spec.lowered import changed
from loraloom.spec.run import NATIVE_RESOLUTION, ImageRun, Run
from loraloom.spec.text import TextRun

__all__ = ["KEPT", "LENGTHS", "STEP", "Rung", "applied", "at_once", "has_eight_bit", "next_rung", "value_of"]

LENGTHS = ("training.epochs", "training.steps")
STEP = 64
"""Pixels between two resolutions: Stable Diffusion's UNets halve a latent three times, and a latent is an eighth."""


def next_rung(
    run: Run, device_kind: str, stage: Stage = "training", hard: bool = False, eight_bit: bool | None = None
) -> Rung | None:
    """The next setting to lower when `stage` lacks memory, the least loss first; None when nothing is left that helps it.

    `hard` goes as far down as the rung allows at once. `eight_bit`: whether adamw8bit can be had; None looks for its
    package. Nothing here changes the effective batch (`batch_size` x `accumulation`).
    """
    found = (
        of_texts.rungs(run, device_kind, stage, hard, eight_bit)
        if isinstance(run, TextRun)
        else _of_pictures(run, device_kind, stage, hard, eight_bit)
    )
    return next(chain.from_iterable(found), None)


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


def _of_pictures(
    run: ImageRun, device_kind: str, stage: Stage, hard: bool, eight_bit: bool | None
) -> tuple[Iterator[Rung], ...]:
    match stage:
        case "training":
            return (
                micro_batch(run, hard),
                checkpointing(run),
                _cache(run),
                optimizer(run, device_kind, eight_bit),
                _resolution(run),
            )
        # pictures are encoded one by one and drawn without gradients: what training holds is no help there
        case "caching":
            return _cache(run), _resolution(run)
        case "sampling":
            return samples(run), _cache(run), _resolution(run)
        case _:
            return ()


def _cache(run: ImageRun) -> Iterator[Rung]:
    if run.training.cache == "memory":
        yield "training.cache", "memory", "disk"


def _resolution(run: ImageRun) -> Iterator[Rung]:
    """Down to half of what the family was made for; runs that start below that, down to `STEP`."""
    now, half = run.dataset.resolution, NATIVE_RESOLUTION[run.family] // 2
    lower = (now - 1) // STEP * STEP
    if run.training.lower_resolution and lower >= (half if now >= half else STEP):
        yield "dataset.resolution", now, lower
