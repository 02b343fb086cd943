"""Advice before a run on texts: what settings and data set together will do that nobody wants, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence

from loraloom.forecast import advice_length, advice_rates
from loraloom.forecast.language import advice_data as data
from loraloom.forecast.language import advice_passes as passes
from loraloom.forecast.language.usual import usual_alpha, usual_rate
from loraloom.models.text_shape import TextShape
from loraloom.spec.example import TextPlan
from loraloom.spec.forecast import Advice
from loraloom.spec.text import TextRun


def advise(
    run: TextRun,
    plan: TextPlan,
    shape: TextShape,
    *,
    leaks: int = 0,
    prompts: Sequence[str] = (),
    course: Sequence[tuple[int, float]] = (),
) -> list[Advice]:
    """Plain warnings, the gravest first; empty for settings that are fine.

    `leaks`: held-out texts that say nearly what a trained one says. `prompts`: questions of the data set. `course`: (step,
    validation loss) of the last run on the same data set and base.
    """
    found = (
        advice_rates.far(run, usual_rate(run, shape), usual_alpha(run)),
        advice_rates.warmup(run, plan),
        data.beyond_context(run, plan, shape),
        passes.memorise(run, plan, shape),
        passes.barely_trained(run, plan, shape),
        advice_length.validation_rising(run, plan, course, "texts"),
        data.texts_cut(run, plan),
        data.leaking(plan, leaks),
        data.few_texts(plan),
        data.nothing_held_out(run, plan),
        data.no_answers(run, prompts),
    )
    return [advice for advice in found if advice is not None]
