"""The largest batch that fits, found by trying: each size in a child of its own, upward from what is expected to fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from loraloom.forecast.ladder import applied
from loraloom.jobs.follow import Wish
from loraloom.jobs.plans import AnyReport
from loraloom.jobs.probe import Start, probe
from loraloom.jobs.runners.local import LocalRunner
from loraloom.spec.errors import LoomError
from loraloom.spec.forecast import Measured, ProbeLine
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

STEPS = 2
"""Steps of a try: the optimizer's state is there from the first on, so the second holds all there will be."""
MARGIN = 0.03
"""Part of the free memory that stays free: later steps may need a little more than these."""


def largest_batch(
    run: Run,
    report: AnyReport,
    wish: Wish,
    say: Callable[[ProbeLine], None],
    *,
    guess: int,
    most: int,
    free: int,
    start: Start = LocalRunner,
    parent: Path | None = None,
) -> int:
    """The largest batch up to `most` whose steps ran in `free` bytes and left the margin, by trying from `guess` on; one
    more did not. Raises LoomError `out_of_memory` when not even one picture fits, `interrupted` when wished for."""
    peaks: dict[int, int] = {}
    fitting, failing = 0, most + 1
    batch = min(max(1, guess), most)
    while failing - fitting > 1:
        say(ProbeLine(event="trying", batch_size=batch))
        found = _try(run, batch, report, wish, start, parent)
        if found is None:
            say(ProbeLine(event="failed", batch_size=batch))
            failing = batch
        else:
            peaks[batch] = found.peak_memory_bytes
            say(told(batch, found))
            if found.peak_memory_bytes <= free * (1 - MARGIN):
                fitting = max(fitting, batch)
            else:
                failing = min(failing, batch)
        batch = _next(peaks, fitting, failing, free)
    if fitting == 0:
        what, key = ("text", "dataset.max_length") if isinstance(run, TextRun) else ("picture", "dataset.resolution")
        text = f"Not even one {what} at a time fits into memory."
        raise LoomError("out_of_memory", text, f"Set training.gradient_checkpointing, or lower {key}.")
    return fitting


def _next(peaks: dict[int, int], fitting: int, failing: int, free: int) -> int:
    """The size to try next, strictly between: where a line through what was measured ends, or through nothing and what
    was measured; else the middle."""
    if len(peaks) >= 2:
        low, *_, high = sorted(peaks)
        each = (peaks[high] - peaks[low]) / (high - low)
        if each > 0:
            reach = int(high + (free * (1 - MARGIN) - peaks[high]) / each)
            # the line is trusted to one picture: if it ends where it is known to fit, one more is tried
            return min(max(reach, fitting + 1), failing - 1)
    if fitting == 0:
        return max(1, failing // 2)
    # what grows with the batch is at most all of what it took: this is not too far
    reach = int(fitting * free * (1 - MARGIN) / peaks[fitting])
    return min(max(reach, fitting + 1), failing - 1)


def _try(run: Run, batch: int, report: AnyReport, wish: Wish, start: Start, parent: Path | None) -> Measured | None:
    """None where memory ran out."""
    tried = applied(run, {"training.batch_size": batch, "training.micro_batch": None, "sample.prompts": []})
    try:
        return probe(tried, report, wish, steps=STEPS, start=start, parent=parent)
    except LoomError as error:
        if error.code != "out_of_memory":
            raise
        return None


def told(batch: int, found: Measured) -> ProbeLine:
    """The line about one measurement."""
    return ProbeLine(
        event="measured",
        batch_size=batch,
        step_seconds=min(found.steps),
        peak_memory_bytes=found.peak_memory_bytes,
    )
