"""`batch_size: auto` and `resolution: auto`: the largest that the model says fits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from loraloom.forecast import model
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.ladder import STEP, applied
from loraloom.forecast.language.size import TextSize
from loraloom.forecast.memory import PlanSize
from loraloom.forecast.model import AnySize
from loraloom.forecast.room import MARGIN, Memory
from loraloom.forecast.usual import own_resolution
from loraloom.models.shape import AnyShape, Shape
from loraloom.spec.run import ImageRun, Run
from loraloom.spec.text import TextRun

MOST = 64
"""Pictures or texts: beyond this a larger batch of a LoRA gains no speed on any card, and steps get few."""
PlanFor = Callable[[Run], AnySize]
"""The plan that a run makes of its data set."""


def auto_batch(
    run: Run,
    shape: AnyShape,
    plan_for: PlanFor,
    device: DeviceFacts,
    *,
    memory: Memory = model.memory,
    margin: float = MARGIN,
) -> int:
    """The largest batch, all of it computed at once, whose peak and `margin` are free on `device`: at most `MOST` and what
    the fullest bucket (of texts or where that is not known, an epoch) holds; at least 1, which may not fit: see `fit`."""

    def too_large(batch: int) -> bool:
        larger = applied(run, {"training.batch_size": batch, "training.micro_batch": None})
        return not _fits(larger, shape, plan_for(larger), device, memory, margin)

    most = most_at_once(run, plan_for(run))
    return max(1, bisect_left(range(1, most + 1), True, key=too_large))


def most_at_once(run: Run, plan: AnySize) -> int:
    """No batch is larger."""
    if isinstance(run, TextRun) or isinstance(plan, TextSize):
        return min(MOST, plan.samples if isinstance(plan, TextSize) else MOST)
    return min(MOST, plan.crowd or _pictures(run, plan))


def auto_resolution(
    run: ImageRun,
    shape: Shape,
    plan_for: PlanFor,
    device: DeviceFacts,
    *,
    memory: Memory = model.memory,
    margin: float = MARGIN,
) -> int:
    """The base's own resolution in pixels, or the highest multiple of `STEP` below it at which one picture at a time fits
    with checkpointing. Half of its own is the least, fit or not: below that the base no longer draws."""
    own = own_resolution(shape)
    sides = (own, *range((own - 1) // STEP * STEP, own // 2 - 1, -STEP))
    for side in sides:
        small = applied(
            run,
            {
                "dataset.resolution": side,
                "training.micro_batch": 1,
                "training.gradient_checkpointing": True,
            },
        )
        if _fits(small, shape, plan_for(small), device, memory, margin):
            return side
    return sides[-1]


def _fits(run: Run, shape: AnyShape, plan: AnySize, device: DeviceFacts, memory: Memory, margin: float) -> bool:
    highest = max(stage.bytes for stage in memory(run, shape, plan, device))
    return highest * (1 + margin) <= device.memory_free


def _pictures(run: ImageRun, plan: PlanSize) -> int:
    """Pictures in an epoch, those of a folder's own repeats not counted again."""
    crops = run.dataset.crop_variants if run.dataset.crop == "random" else 1
    return max(1, plan.latents // (crops * (2 if run.dataset.flip else 1)) * run.dataset.repeats)
