"""What is known of a LoRA that is to be published: plain facts, wherever they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from loraloom.models.resolve import BaseModel
from loraloom.spec.experiment import Column, Experiment, Measured, Ranked, columns
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

Vote = tuple[int, int, str]
"""Numbers of two cells, and `left`, `right` or `tie`."""


@dataclass(frozen=True)
class Sample:
    """One picture or answer that a run made in training."""

    step: int
    prompt: str
    file: Path | None
    text: str | None = None


@dataclass(frozen=True)
class Finding:
    """A finished experiment with the LoRA in it. `mine` are the numbers of the candidates that are this LoRA."""

    id: str
    experiment: Experiment
    mine: frozenset[int]
    measured: tuple[Measured, ...] = ()
    votes: tuple[Vote, ...] = ()
    ranked: tuple[Ranked, ...] = ()
    """Columns by votes, the best first."""
    proposed: int | None = None
    """The column of this LoRA that is best by what was measured."""
    warnings: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])
    """What measures warn of, by column: `copies`, `leaks`, `loses_diversity`."""
    made: Mapping[int, tuple[Path | None, str | None]] = field(
        default_factory=dict[int, tuple[Path | None, str | None]]
    )
    """Number of a cell -> its picture or answer."""

    @property
    def columns(self) -> dict[int, Column]:
        """Columns of this LoRA at a strength of its own, by number."""
        listed = enumerate(columns(self.experiment))
        return {number: column for number, column in listed if column.candidate in self.mine and column.strength > 0}

    @property
    def base_columns(self) -> dict[int, Column]:
        """Columns of the base alone, by number."""
        listed = enumerate(columns(self.experiment))
        kinds = self.experiment.candidates
        return {number: column for number, column in listed if kinds[column.candidate].what == "base"}


@dataclass(frozen=True)
class Subject:
    """A LoRA. `file` is the `.safetensors`; of a language model the weights inside its PEFT folder."""

    label: str
    """As the person calls it; never a path."""
    file: Path
    family: str
    """Of `spec.run.Family`, or what a file made elsewhere says it is."""
    base_model: str
    """What a config calls the base."""
    base: BaseModel | None = None
    """None where it is not on this machine and not known."""
    run: Run | None = None
    """None for one that was made elsewhere."""
    trigger: str = ""
    steps: int = 0
    images: int | None = None
    resolution: int | None = None
    rank: int | None = None
    alpha: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    """The file's header."""
    samples: tuple[Sample, ...] = ()
    findings: tuple[Finding, ...] = ()
    """The newest first."""
    preview: Path | None = None

    @property
    def kind(self) -> Literal["images", "texts"]:
        """Whether it draws or writes."""
        return "texts" if isinstance(self.run, TextRun) or self.family == "causal_lm" else "images"
