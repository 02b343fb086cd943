"""Advice before a run on pictures: what settings and data set together will do that nobody wants, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence

from loraloom.forecast import advice_data, advice_length, advice_rates
from loraloom.models.shape import Shape
from loraloom.spec.dataset import Plan
from loraloom.spec.forecast import Advice
from loraloom.spec.run import ImageRun


def advise(
    run: ImageRun,
    plan: Plan,
    shape: Shape,
    *,
    cut: int = 0,
    room: int = advice_data.ROOM,
    course: Sequence[tuple[int, float]] = (),
) -> list[Advice]:
    """Plain warnings, the gravest first; empty for settings that are fine.

    `cut`: pictures with a caption longer than the `room` tokens that are read (`advice_data.cut_captions`). `course`: (step,
    validation loss) of the last run on the same data set and base. Thresholds stand with where they are from in the modules
    that this one calls.
    """
    found = (
        advice_rates.rate(run, shape),
        advice_rates.text_rate(run, shape),
        advice_rates.warmup(run, plan),
        advice_length.memorise(run, plan, shape),
        advice_length.barely_trained(run, plan, shape),
        advice_length.validation_rising(run, plan, course),
        advice_data.resolution_far(run, shape),
        advice_data.pictures_small(run, plan, shape),
        advice_data.captions_cut(plan, cut, room),
        advice_data.no_words(run, plan),
        advice_data.no_samples(run, plan),
    )
    return [advice for advice in found if advice is not None]
