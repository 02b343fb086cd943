"""What a run will take, said before it starts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from loraloom.spec.event import Stage


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


class Forecast(_Frozen):
    """Times in seconds, sizes in bytes. `fits` compares the memory with what was free."""

    steps: int
    seconds: Range
    peak_memory_bytes: Range
    stages: tuple[StageForecast, ...]
    step_seconds: float
    disk_bytes: int
    free_memory_bytes: int
    source: Literal["probe"]
    device: str
    fits: bool


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
