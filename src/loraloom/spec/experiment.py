"""Runs, checkpoints and LoRAs compared on the same prompts and seeds: what is asked, cell by cell, and what was measured."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loraloom.spec.drawing import Sampler

Kind = Literal["images", "texts"]
Strength = Annotated[float, Field(ge=-4, le=4)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Prompt = Annotated[str, Field(max_length=4000)]
MOST_CELLS = 5000
JOB, CELLS, DONE, MEASURES = "job.yaml", "cells", "cells.jsonl", "measures.json"
"""Files of the run folder of an experiment: what is to be done, pictures, a line for every cell, what was measured."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Candidate(_Frozen):
    """One thing that is compared: the base alone, a LoRA by its id, or a checkpoint of a run (`step` None: the run's LoRA,
    once it has finished)."""

    what: Literal["base", "lora", "run"]
    id: str | None = Field(default=None, max_length=64)
    """Of the LoRA or the run."""
    step: int | None = Field(default=None, ge=0, le=10**9)
    label: str = Field(default="", max_length=200)

    @model_validator(mode="after")
    def _names_it(self) -> Self:
        if self.what != "base" and not self.id:
            raise ValueError("a LoRA or a run is named by its id")
        return self


class Experiment(_Frozen):
    """What is compared with what. Every candidate is drawn (or answers) at every strength, on every base, with every
    sampler, for every prompt and seed; the same seed is the same noise everywhere. The base alone is drawn once for all
    strengths."""

    kind: Kind = "images"
    candidates: tuple[Candidate, ...] = Field(min_length=1, max_length=50)
    strengths: tuple[Strength, ...] = Field(default=(1.0,), min_length=1, max_length=20)
    prompts: tuple[Prompt, ...] = Field(min_length=1, max_length=50)
    seeds: tuple[Seed, ...] = Field(default=(1,), min_length=1, max_length=50)
    bases: tuple[str, ...] = Field(default=(), max_length=10)
    """What a config calls them; empty: the base of the first LoRA or run."""
    samplers: tuple[Sampler, ...] = Field(default=("ddim",), min_length=1, max_length=5)
    negative_prompt: str = Field(default="", max_length=4000)
    steps: int | None = Field(default=None, ge=1, le=150)
    guidance: float | None = Field(default=None, ge=0, le=50)
    width: int | None = Field(default=None, ge=32, le=2048, multiple_of=8)
    height: int | None = Field(default=None, ge=32, le=2048, multiple_of=8)
    system: str = Field(default="", max_length=4000)
    """Texts: what the model is told before each prompt."""
    max_tokens: int = Field(default=200, ge=1, le=4096)
    measure: bool = True
    after: tuple[str, ...] = Field(default=(), max_length=50)
    """Ids of runs that have to end first: those of a sweep."""

    @model_validator(mode="after")
    def _is_not_too_much(self) -> Self:
        if len(columns(self)) * len(self.prompts) * len(self.seeds) > MOST_CELLS:
            raise ValueError("that is too much for one experiment: leave out prompts, seeds or strengths")
        return self


class Column(NamedTuple):
    """One way of drawing, which all prompts and seeds share; numbers count in the lists of the experiment."""

    candidate: int
    strength: float
    base: int
    sampler: int


class Cell(NamedTuple):
    """One picture or answer; its `number` is its file's name and never changes."""

    number: int
    column: int
    prompt: int
    seed: int


def columns(experiment: Experiment) -> list[Column]:
    """In the order of the experiment's lists; the base alone has strength 0, once."""
    found: dict[Column, None] = {}
    bases, samplers = range(max(1, len(experiment.bases))), range(len(experiment.samplers))
    for base, sampler, (number, candidate) in product(bases, samplers, enumerate(experiment.candidates)):
        for strength in experiment.strengths:
            found[Column(number, 0.0 if candidate.what == "base" else strength, base, sampler)] = None
    return list(found)


def cells(experiment: Experiment) -> list[Cell]:
    """Column by column, so that a LoRA is put on once."""
    places = product(range(len(columns(experiment))), range(len(experiment.prompts)), range(len(experiment.seeds)))
    return [Cell(number, *place) for number, place in enumerate(places)]


def file_of(number: int) -> str:
    """Where the picture of a cell lies, relative to the run folder."""
    return f"{CELLS}/{number:06d}.png"


class ExperimentJob(_Frozen):
    """What the comparing process is given (`job.yaml`). Paths are relative to the run folder, or absolute for what
    lies outside of it; lists go by candidate."""

    experiment: Experiment
    bases: tuple[str, ...] = Field(min_length=1)
    """What the child loads, in the order of the experiment's bases."""
    loras: tuple[str | None, ...]
    """A file, a PEFT folder or a checkpoint of a run; None for the base alone."""
    triggers: tuple[tuple[str, ...], ...]
    """Words that call a LoRA: they stand for `[trigger]` in prompts, and are taken out to see what leaks."""
    pictures: tuple[str | None, ...]
    """Folder of the pictures that were trained on, named by their ids; the base has those of the first that has any."""
    texts: str | None = None
    """JSON list of held-out texts."""
    left_out: tuple[str, ...] = ()
    """Why candidates are not there: a sentence each, empty for those that are."""
    clip: str | None = None
    """Folder of the CLIP that measures; None: the embedded one."""
    device: str = "auto"
    threads: int | None = Field(default=None, ge=1)


class CellDone(BaseModel):
    """A line of `cells.jsonl`: a cell that is there. `file` is relative to the run folder."""

    model_config = ConfigDict(frozen=True)

    number: int
    file: str | None = None
    text: str | None = None
    seconds: float = 0.0


class Measured(BaseModel):
    """What was measured of one column; None where it cannot be. What each can and cannot say: docs/experiments.md.

    `adherence`: mean cosine of picture and prompt (CLIP), higher is nearer to the prompt. `style`: distance of the look
    from the pictures that were trained on, lower is nearer, 1 is as far as their own size. `diversity`: mean distance of
    pictures of one prompt with different seeds, 0 is always the same. `nearest`: largest likeness of a picture to one that
    was trained on, 1 is a copy. `leak`: how far pictures of prompts without the trigger are from the base's own, 0 is not
    at all. `perplexity` is of held-out texts.
    """

    model_config = ConfigDict(frozen=True)

    column: int
    adherence: float | None = None
    style: float | None = None
    diversity: float | None = None
    nearest: float | None = None
    nearest_cell: int | None = None
    nearest_image: str | None = None
    """Of the data set, by its id."""
    leak: float | None = None
    perplexity: float | None = None


class Ranked(BaseModel):
    """A column by its votes: Bradley-Terry strength (log odds against the mean) with its 95 % interval."""

    model_config = ConfigDict(frozen=True)

    column: int
    score: float
    low: float
    high: float
    wins: float
    """A tie is half a win."""
    votes: int


class Proposed(BaseModel):
    """The column that is proposed, and why: keys of sentences with their numbers."""

    model_config = ConfigDict(frozen=True)

    column: int
    by: Literal["votes", "measures"]
    sure: bool
    """Whether the next one is clearly behind."""
    reasons: tuple[Reason, ...] = ()


class Reason(BaseModel):
    """`votes_first`, `best_adherence`, `best_style`, `keeps_diversity`, `copies`, `leaks`, ... and what it is about."""

    model_config = ConfigDict(frozen=True)

    key: str
    value: float | None = None
    other: float | None = None
    text: str = ""
    """In English."""


Proposed.model_rebuild()
