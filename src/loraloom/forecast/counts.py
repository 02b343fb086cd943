"""How often things happen in a run, and what stays on the disk: counted as the training loop does it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import ceil

from loraloom.forecast.amounts import Amounts, kept_checkpoints
from loraloom.spec.dataset import Plan
from loraloom.spec.forecast import Measured
from loraloom.spec.run import ImageRun

FIXED = 0.2
"""What a call of the model costs besides its pictures, in full pictures. Measured with the embedded base on a CPU: 0.4 of
one of 64 px, less than 0.1 of one of 128 px."""
FORWARD = 0.45
"""Part of a picture's time in a step that its forward pass takes, as the base's weights get no gradients: 0.44 measured with
the embedded base. With checkpointing, one of three passes of about the same cost."""


def latents(plan: Plan) -> int:
    """Latents that are made before the first step: of each picture, held out or not, each crop and its mirror image."""
    return (len(plan.images) + len(plan.held_out)) * plan.variants * (2 if plan.flip else 1)


def rounds(run: ImageRun, steps: int) -> int:
    """How often samples are drawn: at the start, every so many steps, and at the end."""
    if not run.sample.prompts:
        return 0
    every = run.sample.every_steps
    return 2 + ((steps - 1) // every if every else 0)


def fill(run: ImageRun, plan: Plan, pixels: float | None = None) -> float:
    """Time of the mean batch in parts of a full one: the last batch of a bucket is often smaller, and every bucket has one.
    A full one has as many pictures as the fullest bucket gives it, of `pixels` each (None: of the largest bucket)."""
    area = pixels or max(bucket.width * bucket.height for bucket in plan.buckets)
    batch = min(plan.batch_size, max(bucket.samples for bucket in plan.buckets))
    micro = run.training.at_once(batch)
    cost = 0.0
    for bucket in plan.buckets:
        calls = max(bucket.steps, ceil(bucket.samples / micro))
        cost += FIXED * calls + bucket.samples * bucket.width * bucket.height / area
    return cost / plan.batches_per_epoch / (FIXED * ceil(batch / micro) + batch)


def validation(run: ImageRun, plan: Plan) -> float:
    """Time of all validations together, in mean steps: two forward passes of every held-out picture by itself, every so many
    steps and at the end."""
    if not plan.held_out:
        return 0.0
    passes = 2 * len(plan.held_out) * ceil(plan.total_steps / run.validation.every_steps)
    pictures = plan.samples / plan.batches_per_epoch  # in the mean batch
    micro = min(pictures, run.training.at_once(ceil(pictures)))
    share = 1 / 3 if run.training.gradient_checkpointing else FORWARD
    one = share * (FIXED + 1) / (FIXED * ceil(pictures / micro) + pictures)
    return passes * one / plan.accumulation


def disk(run: ImageRun, steps: int, seconds: float, checkpoint_bytes: float, lora_bytes: float) -> int:
    """Bytes of the checkpoints that stay, of the samples and of the LoRA."""
    side = run.dataset.resolution
    picture = (run.sample.width or side) * (run.sample.height or side) * 2
    samples = picture * len(run.sample.prompts) * rounds(run, steps)
    return round(checkpoint_bytes * kept_checkpoints(run.checkpoints, steps, seconds) + lora_bytes + samples)


def amounts(run: ImageRun, plan: Plan, measured: Measured | None = None) -> Amounts:
    """All of it; with what was `measured`, how that is to be scaled. To decode a sample costs about as much as a step."""
    steps = plan.total_steps
    found = Amounts(steps, validation(run, plan), partial(disk, run, steps), run.export.dtype != "fp32")
    if measured is None:
        return found
    drawn = (run.sample.steps + 1) / (measured.sampling_steps + 1) * rounds(run, steps)
    return replace(found, fill=fill(run, plan, measured.pixels), cached=latents(plan), drawn=drawn)
