"""Advice about the length of a run on texts: too long for so few, too short to show."""

from __future__ import annotations

from loraloom.forecast.advice_length import length, said
from loraloom.forecast.advice_rates import FAR
from loraloom.forecast.language.usual import is_small, usual_rate
from loraloom.forecast.usual import times_of
from loraloom.models.text_shape import TextShape
from loraloom.spec.example import TextPlan
from loraloom.spec.forecast import Advice
from loraloom.spec.text import TextRun

MEMORISES = 30.0
"""Passes over an example. Alpaca and LLaMA-Factory's examples make 3, LIMA 15 over its 1,000 (arXiv:2305.11206)."""
MEMORISES_SMALL = 100.0
"""On a small base, which learns less from each, and a LoRA that is to know facts by heart."""
PASSES = 10.0
"""What a run that would memorise is cut to."""
BARELY = 15.0
"""Usual steps."""
ENOUGH = 60.0


def seen(plan: TextPlan) -> float:
    """How often the run shows each text, repeats included."""
    return plan.epochs * plan.repeats


def memorise(run: TextRun, plan: TextPlan, shape: TextShape) -> Advice | None:
    """`texts_memorised`: few texts, many steps."""
    times = seen(plan)
    if times <= (MEMORISES_SMALL if is_small(shape) else MEMORISES):
        return None
    mends = length(run, plan, PASSES / times)
    return Advice(
        code="texts_memorised",
        message=f"{plan.examples} texts and {plan.total_steps} steps: each is seen {times:.0f} times, and the LoRA will say "
        "them by heart.",
        hint=f"About {PASSES:.0f} times is enough: " + said(mends),
        mends=mends,
        values={
            "texts": plan.examples,
            "steps": plan.total_steps,
            "passes": round(times),
            "enough": round(PASSES),
        },
    )


def barely_trained(run: TextRun, plan: TextPlan, shape: TextShape) -> Advice | None:
    """`barely_trained`: over before anything shows. Rates that are far off have advice of their own and are not counted."""
    times = times_of(run, usual_rate(run, shape))
    worth = plan.total_steps * (times if 1 / FAR <= times <= FAR else 1.0)
    if worth >= BARELY:
        return None
    mends = length(run, plan, max(1.0, ENOUGH / worth))
    return Advice(
        code="barely_trained",
        message=f"{plan.total_steps} steps are few: the LoRA will hardly show.",
        hint="Train longer: " + said(mends),
        mends=mends,
        values={"steps": plan.total_steps, "texts": plan.examples},
    )
