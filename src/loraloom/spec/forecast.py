"""What a run will take, said before it starts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from loraloom.spec.event import Stage

Source = Literal["probe", "history", "model"]
Part = Literal["runtime", "base", "adapter", "gradients", "optimizer", "activations", "working", "cache", "slack"]
"""What memory is held by: the program itself (Python, torch, the card's context), the frozen base, the LoRA, its gradients,
the optimizer's state, what is kept for the way back, what one layer needs while it works, latents and embeddings, and
what the allocator holds without need."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Range(_Frozen):
    """The middle, and between what 80 of 100 runs should lie."""

    p10: float
    p50: float
    p90: float


class StageForecast(_Frozen):
    """Seconds that one stage takes over the whole run."""

    stage: Stage
    seconds: float


class StageMemory(_Frozen):
    """Bytes that one stage holds at its highest, part by part."""

    stage: Stage
    parts: dict[Part, int]

    @property
    def bytes(self) -> int:
        """All parts."""
        return sum(self.parts.values())


class Spending(_Frozen):
    """Kilowatt hours and what they, or the hours of the device, cost in the currency of the prices given."""

    kilowatt_hours: float | None = None
    money: float | None = None


class Forecast(_Frozen):
    """Times in seconds, sizes in bytes. `fits` compares the memory with what was free."""

    steps: int
    seconds: Range
    peak_memory_bytes: Range
    stages: tuple[StageForecast, ...]
    step_seconds: float
    disk_bytes: int
    free_memory_bytes: int
    source: Source
    runs: int = 0
    """Finished runs on this device that the history speaks from."""
    device: str
    fits: bool
    memory: tuple[StageMemory, ...] = ()
    """By the model, stage by stage; the highest is the peak. Scaled to what was measured where something was."""
    spending: Spending | None = None


class Measured(_Frozen):
    """A few real steps: seconds of each stage, and memory in bytes. Caching: for one latent and its captions."""

    loading: float
    caching_latent: float
    steps: tuple[float, ...]
    sampling_round: float
    """With `sampling_steps` denoising steps."""
    sampling_steps: int
    exporting: float
    peak_memory_bytes: int
    checkpoint_bytes: int
    lora_bytes: int
    device: str
    latents: int = 0
    """Latents that were in its cache."""
    pixels: float | None = None
    """Of each picture."""
    busy: float = 0.0
    """Part of the processor, 0 to 1, that others used just before."""


class ProbeLine(_Frozen):
    """One line of a measurement. `trying` says what is measured now, `measured` what came out, `failed` that memory ran out
    there; the last is `done` with the forecast, or `error`."""

    event: Literal["trying", "measured", "failed", "done", "error"]
    batch_size: int | None = None
    step_seconds: float | None = None
    peak_memory_bytes: int | None = None
    largest_batch: int | None = None
    """The largest batch that fitted, where it was searched for."""
    forecast: Forecast | None = None
    code: str | None = None
    message: str | None = None
    hint: str | None = None


FORETOLD = "forecast.json"
"""File in a run folder with a `Foretold`."""


class Foretold(_Frozen):
    """The forecast of a run when it began, with what it was made from (see `Outcome`)."""

    device: str
    features: dict[str, float]
    expected: dict[str, float]
    forecast: Forecast


class SettingChange(_Frozen):
    """One setting that memory or the machine asks for, and why. `values` are the numbers in `message`, for translation."""

    key: str
    old: Any
    new: Any
    code: str
    message: str
    values: dict[str, Any] = Field(default_factory=dict)


class Fitted(_Frozen):
    """What makes a run fit a device; without `fits` even the lowest settings do not."""

    changes: tuple[SettingChange, ...]
    fits: bool


class Advice(_Frozen):
    """A plain warning before the start. `mends`: dotted keys and the values that mend it; empty where only the person can.
    `values` are the numbers in `message`, for translation."""

    code: str
    message: str
    hint: str
    mends: dict[str, Any] = Field(default_factory=dict)
    values: dict[str, Any] = Field(default_factory=dict)


class Outcome(_Frozen):
    """A finished run and its forecast: what later forecasts are made from. A line of `history.jsonl` in the data home."""

    id: str
    name: str
    time: str
    """ISO 8601, when it finished."""
    device: str
    """What it ran on, by name: forecasts learn from runs on the same one."""
    family: str
    base_model: str
    features: dict[str, float]
    """What `forecast.history` learns from, by name."""
    expected: dict[str, float]
    """Seconds by stage and `peak_memory_bytes`, by the model alone."""
    took: dict[str, float]
    """The same, as it was."""
    told: Forecast | None = None
    """What was forecast before the start."""
    lowered: dict[str, Any] = Field(default_factory=dict)
    """Settings that memory forced, by dotted key."""


class WhatIf(_Frozen):
    """The same run with one thing changed; `key` is a dotted setting, or `device`."""

    key: str
    value: int | float | str
    seconds: float
    peak_memory_bytes: float
    fits: bool
