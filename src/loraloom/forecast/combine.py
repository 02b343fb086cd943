"""Puts a forecast together, from a few measured steps, from finished runs, or from the model alone: always by the same sum
over the stages of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from loraloom.forecast import counts
from loraloom.forecast.counts import latents, rounds
from loraloom.forecast.history import PEAK, PROBE_SPREAD, Predicted
from loraloom.spec.dataset import Plan
from loraloom.spec.event import Stage
from loraloom.spec.forecast import Forecast, Measured, Range, Source, StageForecast, StageMemory
from loraloom.spec.run import Run

STAGES: tuple[Stage, ...] = ("loading", "caching", "training", "sampling", "exporting")
BUSY = 0.5
"""What is added to the spread where others used all of the device: runs that shared two cores with three others took 0.5 to
1.8 times as long as was measured just before."""
PROBE_STAGES = 0.25
"""The same for stages that were measured once, and are short."""
PROBE_MEMORY = 0.03
"""The same for memory, which varies little: of eight varied runs all were within 2 %, seven within 1 %."""
MODEL_SPREAD, MODEL_MEMORY = math.log(2), 0.15
"""Half of the range of the logarithm, when nothing was measured: throughput of like devices is half or twice as good."""
TOGETHER = 0.5
"""Correlation between the stages' errors: a slow machine is slow in all of them, and yet each has its own."""


@dataclass(frozen=True)
class Place:
    """Where a run would be: the device's name, bytes free on it, what the model says is held there, and what of it the run
    does not report as its own (a card's context)."""

    device: str
    free_memory: int
    memory: Sequence[StageMemory] = field(default=())
    unreported: int = 0


def from_probe(
    run: Run,
    plan: Plan,
    measured: Measured,
    place: Place,
    *,
    spread: float = PROBE_SPREAD,
    busy: float = 0.0,
    unmeasured_bytes: int = 0,
) -> Forecast:
    """From steps with full batches of one bucket.

    `spread`: what `forecast.history.probe_spread` says of this device. `busy`: the part of the device, 0 to 1, that others
    used while it was measured. `unmeasured_bytes`: what the run holds that the measured one did not, as its pictures were
    fewer: latents and embeddings in the cache.
    """
    spread = math.hypot(spread, BUSY * busy)
    step = median(measured.steps) * counts.fill(run, plan, measured.pixels)
    seen = (max(measured.steps) - min(measured.steps)) / median(measured.steps) / 2
    wide = max(spread, min(seen, 0.5))
    denoising = measured.sampling_round / (measured.sampling_steps + 1)  # decoding costs about as much as a step
    drawn = denoising * (run.sample.steps + 1) * rounds(run, plan.total_steps)
    seconds = {
        "loading": _range(measured.loading, max(spread, PROBE_STAGES)),
        "caching": _range(measured.caching_latent * latents(plan), max(spread, PROBE_STAGES)),
        "step": _range(step, wide),
        "sampling": _range(drawn, wide),
        "exporting": _range(measured.exporting, max(spread, PROBE_STAGES)),
    }
    peak = _range(measured.peak_memory_bytes + unmeasured_bytes, PROBE_MEMORY)
    sizes = (measured.checkpoint_bytes, measured.lora_bytes)
    return _put_together(run, plan, Predicted(seconds, peak, 0), "probe", place, sizes)


def from_history(run: Run, plan: Plan, predicted: Predicted, place: Place) -> Forecast:
    """From what `forecast.history` learned of finished runs on the same device."""
    return _put_together(run, plan, predicted, "history", place, _sizes(run, place.memory))


def from_model(run: Run, plan: Plan, expected: Mapping[str, float], place: Place) -> Forecast:
    """From the model alone. `expected`: seconds by stage and of one `step`, and `peak_memory_bytes`."""
    seconds = {name: _range(value, MODEL_SPREAD) for name, value in expected.items() if name != PEAK}
    predicted = Predicted(seconds, _range(expected[PEAK], MODEL_MEMORY), 0)
    return _put_together(run, plan, predicted, "model", place, _sizes(run, place.memory))


def _put_together(
    run: Run, plan: Plan, predicted: Predicted, source: Source, place: Place, sizes: tuple[float, float]
) -> Forecast:
    """The sum; validations count as training. `sizes`: bytes of a checkpoint and of the LoRA."""
    step, peak = predicted.seconds["step"], predicted.peak_memory_bytes
    training = _scaled(step, plan.total_steps + counts.validation(run, plan))
    stages = {**predicted.seconds, "training": training}
    seconds = _sum([stages[stage] for stage in STAGES])
    return Forecast(
        steps=plan.total_steps,
        seconds=seconds,
        peak_memory_bytes=peak,
        stages=tuple(StageForecast(stage=stage, seconds=stages[stage].p50) for stage in STAGES),
        step_seconds=step.p50,
        disk_bytes=counts.disk(run, plan.total_steps, seconds.p50, *sizes),
        free_memory_bytes=place.free_memory,
        source=source,
        runs=predicted.runs,
        device=place.device,
        fits=peak.p90 + place.unreported <= place.free_memory,
        memory=_scaled_to(place.memory, peak.p50 + place.unreported),
    )


def _sum(parts: Sequence[Range]) -> Range:
    """The range of a sum whose parts' errors are partly the same."""
    total = sum(part.p50 for part in parts)
    if total <= 0:
        return Range(p10=0, p50=0, p90=0)
    reaches = [part.p50 * math.log(part.p90 / part.p50) for part in parts if part.p50 > 0]
    alone = sum(reach**2 for reach in reaches)
    reach = math.sqrt(TOGETHER * sum(reaches) ** 2 + (1 - TOGETHER) * alone) / total
    return _range(total, reach)


def _range(middle: float, reach: float) -> Range:
    """Wide by `reach` of the logarithm to both sides."""
    return Range(p10=middle * math.exp(-reach), p50=middle, p90=middle * math.exp(reach))


def _scaled(given: Range, factor: float) -> Range:
    return Range(p10=given.p10 * factor, p50=given.p50 * factor, p90=given.p90 * factor)


def _scaled_to(memory: Sequence[StageMemory], peak: float) -> tuple[StageMemory, ...]:
    """All stages by one factor, so that the highest is `peak`."""
    highest = max((stage.bytes for stage in memory), default=0)
    if not highest:
        return tuple(memory)
    factor = peak / highest
    return tuple(
        StageMemory(stage=one.stage, parts={part: round(held * factor) for part, held in one.parts.items()})
        for one in memory
    )


def _sizes(run: Run, memory: Sequence[StageMemory]) -> tuple[float, float]:
    """Bytes of a checkpoint and of the LoRA, from what training holds of them: both keep the adapter, in fp32."""
    training = [stage.parts for stage in memory if stage.stage == "training"]
    adapter = sum(parts.get("adapter", 0) for parts in training)
    lora = adapter if run.export.dtype == "fp32" else adapter / 2
    return adapter + sum(parts.get("optimizer", 0) for parts in training), lora
