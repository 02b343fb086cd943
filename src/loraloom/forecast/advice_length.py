"""Advice about the length of a run: too long for so few pictures, too short to show, past where the last one was best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from loraloom.forecast.advice_rates import FAR
from loraloom.forecast.model import AnyPlan
from loraloom.forecast.usual import is_small, times_usual
from loraloom.models.shape import Shape
from loraloom.spec.dataset import Plan
from loraloom.spec.forecast import Advice
from loraloom.spec.run import ImageRun, Run

MEMORISES = 150.0
"""Passes over a picture. diffusers' DreamBooth example makes 100 (500 steps on 5 pictures), sd-scripts' users about as many,
ai-toolkit's example 100 to 200 (2,000 steps on 10 to 20 pictures); our presets 10 to 60."""
MEMORISES_SMALL = 250.0
"""On a small base, which learns less from each."""
PASSES = 100.0
"""What a run that would memorise is cut to."""
BARELY = 50.0
"""Usual steps: the shortest of our presets on 20 pictures comes to 100."""
ENOUGH = 200.0
RISEN = 0.03
"""Part by which the validation loss must have risen above its lowest. It is measured at fixed noise and timesteps, so that
it hardly jumps."""


def passes(plan: Plan) -> float:
    """How often the run shows each picture, repeats included."""
    return plan.epochs * plan.samples / len(plan.images)


def memorise(run: ImageRun, plan: Plan, shape: Shape) -> Advice | None:
    """`memorise`: few pictures, many steps."""
    seen = passes(plan)
    if seen <= (MEMORISES_SMALL if is_small(shape) else MEMORISES):
        return None
    pictures, steps = len(plan.images), plan.total_steps
    mends = length(run, plan, PASSES / seen)
    return Advice(
        code="memorise",
        message=f"{pictures} pictures and {steps} steps: each is seen {seen:.0f} times, and the LoRA will memorise them.",
        hint=f"About {PASSES:.0f} times is enough: " + said(mends),
        mends=mends,
        values={"pictures": pictures, "steps": steps, "passes": round(seen), "enough": round(PASSES)},
    )


def barely_trained(run: ImageRun, plan: Plan, shape: Shape) -> Advice | None:
    """`barely_trained`: over before anything shows. Rates that are far off have advice of their own and are not counted."""
    times = times_usual(run, shape)
    worth = plan.total_steps * (times if 1 / FAR <= times <= FAR and run.lora.unet else 1.0)
    if worth >= BARELY:
        return None
    more = max(1.0, min(ENOUGH / worth, PASSES / passes(plan)))
    mends = length(run, plan, more)
    return Advice(
        code="barely_trained",
        message=f"{plan.total_steps} steps are few: the LoRA will hardly show.",
        hint="Train longer: " + said(mends),
        mends=mends,
        values={"steps": plan.total_steps, "pictures": len(plan.images)},
    )


def validation_rising(
    run: Run, plan: AnyPlan, course: Sequence[tuple[int, float]], what: Literal["pictures", "texts"] = "pictures"
) -> Advice | None:
    """`validation_rising`, of texts `texts_rising`: the last run like this was best before its end. `course`: (step, loss)
    of it, in order."""
    finite = [(step, loss) for step, loss in course if math.isfinite(loss) and step > 0]
    if len(finite) < 3:
        return None
    best, lowest = min(finite, key=lambda point: point[1])
    last, loss = finite[-1]
    if loss <= lowest * (1 + RISEN) or plan.total_steps <= best:
        return None
    mends = length(run, plan, best / plan.total_steps)
    return Advice(
        code="validation_rising" if what == "pictures" else "texts_rising",
        message=f"The last run on these {what} had its lowest validation loss at step {best}; by step {last} it was "
        f"{100 * (loss / lowest - 1):.0f} % higher.",
        hint="Stop where it was lowest: " + said(mends),
        mends=mends,
        values={"best": best, "last": last, "percent": round(100 * (loss / lowest - 1)), "steps": plan.total_steps},
    )


def length(run: Run, plan: AnyPlan, factor: float) -> dict[str, Any]:
    """The length times `factor`, in the unit that the run has; in steps where less than an epoch is left."""
    if run.training.epochs is not None:
        epochs = run.training.epochs * factor
        whole = math.ceil(epochs) if factor > 1 else math.floor(epochs + 0.05)  # 0.05: steps are not whole epochs
        if whole >= 1:
            return {"training.epochs": whole}
        return {"training.epochs": None, "training.steps": max(1, round(plan.total_steps * factor))}
    return {"training.steps": max(1, round(plan.total_steps * factor))}


def said(mends: dict[str, Any]) -> str:
    """Settings and their values, as a person would type them."""
    return ", ".join(f"{key} {value}" for key, value in mends.items() if value is not None) + "."
