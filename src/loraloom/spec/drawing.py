"""What the drawing process is asked and what it answers: JSON lines, read and written by both halves."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Sampler = Literal["ddim", "euler", "euler_a", "dpmpp_2m_karras", "lcm"]
SAMPLERS: tuple[Sampler, ...] = ("ddim", "euler", "euler_a", "dpmpp_2m_karras", "lcm")
NEWER = '"newer"'
"""A line between two asks: the picture that is being drawn ends here, because something newer is wanted."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class LoraUse(_Frozen):
    """One LoRA on the base. `path`: a `.safetensors` file in any layout that `loraloom inspect` knows, a folder of diffusers
    or PEFT, or a checkpoint of a run. `strength` 0 leaves the base as it is, bitwise; 1 is as it was trained."""

    path: str
    strength: float = Field(1.0, ge=-4, le=4)
    blocks: dict[str, float] = Field(default_factory=dict, max_length=100)
    """Start of a module's path (`unet.down_blocks.1`, `text_encoder`) -> factor on the strength there; the longest that
    fits counts."""


class Settings(BaseModel):
    """What a person sets for a picture, beside its LoRAs. Sizes in pixels; None means what the base is made for."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    base_model: str = Field("thimble", max_length=2000)
    prompt: str = Field("", max_length=4000)
    """`(word:1.2)` weighs words, `((word))` and `[word]` by 1.1 (AUTOMATIC1111's rules)."""
    negative_prompt: str = Field("", max_length=4000)
    seed: int = Field(0, ge=0, lt=2**32)
    steps: int | None = Field(None, ge=1, le=150)
    guidance: float | None = Field(None, ge=0, le=50)
    sampler: Sampler = "ddim"
    width: int | None = Field(None, ge=32, le=2048, multiple_of=8)
    height: int | None = Field(None, ge=32, le=2048, multiple_of=8)
    clip_skip: int = Field(0, ge=0, le=8)
    """Last layers of the text encoder that are left out."""
    variation: float = Field(0.6, gt=0, le=1)
    """How far a variation may go from its picture."""


class Drawing(Settings):
    """All that makes a picture: the same drawing on the same machine is the same picture."""

    model_config = ConfigDict(frozen=True)

    loras: tuple[LoraUse, ...] = Field((), max_length=10)
    picture: str | None = None
    """Path of a picture to vary; None draws from nothing but the prompt."""


class DrawStart(_Frozen):
    """The first line of a drawing process. `memory_bytes`: what the bases that are kept may take together; None: half of
    what is free."""

    device: str = "auto"
    threads: int | None = None
    memory_bytes: int | None = None


class DrawAsk(_Frozen):
    """One picture. What made it is written into the PNG afterwards, by who knows names and hashes."""

    id: str
    drawing: Drawing
    out: str
    """Absolute path of the `.png` that is written."""


class DrawLine(BaseModel):
    """One line of an answer: `loading` a base, `drawing` with steps done and in all, `done` with what it took, `newer` when
    it was given up for something newer, `error`. Milliseconds: `load` of a base, `swap` of LoRAs, `draw` of the rest."""

    model_config = ConfigDict(frozen=True)

    event: Literal["ready", "loading", "drawing", "done", "newer", "error"]
    id: str = ""
    done: int = 0
    total: int = 0
    width: int = 0
    height: int = 0
    steps: int = 0
    guidance: float = 0.0
    load_ms: float = 0.0
    swap_ms: float = 0.0
    draw_ms: float = 0.0
    warnings: tuple[str, ...] = ()
    """Such as layers of a LoRA that the base has not."""
    code: str | None = None
    message: str | None = None
    hint: str | None = None
