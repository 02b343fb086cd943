"""What every run has, pictures or texts: length, pace, checkpoints, validation. Groups of one kind add their own fields."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import model_validator

from loraloom.spec.knob import Group, knob

Precision = Literal["auto", "fp32", "bf16", "fp16"]
OptimizerName = Literal["adamw", "adamw8bit", "prodigy", "adafactor", "lion", "adamw_schedulefree"]
SchedulerName = Literal["constant", "linear", "cosine", "cosine_with_restarts", "polynomial"]


class Length(Group):
    """How long, how much at once, and in which precision: what every family has."""

    epochs: int | None = knob(None, "Passes over the data set; give this or `steps`.", "epochs", ge=1)
    steps: int | None = knob(None, "Optimizer steps; give this or `epochs`.", "steps", ge=1)
    batch_size: int = knob(
        1,
        "Pictures or texts at once: steadier gradients and better use of the card, more memory. `auto`: as many as fit.",
        "pictures or texts",
        ge=1,
    )
    micro_batch: int | None = knob(
        None,
        "How much of a batch is computed at once; empty: all. Less needs less memory; the result is the same.",
        "pictures or texts",
        ge=1,
    )
    accumulation: int = knob(
        1, "Batches added up before one step: a larger effective batch without more memory.", "batches", ge=1
    )
    precision: Precision = knob(
        "auto", "Number format of the frozen base; auto is bf16 where it is fast, fp32 for tiny models and old CPUs."
    )
    gradient_checkpointing: bool = knob(
        False, "Recompute instead of keeping activations: far less memory, steps about 45 % slower."
    )
    max_grad_norm: float = knob(1.0, "Gradients longer than this are shortened; 0 turns clipping off.", ge=0)
    ema: float = knob(
        0.0,
        "Decay of an average of the weights that is saved instead of the last ones; 0 is off.",
        "0 to 1",
        ge=0,
        lt=1,
    )
    seed: int = knob(42, "Same seed, same data, same machine: same LoRA.", ge=0, lt=2**32)
    device: str = knob("auto", "auto, cpu, cuda, cuda:1 or mps.", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    processes: int = knob(
        1,
        "Devices of this machine that share each batch: faster steps, less memory on each, the same result.",
        "devices",
        ge=1,
        le=64,
    )
    threads: int | None = knob(None, "CPU threads; empty lets torch choose.", "threads", ge=1)

    def at_once(self, batch: int) -> int:
        """How many of a batch of so many are computed at once: by `micro_batch`, and no more than the share of a process."""
        return min(self.micro_batch or batch, math.ceil(batch / self.processes))

    def passes(self, batch: int) -> int:
        """How often each process goes there and back for a batch of so many."""
        return math.ceil(math.ceil(batch / self.at_once(batch)) / self.processes)

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.epochs is not None and self.steps is not None:
            raise ValueError("give epochs or steps, not both")
        if self.epochs is None and self.steps is None:
            raise ValueError("give epochs or steps")
        return self


class Pace(Group):
    """What moves the weights, and how fast over the run."""

    name: OptimizerName = knob(
        "adamw", "adamw is the safe one; prodigy finds its own rate; 8-bit saves memory on CUDA."
    )
    learning_rate: float = knob(
        1e-4, "How far each step goes: too high burns, too low learns nothing. Prodigy wants 1.", gt=0, le=10
    )
    weight_decay: float = knob(0.01, "Pull towards zero at every step: less overfitting.", ge=0, le=1)
    betas: tuple[float, float] = knob((0.9, 0.999), "How long gradients are remembered.")
    scheduler: SchedulerName = knob("cosine", "Course of the learning rate over the run.")
    warmup: float = knob(
        0.0, "Steps (from 1 up) or share of the run (below 1) over which the rate rises from 0.", "steps or share", ge=0
    )
    restarts: int = knob(1, "Cycles of cosine_with_restarts.", "cycles", ge=1)
    power: float = knob(1.0, "Exponent of the polynomial schedule.", gt=0)

    @model_validator(mode="after")
    def _betas_in_range(self) -> Self:
        if not all(0 <= b < 1 for b in self.betas):
            raise ValueError("betas must lie in [0, 1)")
        return self


class Checkpoints(Group):
    """When the state of training is written, and which checkpoints stay."""

    every_steps: int | None = knob(None, "Write one every so many steps.", "steps", ge=1)
    every_minutes: float | None = knob(
        10, "Write one when so long has passed: what `kill -9` can cost.", "minutes", gt=0
    )
    keep_last: int = knob(3, "How many of the newest stay.", "checkpoints", ge=1)
    keep_every: int | None = knob(None, "Those at multiples of this stay for good, for comparison.", "steps", ge=1)


class Validation(Group):
    """Pictures or texts held out of training, whose loss shows overfitting."""

    share: float = knob(0.0, "Share of the pictures or texts held out; 0 holds none.", "0 to 1", ge=0, le=0.5)
    every_steps: int = knob(100, "Measure every so many steps.", "steps", ge=1)
    patience: int | None = knob(
        None, "End the run after so many measurements without a better one; empty: never.", "measurements", ge=1
    )
