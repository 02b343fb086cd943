"""What the loop asks of whatever is trained: pictures now, texts later. The loop knows nothing else about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from loraloom.models.lora_metadata import LoraFacts


class Task(Protocol):
    """One run's data and model, behind the few questions that the loop asks."""

    def groups(self) -> list[dict[str, Any]]:
        """Optimizer parameter groups, each with `params` and `lr`."""
        ...

    def adapter(self) -> dict[str, Tensor]:
        """Name -> trainable parameter, all of them, in a fixed order."""
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

    def validation_loss(self) -> float | None:
        """Mean loss on what is held out; None where nothing is."""
        ...

    def sample(self, step: int) -> None:
        """Draw the samples of this step and say so."""
        ...

    def export(self, file: Path, facts: LoraFacts) -> None:
        """Write the LoRA and prove that the file reproduces what was trained."""
        ...
