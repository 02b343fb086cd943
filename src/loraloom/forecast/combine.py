"""Puts a forecast together, from a few measured steps, from finished runs, or from the model alone: always by the same sum
over the stages of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from loraloom.forecast.amounts import Amounts
from loraloom.forecast.history import PEAK, PROBE_SPREAD, Predicted
from loraloom.spec.event import Stage
from loraloom.spec.forecast import Forecast, Measured, Range, Source, StageForecast, StageMemory

STAGES: tuple[Stage, ...] = ("loading", "caching", "training", "sampling", "exporting")
BUSY = 0.5
"""What is added to the spread where others used all of the device: runs that shared two cores with three others took 0.5 to
1.8 times as long as was measured just before."""
PROBE_STAGES = 0.25
"""The same for stages that were measured once, and are short."""
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
    amounts: Amounts,
    measured: Measured,
    place: Place,
    *,
    spread: float = PROBE_SPREAD,
    busy: float = 0.0,
    unmeasured_bytes: int = 0,
) -> Forecast:
    """From steps with full batches of one bucket, or with the fullest batch of texts.

    `spread`: what `forecast.history.probe_spread` says of this device. `busy`: the part of the device, 0 to 1, that others
    used while it was measured. `unmeasured_bytes`: what the run holds that the measured one did not: latents and embeddings
    of more pictures in the cache.
    """
    spread = math.hypot(spread, BUSY * busy)
    step = median(measured.steps) * amounts.fill
    seen = (max(measured.steps) - min(measured.steps)) / median(measured.steps) / 2
    wide = max(spread, min(seen, 0.5))
    seconds = {
        "loading": _range(measured.loading, max(spread, PROBE_STAGES)),
        "caching": _range(measured.caching_latent * amounts.cached, max(spread, PROBE_STAGES)),
        "step": _range(step, wide),
        "sampling": _range(measured.sampling_round * amounts.drawn, wide),
        "exporting": _range(measured.exporting, max(spread, PROBE_STAGES)),
    }
    peak = _range(measured.peak_memory_bytes + unmeasured_bytes, amounts.memory_spread)
    sizes = (measured.checkpoint_bytes, measured.lora_bytes)
    return _put_together(amounts, Predicted(seconds, peak, 0), "probe", place, sizes)


def from_history(amounts: Amounts, predicted: Predicted, place: Place) -> Forecast:
    """From what `forecast.history` learned of finished runs on the same device."""
    return _put_together(amounts, predicted, "history", place, _sizes(amounts, place.memory))


def from_model(amounts: Amounts, expected: Mapping[str, float], place: Place) -> Forecast:
    """From the model alone. `expected`: seconds by stage and of one `step`, and `peak_memory_bytes`."""
    seconds = {name: _range(value, MODEL_SPREAD) for name, value in expected.items() if name != PEAK}
    predicted = Predicted(seconds, _range(expected[PEAK], MODEL_MEMORY), 0)
    return _put_together(amounts, predicted, "model", place, _sizes(amounts, place.memory))


def _put_together(
    amounts: Amounts, predicted: Predicted, source: Source, place: Place, sizes: tuple[float, float]
) -> Forecast:
    """The sum; validations count as training. `sizes`: bytes of a checkpoint and of the LoRA."""
    step, peak = predicted.seconds["step"], predicted.peak_memory_bytes
    training = _scaled(step, amounts.steps + amounts.validation)
    stages = {**predicted.seconds, "training": training}
    seconds = _sum([stages[stage] for stage in STAGES])
    return Forecast(
        steps=amounts.steps,
        seconds=seconds,
        peak_memory_bytes=peak,
        stages=tuple(StageForecast(stage=stage, seconds=stages[stage].p50) for stage in STAGES),
        step_seconds=step.p50,
        disk_bytes=amounts.disk(seconds.p50, *sizes),
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


def _sizes(amounts: Amounts, memory: Sequence[StageMemory]) -> tuple[float, float]:
    """Bytes of a checkpoint and of the LoRA, from what training holds of them: both keep the adapter, in fp32."""
    training = [stage.parts for stage in memory if stage.stage == "training"]
    adapter = sum(parts.get("adapter", 0) for parts in training)
    lora = adapter / 2 if amounts.small_file else adapter
    return adapter + sum(parts.get("optimizer", 0) for parts in training), lora
