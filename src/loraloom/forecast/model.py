"""The model of a run on a device, of pictures or of texts: one question each, told apart here and nowhere else."""

from __future__ import annotations

from dataclasses import replace

from loraloom.forecast import counts, work
from loraloom.forecast import features as of_pictures
from loraloom.forecast import memory as picture_memory
from loraloom.forecast.amounts import Amounts
from loraloom.forecast.besides import reported
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.history import PEAK
from loraloom.forecast.language import counts as text_counts
from loraloom.forecast.language import features as of_texts
from loraloom.forecast.language import measured as text_measured
from loraloom.forecast.language import memory as text_memory
from loraloom.forecast.language import size as text_size
from loraloom.forecast.language import work as text_work
from loraloom.forecast.language.size import TextSize
from loraloom.forecast.memory import PlanSize
from loraloom.models.shape import AnyShape, Shape
from loraloom.models.text_shape import TextShape
from loraloom.spec.dataset import Plan
from loraloom.spec.example import TextPlan
from loraloom.spec.forecast import Measured, StageMemory
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

AnyPlan = Plan | TextPlan
AnySize = PlanSize | TextSize


def size_of(plan: AnyPlan, run: Run) -> AnySize:
    """What the plan of `run` means for time and memory."""
    if isinstance(run, TextRun):
        assert isinstance(plan, TextPlan)
        return text_size.size_of(plan, run)
    assert isinstance(plan, Plan)
    return picture_memory.size_of(plan)


def memory(run: Run, shape: AnyShape, plan: AnySize, device: DeviceFacts) -> tuple[StageMemory, ...]:
    """Bytes that each stage holds at its highest, part by part."""
    if isinstance(run, TextRun):
        return text_memory.memory(run, *_texts(shape, plan), device)
    return picture_memory.memory(run, *_pictures(shape, plan), device)


def expected(run: Run, plan: AnyPlan, shape: AnyShape, size: AnySize, device: DeviceFacts) -> dict[str, float]:
    """Seconds by stage and of the mean step, and the peak in bytes as Loom reports it."""
    peak = {PEAK: float(reported(memory(run, shape, size, device), device))}
    if isinstance(run, TextRun):
        return text_work.expected(run, *_texts(shape, size), device) | peak
    assert isinstance(plan, Plan)
    picture_shape, picture_size = _pictures(shape, size)
    found = work.expected(run, picture_shape, picture_size, device)
    found["step"] *= counts.fill(run, plan, picture_size.mean_pixels)  # which is of full batches
    return found | peak


def features(run: Run, shape: AnyShape, size: AnySize, device: DeviceFacts) -> dict[str, float]:
    """What forecasts learn from."""
    if isinstance(run, TextRun):
        return of_texts.features(run, *_texts(shape, size), device)
    return of_pictures.features(run, *_pictures(shape, size), device)


def amounts(
    run: Run, plan: AnyPlan, shape: AnyShape, size: AnySize, device: DeviceFacts, measured: Measured | None
) -> Amounts:
    """How often the run does what is reckoned, or was `measured`."""
    if isinstance(run, TextRun):
        assert isinstance(plan, TextPlan)
        if measured is None:
            return text_counts.amounts(run, plan)
        return text_measured.amounts(run, plan, *_texts(shape, size), device, measured)
    assert isinstance(plan, Plan)
    return counts.amounts(run, plan, measured)


def unmeasured(run: Run, shape: AnyShape, size: AnySize, device: DeviceFacts, measured: Measured) -> int:
    """Bytes that the run holds and what was `measured`, of fewer pictures or texts, did not."""
    if isinstance(run, TextRun):
        return text_measured.unmeasured(run, *_texts(shape, size), device)
    if device.kind == "cuda" or run.training.cache == "disk":
        return 0
    picture_shape, whole = _pictures(shape, size)
    few = replace(whole, latents=min(measured.latents, whole.latents), captions=min(measured.latents, whole.captions))
    held = (picture_memory.memory(run, picture_shape, some, device) for some in (whole, few))
    more, less = (max(stage.parts.get("cache", 0) for stage in stages) for stages in held)
    return max(0, more - less)


def _texts(shape: AnyShape, size: AnySize) -> tuple[TextShape, TextSize]:
    assert isinstance(shape, TextShape) and isinstance(size, TextSize), "a run on texts has a language model"
    return shape, size


def _pictures(shape: AnyShape, size: AnySize) -> tuple[Shape, PlanSize]:
    assert isinstance(shape, Shape) and isinstance(size, PlanSize), "a run on pictures has a model that draws"
    return shape, size
