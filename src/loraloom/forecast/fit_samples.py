"""Pictures drawn while training, as large as fit beside it."""

from __future__ import annotations

from bisect import bisect_left

from loraloom.forecast.ladder import STEP
from loraloom.forecast.room import Changes, Room
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

SIDES = ("sample.width", "sample.height")


def smaller_samples(room: Room, run: Run, changes: Changes) -> Changes:
    """Samples as large as fit, their longer side down to half of what is trained at; empty when they are as small, or
    answers."""
    if isinstance(run, TextRun):
        return {}
    shown = (run.sample.width or run.dataset.resolution, run.sample.height or run.dataset.resolution)
    sides = range(max(STEP, run.dataset.resolution // 2 // STEP * STEP), max(shown), STEP)
    sizes = [_samples(shown, side) for side in sides]
    largest = bisect_left(sizes, True, key=lambda size: not room.fits(changes | size, only="sampling")) - 1
    return sizes[max(0, largest)] if sizes else {}


def _samples(shown: tuple[int, int], longer: int) -> Changes:
    width, height = (max(STEP, side * longer // max(shown) // STEP * STEP) for side in shown)
    return dict(zip(SIDES, (width, height), strict=True))
