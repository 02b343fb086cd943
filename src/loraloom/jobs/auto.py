"""`batch_size: auto` and `resolution: auto`, settled before a config is frozen: by the memory model, or by trying."""

from __future__ import annotations

from collections.abc import Callable, Set
from pathlib import Path
from typing import overload

from loraloom.forecast import auto
from loraloom.forecast.ladder import applied
from loraloom.forecast.model import AnySize, size_of
from loraloom.jobs.facts import facts_of
from loraloom.jobs.follow import Wish
from loraloom.jobs.plans import AnyReport, plan_for, varied
from loraloom.jobs.probe import Start
from loraloom.jobs.runners.local import LocalRunner
from loraloom.jobs.search import largest_batch
from loraloom.models.resolve import resolve
from loraloom.models.shape import Shape, shape_of
from loraloom.spec.forecast import ProbeLine
from loraloom.spec.run import ImageRun, Run
from loraloom.spec.text import TextRun

BATCH, RESOLUTION = "training.batch_size", "dataset.resolution"


@overload
def settle(run: TextRun, keys: Set[str], report: AnyReport, device: str | None = None) -> TextRun: ...
@overload
def settle(run: ImageRun, keys: Set[str], report: AnyReport, device: str | None = None) -> ImageRun: ...
def settle(run: Run, keys: Set[str], report: AnyReport, device: str | None = None) -> Run:
    """`run` with numbers for `keys`, by the memory model: at once. Raises LoomError `device_unavailable`, and what planning
    raises."""
    if not keys:
        return run
    facts, shape = facts_of(run, device), shape_of(resolve(run.base_model))
    planned = varied(run, plan_for(run, report), report)

    def sized(some: Run) -> AnySize:
        return size_of(planned(some), some)

    if RESOLUTION in keys and not isinstance(run, TextRun):
        assert isinstance(shape, Shape)
        run = applied(run, {RESOLUTION: auto.auto_resolution(run, shape, sized, facts)})
    if BATCH in keys:
        run = applied(run, {BATCH: auto.auto_batch(run, shape, sized, facts)})
    return run


def search(
    run: Run,
    report: AnyReport,
    wish: Wish,
    say: Callable[[ProbeLine], None],
    *,
    start: Start = LocalRunner,
    parent: Path | None = None,
) -> Run:
    """`run` with the largest batch that fits, by trying from what the model expects. Raises what `largest_batch` does."""
    guess = settle(run, {BATCH}, report).training.batch_size
    most = auto.most_at_once(run, size_of(plan_for(run, report), run))
    free = facts_of(run).memory_free
    batch = largest_batch(run, report, wish, say, guess=guess, most=most, free=free, start=start, parent=parent)
    return applied(run, {BATCH: batch})
