"""What a run says while it goes: one event a line in `events.jsonl`, append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Stage = Literal["loading", "caching", "training", "sampling", "exporting", "captioning", "comparing", "measuring"]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=True, ser_json_inf_nan="strings")


class RunStarted(_Event):
    """The child took the run: from step `step` of `total_steps` (0, or the checkpoint it resumes from)."""

    type: Literal["RunStarted"] = "RunStarted"
    run: str
    family: str
    base_model: str
    device: str
    step: int
    total_steps: int
    images: int
    """Pictures, or examples of texts, that are trained on."""
    trainable_parameters: int
    parameters: int | None = None
    """All of the model that is adapted."""
    pid: int


class StageStarted(_Event):
    """A stage began; `total` is in the stage's own unit (pictures, steps, prompts, files)."""

    type: Literal["StageStarted"] = "StageStarted"
    stage: Stage
    total: int


class StageProgressed(_Event):
    """`done` of `total` of a stage."""

    type: Literal["StageProgressed"] = "StageProgressed"
    stage: Stage
    done: int
    total: int


class StepLogged(_Event):
    """One optimizer step. Times in seconds, memory in bytes; `eta` is the middle of its range."""

    type: Literal["StepLogged"] = "StepLogged"
    step: int
    total_steps: int
    epoch: int
    loss: float
    smoothed_loss: float
    lr: float
    step_seconds: float
    eta_seconds: float
    eta_low_seconds: float
    eta_high_seconds: float
    memory_bytes: int
    peak_memory_bytes: int
    device: str
    grad_norm: float | None = None


class ValidationLogged(_Event):
    """Mean loss on what is held out: pictures at fixed noise and timesteps, tokens of texts."""

    type: Literal["ValidationLogged"] = "ValidationLogged"
    step: int
    loss: float
    perplexity: float | None = None
    """exp(loss) of texts."""


class SampleSaved(_Event):
    """A picture or an answer was made from the weights in training; `file` is relative to the run folder."""

    type: Literal["SampleSaved"] = "SampleSaved"
    step: int
    file: str
    prompt: str
    seed: int
    strength: float = 1.0
    text: str | None = None
    """The answer, where it is one."""


class CheckpointSaved(_Event):
    """A checkpoint is whole on disk; `folder` is relative to the run folder."""

    type: Literal["CheckpointSaved"] = "CheckpointSaved"
    step: int
    folder: str
    reason: Literal["steps", "minutes", "end", "interrupted", "asked", "memory"]


class SettingsLowered(_Event):
    """Memory ran out and a setting was lowered so that the run could go on."""

    type: Literal["SettingsLowered"] = "SettingsLowered"
    key: str
    old: Any
    new: Any
    reason: str


class WarningRaised(_Event):
    """Something the user should know that does not stop the run."""

    type: Literal["WarningRaised"] = "WarningRaised"
    code: str
    message: str
    hint: str = ""


class RunFinished(_Event):
    """The run is done. `lora` is relative to the run folder; seconds are of this child, sums are in the run's summary."""

    type: Literal["RunFinished"] = "RunFinished"
    lora: str
    steps: int
    loss_first: float
    loss_last: float
    seconds: float
    seconds_per_step: float
    seconds_to_first_step: float
    peak_memory_bytes: int
    samples: list[str]


class CaptionsFinished(_Event):
    """A captioning is done: pictures of all its children that have a caption now; seconds, cost and tokens of this child.
    `failed` pictures are named in warnings. The cost is in the currency of the prices that were given."""

    type: Literal["CaptionsFinished"] = "CaptionsFinished"
    images: int
    seconds: float
    cost: float = 0.0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


class ExperimentFinished(_Event):
    """An experiment is done: its cells in all, seconds of this child."""

    type: Literal["ExperimentFinished"] = "ExperimentFinished"
    cells: int
    seconds: float
    failed: int = 0


class RunInterrupted(_Event):
    """The run stopped when asked to; its newest checkpoint is of `step` and `train RUN_DIR` goes on from it."""

    type: Literal["RunInterrupted"] = "RunInterrupted"
    step: int
    signal: str


class RunFailed(_Event):
    """The run cannot go on: a code of `spec.errors.CODES`, a sentence, what to do."""

    type: Literal["RunFailed"] = "RunFailed"
    code: str
    message: str
    hint: str


class RunLost(_Event):
    """The child vanished without a word, or stopped moving; `resumes`: it is started again from its newest checkpoint.
    Written by the server once the child is gone."""

    type: Literal["RunLost"] = "RunLost"
    code: str
    message: str
    hint: str
    resumes: bool


Payload = Annotated[
    RunStarted
    | StageStarted
    | StageProgressed
    | StepLogged
    | ValidationLogged
    | SampleSaved
    | CheckpointSaved
    | SettingsLowered
    | WarningRaised
    | RunFinished
    | CaptionsFinished
    | ExperimentFinished
    | RunInterrupted
    | RunFailed
    | RunLost,
    Field(discriminator="type"),
]
PAYLOAD: TypeAdapter[Payload] = TypeAdapter(Payload)


class Event(BaseModel):
    """One line of `events.jsonl`: `seq` counts from 1 without gaps over all children of a run."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    seq: int
    time: datetime
    type: str
    payload: Payload


def encode(seq: int, time: datetime, payload: _Event) -> str:
    """One JSON line (with its newline) for `events.jsonl`."""
    return Event(seq=seq, time=time, type=payload.type, payload=payload).model_dump_json() + "\n"  # type: ignore[attr-defined,arg-type]


def decode(line: str) -> Event:
    """Read one line of `events.jsonl`; raises pydantic's ValidationError on a torn or foreign line."""
    return Event.model_validate_json(line)
