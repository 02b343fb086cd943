"""How often a run does what is measured or reckoned once: what the sum over its stages needs to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from loraloom.spec.common import Checkpoints

PROBE_MEMORY = 0.03
"""Half of the range of memory after a measurement, in parts of the middle. Of pictures it varies little: of eight varied
runs all were within 2 %, seven within 1 %."""


@dataclass(frozen=True)
class Amounts:
    """Of one run. What is measured is measured with full batches, few pictures and short samples: `fill`, `cached` and
    `drawn` say how much more or less the run's own are."""

    steps: int
    validation: float
    """Time of all validations together, in mean steps."""
    disk: Callable[[float, float, float], int]
    """(seconds of the run, bytes of a checkpoint, bytes of the LoRA) -> bytes that stay."""
    small_file: bool
    """Whether the LoRA is written in half of fp32."""
    fill: float = 1.0
    """Time of the mean batch in parts of a measured one."""
    cached: float = 0.0
    """What is prepared before the first step, in the unit that was measured: latents."""
    drawn: float = 0.0
    """Time of all samples in measured rounds."""
    memory_spread: float = PROBE_MEMORY
    """What may be off of a measured peak, in parts of it."""


def kept_checkpoints(rules: Checkpoints, steps: int, seconds: float) -> int:
    """Checkpoints that stay. They are written by a thread beside the training, every so many steps or minutes, and at the
    end."""
    kept = rules.keep_last + (steps // rules.keep_every if rules.keep_every else 0)
    written = ceil(steps / rules.every_steps) if rules.every_steps else 1
    if rules.every_minutes:
        written += int(seconds / (rules.every_minutes * 60))
    return min(kept, written)
