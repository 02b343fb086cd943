"""What a run takes in memory with some settings changed, against what a device has free."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from loraloom.forecast.combine import MODEL_MEMORY
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.ladder import applied
from loraloom.forecast.memory import PlanSize
from loraloom.forecast.model import AnySize
from loraloom.models.shape import AnyShape
from loraloom.spec.event import Stage
from loraloom.spec.forecast import StageMemory
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

MARGIN = math.exp(MODEL_MEMORY) - 1
"""Part of the model's peak that must stay free above it: what the model may err by, so that what fits here is also told to
fit by the forecast. A run for which that was too little goes down the same ladder while it runs."""
AMPLE = 2 * MARGIN
"""The same before something that saves memory is turned off: nobody asked for that risk."""
Changes = dict[str, Any]
"""Dotted key -> new value, in the order in which it was decided."""


class Memory(Protocol):
    """`forecast.model.memory`, or a test's own."""

    def __call__(self, run: Run, shape: AnyShape, plan: AnySize, device: DeviceFacts) -> tuple[StageMemory, ...]: ...


@dataclass
class Room:
    """Peaks of a run with changes, each reckoned once. Raises pydantic's ValidationError for a change that cannot be."""

    run: Run
    shape: AnyShape
    plan: AnySize
    device: DeviceFacts
    memory: Memory
    _known: dict[str, tuple[StageMemory, ...]] = field(default_factory=dict[str, tuple[StageMemory, ...]])

    def stages(self, changes: Mapping[str, Any]) -> tuple[StageMemory, ...]:
        """What each stage holds."""
        name = repr(sorted(changes.items()))
        if name not in self._known:
            run = applied(self.run, changes)
            self._known[name] = self.memory(run, self.shape, _changed(self.plan, self.run, run), self.device)
        return self._known[name]

    def peak(self, changes: Mapping[str, Any]) -> StageMemory:
        """The stage that holds most."""
        return max(self.stages(changes), key=lambda stage: stage.bytes)

    def fits(self, changes: Mapping[str, Any], margin: float = MARGIN, only: Stage | None = None) -> bool:
        """Whether the peak (of the stage `only`) and a part of it more are free."""
        stages = [stage.bytes for stage in self.stages(changes) if only in (None, stage.stage)]
        return max(stages, default=0) * (1 + margin) <= self.device.memory_free


def _changed(plan: AnySize, before: Run, after: Run) -> AnySize:
    """The plan of the changed run. Of texts nothing is changed that the plan knows."""
    if isinstance(before, TextRun) or isinstance(after, TextRun) or not isinstance(plan, PlanSize):
        return plan
    return at_resolution(plan, before.dataset.resolution, after.dataset.resolution)


def at_resolution(plan: PlanSize, old: int, new: int) -> PlanSize:
    """About the plan that another resolution makes: buckets keep their shape."""
    if old == new:
        return plan
    width, height = (max(8, side * new // old // 8 * 8) for side in plan.largest)
    return replace(plan, largest=(width, height), mean_pixels=plan.mean_pixels * (new / old) ** 2)
