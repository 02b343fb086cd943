"""What the API says of experiments, their cells, votes and ranking, of sweeps, and of what sets runs apart."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from loraloom.server.views import RunView
from loraloom.spec.experiment import Experiment, Measured, Prompt, Proposed, Ranked, Seed
from loraloom.spec.work import Label


class ExperimentCreate(BaseModel):
    """What to compare."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=200)
    """Empty: made of the names of what is compared."""
    experiment: Experiment
    priority: int = Field(0, ge=-100, le=100)
    labels: list[Label] = Field([], max_length=32, examples=[["a100"]])
    """Only a worker that has all of these may take it."""


class ColumnView(BaseModel):
    """One way of drawing, shown above a column. `candidate`, `base` and `sampler` count in the experiment's lists."""

    number: int
    candidate: int
    strength: float
    base: int
    sampler: int
    label: str


class CellView(BaseModel):
    """One picture or answer; it is `there` once it was made. On a ballot `number` is another one, and `column` is -1."""

    number: int
    column: int
    prompt: int
    seed: int
    there: bool
    picture: str | None = None
    text: str | None = None
    seconds: float = 0.0


class ExperimentView(BaseModel):
    """An experiment. It waits, goes and is steered as the run it is (`/api/runs/{id}/{verb}`); notes are the run's."""

    run: RunView
    experiment: Experiment
    columns: list[ColumnView]
    cells: list[CellView]
    measured: list[Measured]
    proposal: Proposed | None
    votes: int


class ExperimentSummary(BaseModel):
    """An experiment in a list."""

    run: RunView
    kind: Literal["images", "texts"]
    columns: int
    cells: int
    votes: int
    cover: str | None


class Ballot(BaseModel):
    """Two cells of the same prompt and seed, in chance order; null when everything was seen by you. What they are is not
    told. `done` of `total` pairs were judged by you."""

    left: CellView | None
    right: CellView | None
    prompt: str
    done: int
    total: int


class VoteCast(BaseModel):
    """Which of the two is better."""

    model_config = ConfigDict(extra="forbid")

    left: int = Field(ge=0)
    right: int = Field(ge=0)
    winner: Literal["left", "right", "tie"]


class Ranking(BaseModel):
    """Columns by votes, the best first; `voters` took part."""

    items: list[Ranked]
    votes: int
    voters: int
    proposal: Proposed | None


class SettingDiff(BaseModel):
    """One key of a config that is not the same in all runs; a value a run, in the order asked for."""

    key: str
    values: list[Any]


class RunDiff(BaseModel):
    """What sets runs apart."""

    runs: list[RunView]
    settings: list[SettingDiff]


class SweepCreate(BaseModel):
    """A config and the values of some keys that are tried: every combination becomes a run, all of them one experiment."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=200)
    dataset: str | None = Field(None, max_length=64)
    config: dict[str, Any] = Field(default_factory=dict)
    vary: dict[str, list[Any]] = Field(min_length=1, max_length=3, examples=[{"lora.rank": [4, 8, 16]}])
    prompts: list[Prompt] = Field(default_factory=list, max_length=50)
    """Empty: the sample prompts of the config."""
    seeds: list[Seed] = Field(default_factory=lambda: [1, 2], min_length=1, max_length=50)
    labels: list[Label] = Field([], max_length=32, examples=[["a100"]])
    """Only workers that have all of these may take the runs and the experiment."""


class SweepView(BaseModel):
    """The runs of a sweep and the experiment that compares them once they have finished."""

    runs: list[RunView]
    experiment: RunView
