"""What Loom says of a LoRA file: where its parts are, and what a reader of the header learns."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from loraloom.spec.run import Family

Layout = Literal["kohya", "diffusers", "peft", "unknown"]
Kind = Literal["lora", "base_model", "unknown"]


class FileSummary(BaseModel):
    """What `loraloom inspect` tells of a `.safetensors` file or model folder, read from headers alone."""

    model_config = ConfigDict(frozen=True)

    path: str
    kind: Kind
    family: Family | None = None
    layout: str = "unknown"
    """kohya, diffusers or peft for a LoRA; original or diffusers for a base model."""
    size_bytes: int = 0
    tensors: int = 0
    parameters: int = 0
    dtypes: tuple[str, ...] = ()
    rank: tuple[int, ...] = ()
    """Distinct ranks found, rising."""
    alpha: tuple[float, ...] = ()
    modules: dict[str, int] = Field(default_factory=dict)
    """LoRA modules by part: unet, text_encoder, text_encoder_2."""
    targets: tuple[str, ...] = ()
    """Kinds of layers adapted: attention, ff, conv, projection, other."""
    extras: tuple[str, ...] = ()
    """Variants found: dora, loha, lokr."""
    metadata: dict[str, Any] = Field(default_factory=dict)
