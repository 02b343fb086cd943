"""From a few measured steps on the fullest batch to the run's own."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from loraloom.forecast.amounts import Amounts
from loraloom.forecast.besides import reported
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.language import counts
from loraloom.forecast.language.memory import memory
from loraloom.forecast.language.size import TextSize, fullest_items
from loraloom.forecast.language.work import ANSWERED, expected
from loraloom.models.text_shape import TextShape
from loraloom.spec.example import TextPlan
from loraloom.spec.forecast import Measured
from loraloom.spec.text import TextRun

LOOKED_AT = 4
"""Epochs whose batches are compared; a longer run may have a batch that is a little fuller."""


def measured_items(size: TextSize, run: TextRun) -> tuple[tuple[int, ...], int]:
    """Indices of the items that are measured, those of the fullest batch of some epochs, however many the run has, and how
    often each counts, so that they make one batch."""
    batch = min(run.training.batch_size, size.samples)
    looked = replace(size, batches=LOOKED_AT * ceil(size.samples / batch))
    some = tuple(dict.fromkeys(fullest_items(looked, batch, batch)))
    return some, max(1, batch // len(some))


def measured_size(size: TextSize, run: TextRun) -> TextSize:
    """The size of a run on what is measured."""
    some, repeats = measured_items(size, run)
    return replace(
        size,
        repeats=repeats,
        lengths=tuple(size.lengths[item] for item in some),
        trained=tuple(size.trained[item] for item in some),
        held_out=(),
    )


def amounts(
    run: TextRun, plan: TextPlan, shape: TextShape, size: TextSize, device: DeviceFacts, measured: Measured
) -> Amounts:
    """The run's other batches have fewer tokens than the one that was measured, its answers more."""
    few = measured_size(size, run)
    fill = expected(run, shape, size, device)["step"] / expected(run, shape, few, device)["step"]
    lengthened = max(1.0, run.sample.max_tokens * ANSWERED / measured.sampling_steps)
    return counts.amounts(run, plan, measured, fill, lengthened)


def unmeasured(run: TextRun, shape: TextShape, size: TextSize, device: DeviceFacts) -> int:
    """Bytes by which the model says that the run holds more than what was measured: about none, where parts of a batch were
    put together otherwise a few."""
    return reported(memory(run, shape, size, device), device) - reported(
        memory(run, shape, measured_size(size, run), device), device
    )
