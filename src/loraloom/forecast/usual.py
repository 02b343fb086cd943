"""What runs like this one usually take: learning rates by optimizer, and what a step moves compared with them."""

from __future__ import annotations

import math

from loraloom.models.shape import Shape
from loraloom.spec.common import OptimizerName
from loraloom.spec.run import NATIVE_RESOLUTION, ImageRun, Lora, Run
from loraloom.spec.text import TextLora

SMALL_UNET = 100_000_000
"""Parameters below which a base is a small one: its weights are larger, and steps have to be too."""
SMALL_FACTOR = 10.0
"""The presets for the built-in base train at 1e-3 to 2e-3 where those for Stable Diffusion take 1e-4."""
RATES: dict[OptimizerName, float] = {
    "adamw": 1e-4,
    "adamw8bit": 1e-4,
    "adafactor": 1e-4,
    "adamw_schedulefree": 3e-4,
    "lion": 1e-5,
    "prodigy": 1.0,
}
"""For alpha = rank. 1e-4 is what the examples of kohya's sd-scripts, diffusers and ai-toolkit have for LoRA with AdamW, and
sd-scripts with Adafactor at a fixed rate; Lion's authors say 3 to 10 times less (arXiv:2302.06675, section 5); schedule-free
AdamW takes 1 to 10 times as much (its README); Prodigy finds its own, its README asks for 1."""


def is_small(shape: Shape) -> bool:
    """Whether the base is far smaller than Stable Diffusion (the built-in one is)."""
    return shape.parameters["unet"] < SMALL_UNET


def own_resolution(shape: Shape) -> int:
    """Side in pixels that a base was made for: its config's, or its family's."""
    side = shape.unet.get("sample_size")
    return side * shape.vae_factor if isinstance(side, int) else NATIVE_RESOLUTION[shape.family]


def scale(lora: Lora | TextLora) -> float:
    """What the adapter's output is multiplied by: alpha / rank, with rsLoRA alpha / sqrt(rank) (arXiv:2312.03732)."""
    return lora.alpha / (math.sqrt(lora.rank) if lora.rslora else lora.rank)


def usual_rate(run: ImageRun, shape: Shape) -> float:
    """The learning rate that runs with this optimizer on such a base take where alpha = rank."""
    rate = RATES[run.optimizer.name]
    return rate * SMALL_FACTOR if is_small(shape) and run.optimizer.name != "prodigy" else rate


def times_usual(run: ImageRun, shape: Shape) -> float:
    """How many usual steps one step of this run is worth."""
    return times_of(run, usual_rate(run, shape))


def times_of(run: Run, usual: float) -> float:
    """The same, where its like take the rate `usual`. Adam and its kin move a weight by the learning rate whatever the
    gradient, and alpha / rank multiplies what that does; Prodigy makes up for alpha by itself."""
    strength = 1.0 if run.optimizer.name == "prodigy" else scale(run.lora)
    return run.optimizer.learning_rate * strength / usual


def rounded(value: float) -> float:
    """To two digits that count, as people write learning rates."""
    return float(f"{value:.2g}")
