"""From a few measured steps to the whole run: plain arithmetic over its stages."""

from __future__ import annotations

from statistics import median

from loraloom.spec.dataset import Plan
from loraloom.spec.forecast import Forecast, Measured, Range, StageForecast
from loraloom.spec.run import Run

SPREAD = 0.1
"""Part by which a machine that does other things too is slower or faster than it was when measured."""
LEAST_SPREAD = 0.05


def forecast(run: Run, plan: Plan, measured: Measured, free_memory: int) -> Forecast:
    """The forecast of `run`; `free_memory` in bytes is what its device had free."""
    step = median(measured.steps)
    per_sample_step = measured.sampling_round / (measured.sampling_steps + 1)  # decoding costs about as much as a step
    stages = (
        StageForecast(stage="loading", seconds=measured.loading),
        StageForecast(stage="caching", seconds=measured.caching_latent * latents(plan)),
        StageForecast(stage="training", seconds=step * plan.total_steps),
        StageForecast(
            stage="sampling", seconds=per_sample_step * (run.sample.steps + 1) * rounds(run, plan.total_steps)
        ),
        StageForecast(stage="exporting", seconds=measured.exporting),
    )
    seconds = sum(stage.seconds for stage in stages)
    seen = (max(measured.steps) - min(measured.steps)) / step / 2
    spread = max(SPREAD, min(seen, 0.5))
    peak = measured.peak_memory_bytes
    return Forecast(
        steps=plan.total_steps,
        seconds=Range(p10=seconds * (1 - spread), p50=seconds, p90=seconds * (1 + spread)),
        peak_memory_bytes=Range(p10=peak * (1 - LEAST_SPREAD), p50=peak, p90=peak * (1 + LEAST_SPREAD)),
        stages=stages,
        step_seconds=step,
        disk_bytes=disk(run, plan.total_steps, measured),
        free_memory_bytes=free_memory,
        source="probe",
        device=measured.device,
        fits=peak * (1 + LEAST_SPREAD) <= free_memory,
    )


def latents(plan: Plan) -> int:
    """Latents that are made before the first step: of each picture, held out or not, each crop and its mirror image."""
    return (len(plan.images) + len(plan.held_out)) * plan.variants * (2 if plan.flip else 1)


def rounds(run: Run, steps: int) -> int:
    """How often samples are drawn: at the start, every so many steps, and at the end."""
    if not run.sample.prompts:
        return 0
    every = run.sample.every_steps
    return 2 + ((steps - 1) // every if every else 0)


def disk(run: Run, steps: int, measured: Measured) -> int:
    """Bytes of the checkpoints that stay, of the samples and of the LoRA."""
    every = run.checkpoints.every_steps
    kept = run.checkpoints.keep_last + (steps // run.checkpoints.keep_every if run.checkpoints.keep_every else 0)
    written = steps // every + 1 if every else run.checkpoints.keep_last
    side = run.dataset.resolution
    picture = (run.sample.width or side) * (run.sample.height or side) * 2
    samples = picture * len(run.sample.prompts) * rounds(run, steps)
    return measured.checkpoint_bytes * min(kept, max(1, written)) + measured.lora_bytes + samples
