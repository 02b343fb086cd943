"""Advice about learning rates: far from what the optimizer usually takes with this alpha and rank."""

from __future__ import annotations

from typing import Any

from loraloom.forecast.model import AnyPlan
from loraloom.forecast.usual import rounded, scale, times_of, usual_rate
from loraloom.models.shape import Shape
from loraloom.spec.forecast import Advice
from loraloom.spec.run import ImageRun, Run

FAR = 8.0
"""Times above or below the usual. Rates in use with AdamW, times alpha / rank, lie between 5e-5 (sd-scripts' guides: 1e-4
with alpha half of the rank) and 4e-4 (the defaults of lora-scripts: 2e-4 with alpha twice the rank); 1e-3 burns."""
TEXT_PART = 0.5
"""Of the UNet's usual rate: 5e-5 beside 1e-4 in sd-scripts' guides."""
TEXT_FAR = 4.0
WARMUP_PART = 0.5
"""Share of the run after which the rate should have risen."""


def rate(run: ImageRun, shape: Shape) -> Advice | None:
    """`rate_high`, `rate_low`, or `alpha_zero_like` where alpha is to blame."""
    if not run.lora.unet:
        return None
    return far(run, usual_rate(run, shape), _usual_alpha(run))


def far(run: Run, usual: float, usual_alpha: float) -> Advice | None:
    """The same of any run, where `usual` is the rate that its like take with alpha = rank."""
    optimizer, lora = run.optimizer, run.lora
    times = times_of(run, usual)
    if 1 / FAR <= times <= FAR:
        return None
    prodigy = optimizer.name == "prodigy"
    alpha_to_blame = not prodigy and usual / 2 <= optimizer.learning_rate <= usual * 2
    values: dict[str, Any] = {
        "rate": optimizer.learning_rate,
        "optimizer": optimizer.name,
        "alpha": lora.alpha,
        "rank": lora.rank,
        "times": rounded(times if times > 1 else 1 / times),
    }
    mended = usual if prodigy else rounded(min(10.0, usual / scale(lora)))
    mends: dict[str, Any] = {"lora.alpha": usual_alpha} if alpha_to_blame else {"optimizer.learning_rate": mended}
    what = f"The learning rate {optimizer.learning_rate:g}" + (
        "" if prodigy else f" with alpha {lora.alpha:g} / rank {lora.rank}"
    )
    if times > 1:
        says = f"{what} is {values['times']:g} times what {optimizer.name} usually takes: the LoRA will burn."
        return Advice(code="rate_high", message=says, hint=_hint(mends), mends=mends, values=values)
    says = f"{what} is {values['times']:g} times less than {optimizer.name} usually takes: hardly anything will be learned."
    code = "alpha_zero_like" if alpha_to_blame else "rate_low"
    return Advice(code=code, message=says, hint=_hint(mends), mends=mends, values=values)


def text_rate(run: ImageRun, shape: Shape) -> Advice | None:
    """`text_encoder_rate`: text encoders that move faster than the UNet or far faster than usual."""
    optimizer = run.optimizer
    text = optimizer.text_encoder_learning_rate
    if not run.lora.text_encoder or optimizer.name == "prodigy":  # which has one rate for all
        return None
    usual = usual_rate(run, shape) * TEXT_PART / scale(run.lora)
    now = text or optimizer.learning_rate
    if now <= usual * TEXT_FAR and (now <= optimizer.learning_rate or not run.lora.unet):
        return None
    mended = rounded(min(usual, optimizer.learning_rate / 2) if run.lora.unet else usual)
    return Advice(
        code="text_encoder_rate",
        message=f"The text encoders learn at {now:g}, usual is {mended:g}: words soon lose what they meant.",
        hint=f"Set optimizer.text_encoder_learning_rate to {mended:g}.",
        mends={"optimizer.text_encoder_learning_rate": mended},
        values={"rate": now, "unet_rate": optimizer.learning_rate, "usual": mended},
    )


def warmup(run: Run, plan: AnyPlan) -> Advice | None:
    """`warmup_long`: the run is half over before its rate is reached."""
    steps = run.optimizer.warmup
    if steps < 1 or steps <= plan.total_steps * WARMUP_PART:
        return None
    return Advice(
        code="warmup_long",
        message=f"The rate rises over {steps:g} of {plan.total_steps} steps: it is hardly reached.",
        hint="Set optimizer.warmup to 0.05, a share of the run.",
        mends={"optimizer.warmup": 0.05},
        values={"warmup": steps, "steps": plan.total_steps},
    )


def _usual_alpha(run: ImageRun) -> float:
    """Half of the rank, as sd-scripts' guides have it; with rsLoRA its root."""
    rank = run.lora.rank
    return rounded(rank**0.5) if run.lora.rslora else max(1.0, rank / 2)


def _hint(mends: dict[str, Any]) -> str:
    return " ".join(f"Set {key} to {value:g}." for key, value in mends.items())
