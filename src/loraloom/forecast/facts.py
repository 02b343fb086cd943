"""The devices that forecasts are made for: this machine's, or a well-known card by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["cpu", "cuda", "mps"]


@dataclass(frozen=True)
class DeviceFacts:
    """A device as forecasts see it. Memory in bytes: of the card, or of the machine for a CPU. `dtypes`: number formats
    that are fast there (`fp32`, `bf16`, `fp16`); `threads`: threads that a run uses on a CPU."""

    id: str
    name: str
    kind: Kind
    memory_total: int
    memory_free: int
    dtypes: tuple[str, ...]
    threads: int = 1
