"""What the loop asks of whatever is trained, pictures or texts. The loop knows nothing else about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from loraloom.models.resolve import BaseModel
from loraloom.train.ranks import Ranks


@dataclass(frozen=True)
class Setting:
    """What a family's `start` is given: one run, where it goes and whom to tell.

    `emit` says an event; `tell` does too and looks whether somebody wants the run to end, as `look` does: for the time up to
    the first step. `ranks` are the processes that share the run.
    """

    run_dir: Path
    run: Any
    """Of the family's own type."""
    base: BaseModel
    device: torch.device
    dtype: torch.dtype
    emit: Callable[[Any], None]
    tell: Callable[[Any], None]
    look: Callable[..., None]
    ranks: Ranks = field(default_factory=Ranks)


class Held(NamedTuple):
    """Mean loss on what is held out; `perplexity` where it is of tokens."""

    loss: float
    perplexity: float | None = None


class Task(Protocol):
    """One run's data and model, behind the few questions that the loop asks."""

    total_batches: int
    total_steps: int
    items: int
    """Pictures or examples that are trained on."""

    def groups(self) -> list[dict[str, Any]]:
        """Optimizer parameter groups, each with `params` and `lr`."""
        ...

    def adapter(self) -> dict[str, Tensor]:
        """Name -> trainable parameter, all of them, in a fixed order."""
        ...

    def parameters(self) -> int:
        """All parameters of what is adapted, trainable or not."""
        ...

    def mode(self, training: bool) -> None:
        """Switch dropout and the like on for training, off for everything else."""
        ...

    def epoch(self, position: int) -> int:
        """The epoch, from 1, that the batch at `position` belongs to."""
        ...

    def weight(self, position: int) -> float:
        """How much of the step's loss the batch at `position` is: its pictures, or its tokens."""
        ...

    def parts(self, position: int) -> int:
        """In how many parts the batch at `position` is computed: more where memory asks for smaller ones."""
        ...

    def loss(self, position: int, part: int) -> Tensor:
        """What `part` adds to the mean loss of the batch at `position`; the same numbers however the run got there."""
        ...

    def validate(self) -> Held | None:
        """What is held out, measured; None where nothing is."""
        ...

    def sample(self, step: int) -> None:
        """Make the samples of this step and say so."""
        ...

    def export(self, steps: int) -> Path:
        """Write the LoRA into `lora/` of the run folder, after `steps` steps, and prove that it reproduces what was trained.
        Returns the file with its weights."""
        ...
