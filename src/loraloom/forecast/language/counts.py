"""How often things happen in a run on texts, and what stays on the disk: counted as the training loop does it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import ceil

from loraloom.forecast.amounts import Amounts, kept_checkpoints
from loraloom.spec.example import TextPlan
from loraloom.spec.forecast import Measured
from loraloom.spec.text import TextRun

FORWARD = 0.34
"""Part of a text's time in a step that its forward pass takes: the way back goes through the frozen base once, as the way
there does, and through the LoRA twice."""
PROBE_MEMORY = 0.12
"""Half of the range of memory after a measurement: every row has another length, and what the C library holds between them
differs from process to process. A run of 1.19 GB was measured as 1.32."""
LETTERS = 4
"""Bytes that a token of an answer takes on the disk."""


def rounds(run: TextRun, steps: int) -> int:
    """How often prompts are answered: at the start, every so many steps, and at the end."""
    if not run.sample.prompts:
        return 0
    every = run.sample.every_steps
    return 2 + ((steps - 1) // every if every else 0)


def validation(run: TextRun, plan: TextPlan) -> float:
    """Time of all validations together, in mean steps: a forward pass of everything held out, every so many steps and at
    the end."""
    if not plan.held_out_lengths:
        return 0.0
    times = ceil(plan.total_steps / run.validation.every_steps)
    tokens = plan.tokens * plan.repeats / plan.steps_per_epoch  # of a mean step
    share = 1 / 3 if run.training.gradient_checkpointing else FORWARD
    return times * share * sum(plan.held_out_lengths) / tokens


def disk(run: TextRun, steps: int, seconds: float, checkpoint_bytes: float, lora_bytes: float) -> int:
    """Bytes of the checkpoints that stay, of the answers and of the LoRA."""
    answers = LETTERS * run.sample.max_tokens * len(run.sample.prompts) * rounds(run, steps)
    return round(checkpoint_bytes * kept_checkpoints(run.checkpoints, steps, seconds) + lora_bytes + answers)


def amounts(
    run: TextRun, plan: TextPlan, measured: Measured | None = None, fill: float = 1.0, lengthened: float = 1.0
) -> Amounts:
    """All of it. `fill`: time of the mean step in parts of a measured one; texts have nothing that is cached, and answers
    are measured with fewer tokens: those of the run are `lengthened` times as long."""
    steps = plan.total_steps
    found = Amounts(steps, validation(run, plan), partial(disk, run, steps), run.export.dtype != "fp32")
    if measured is None:
        return found
    drawn = rounds(run, steps) * lengthened
    return replace(found, fill=fill, drawn=drawn, memory_spread=PROBE_MEMORY)
