"""`batch_size: auto` and `resolution: auto`, settled before a config is frozen: by the memory model, or by trying."""

from __future__ import annotations

from collections.abc import Callable, Set
from pathlib import Path

from loraloom.data.plan import plan as make_plan
from loraloom.forecast import auto
from loraloom.forecast.ladder import applied
from loraloom.forecast.memory import size_of
from loraloom.jobs.facts import facts_of
from loraloom.jobs.follow import Wish
from loraloom.jobs.probe import Start
from loraloom.jobs.runners.local import LocalRunner
from loraloom.jobs.search import largest_batch
from loraloom.models.resolve import resolve
from loraloom.models.shape import shape_of
from loraloom.spec.dataset import DatasetReport
from loraloom.spec.forecast import ProbeLine
from loraloom.spec.run import Run

BATCH, RESOLUTION = "training.batch_size", "dataset.resolution"


def settle(run: Run, keys: Set[str], report: DatasetReport, device: str | None = None) -> Run:
    """`run` with numbers for `keys`, by the memory model: at once. Raises LoomError `device_unavailable`."""
    if not keys:
        return run
    facts, shape = facts_of(run, device), shape_of(resolve(run.base_model))
    if RESOLUTION in keys:
        side = auto.auto_resolution(run, shape, lambda some: size_of(make_plan(report, some)), facts)
        run = applied(run, {RESOLUTION: side})
    if BATCH in keys:
        batch = auto.auto_batch(run, shape, lambda some: size_of(make_plan(report, some)), facts)
        run = applied(run, {BATCH: batch})
    return run


def search(
    run: Run,
    report: DatasetReport,
    wish: Wish,
    say: Callable[[ProbeLine], None],
    *,
    start: Start = LocalRunner,
    parent: Path | None = None,
) -> Run:
    """`run` with the largest batch that fits, by trying from what the model expects. Raises what `largest_batch` does."""
    guess = settle(run, {BATCH}, report).training.batch_size
    most = min(auto.MOST, size_of(make_plan(report, run)).crowd or auto.MOST)
    free = facts_of(run).memory_free
    batch = largest_batch(run, report, wish, say, guess=guess, most=most, free=free, start=start, parent=parent)
    return applied(run, {BATCH: batch})
