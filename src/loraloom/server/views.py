"""What the API says of a run, a LoRA and a base model."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from loraloom.jobs.waits import Waits
from loraloom.store.tables import State

ModelState = Literal["ready", "preparing", "missing", "not_prepared"]


class Named(BaseModel):
    """Something with a name, by its id."""

    id: str
    name: str


class RunError(BaseModel):
    """Why a run failed, or why its child had to be started again."""

    code: str
    message: str
    hint: str = ""


class RunView(BaseModel):
    """A run. Times in seconds, memory in bytes; `position` and `starts_in_seconds` while it waits."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "1qz3k8f0s4m2p7ra",
                    "name": "ink landscape",
                    "state": "running",
                    "created_at": "2026-11-24T08:00:00Z",
                    "base_model": "thimble",
                    "family": "sd1",
                    "user": "local",
                    "step": 120,
                    "total_steps": 250,
                    "loss": 0.0813,
                }
            ]
        }
    )

    id: str
    name: str
    kind: Literal["train", "caption", "experiment"] = "train"
    state: State
    wish: str | None = None
    """`pause`, `cancel`, `kill`, `preempt` or `limit` while its child is being stopped for it."""
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    dataset: Named | None = None
    base_model: str
    family: str
    preset: str | None = None
    user: str
    device: str | None = None
    worker: str | None = None
    """The machine that carries it out, or did last; null: this server's own."""
    labels: list[str] = []
    """What a machine must have to take it."""
    sandbox: str | None = None
    priority: int = 0
    position: int | None = None
    starts_in_seconds: float | None = None
    waits: Waits | None = None
    """What else than its turn it waits for."""
    step: int = 0
    total_steps: int | None = None
    loss: float | None = None
    """Smoothed."""
    eta_seconds: float | None = None
    eta_low_seconds: float | None = None
    eta_high_seconds: float | None = None
    stage: str | None = None
    stage_done: int | None = None
    stage_total: int | None = None
    memory_bytes: int | None = None
    peak_memory_bytes: int | None = None
    step_seconds: float | None = None
    error: RunError | None = None
    attempts: int = 0
    resumed_from: int | None = None
    last_seq: int = 0
    cover: str | None = Field(None, examples=["/api/runs/1qz3k8f0s4m2p7ra/files/samples/step-000250/01.png"])
    tags: list[str] = []
    notes: str = ""
    lora: str | None = None
    """Id of the LoRA it made."""


class LoraView(BaseModel):
    """A LoRA of the gallery; `bytes` of the file."""

    id: str
    name: str
    run: str | None
    """Null for one that was made elsewhere."""
    base_model: str
    family: str
    trigger: str
    rank: int | None
    alpha: float | None
    steps: int
    bytes: int
    sha256: str
    created_at: datetime
    preview: str | None
    metadata: dict[str, Any]


class ModelView(BaseModel):
    """A base model that runs may name. `source` is what a config calls it; `available` whether its files are here.

    `state`: `not_prepared` for a .gguf file that has to be converted once before a run can begin, `preparing` while that is
    being done, `missing` where the files are not on this machine."""

    id: str
    name: str
    source: str
    family: str | None
    resolution: int | None
    prediction: str | None
    layout: str
    bytes: int
    embedded: bool
    available: bool
    state: ModelState = "ready"
    error: RunError | None = None
    """Why it could not be prepared, the last time."""
    warnings: list[str] = []
