"""What the generate process is asked for, and what it answers: both are JSON files, read and written by both halves."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SampleRequest(BaseModel):
    """Draw `prompts` on `base_model` with `loras`. Sizes in pixels; None means what the base model was made for.

    Without `grid`, one prompt makes the file `out`; several make `out` with `-1`, `-2`, ... before the suffix.
    With `grid` they make one sheet, a row a prompt, a column a strength. With `compare` the sheet has two columns,
    the base alone and with the LoRAs, at the same seeds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    base_model: str = "thimble"
    loras: tuple[tuple[str, float], ...] = ()
    """Path and strength of each LoRA."""
    prompts: tuple[str, ...] = Field(min_length=1)
    negative_prompt: str = ""
    seed: int = Field(0, ge=0, lt=2**32)
    """Seed of the first prompt; the next ones count up."""
    steps: int | None = Field(None, ge=1, le=1000)
    """Denoising steps; None is the base model's usual number."""
    guidance: float | None = Field(None, ge=0, le=50)
    """How strictly prompts are followed; None is the base model's usual value."""
    width: int | None = Field(None, ge=32, le=4096, multiple_of=8)
    height: int | None = Field(None, ge=32, le=4096, multiple_of=8)
    grid: bool = False
    strengths: tuple[float, ...] = ()
    """Columns of a grid: factors on the strengths in `loras`; empty means one column."""
    compare: bool = False
    """Make the before/after sheet."""
    compare_to: str | None = None
    """With `compare`: folder of pictures whose look is the goal; distances to it are measured before and after."""
    out: str
    """Absolute path of the picture or sheet (.png, .jpg or .webp)."""
    result: str
    """Absolute path where the answer, a `SampleResult`, is written as JSON."""
    device: str = "auto"
    threads: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _something_to_compare(self) -> Self:
        if self.compare and not self.loras:
            raise ValueError("a comparison needs at least one LoRA")
        if self.compare_to and not self.compare:
            raise ValueError("compare_to needs compare")
        return self


class Distances(BaseModel):
    """How far the drawn pictures are from those of a folder, without and with the LoRAs: smaller is nearer."""

    model_config = ConfigDict(frozen=True)

    measure: str
    """What was measured, such as `1 - cosine of the embedded vision tower's features`."""
    before: float
    after: float


class SampleResult(BaseModel):
    """What was drawn, or why nothing was: `error_code` is one of `spec.errors.CODES`."""

    model_config = ConfigDict(frozen=True)

    files: tuple[str, ...] = ()
    seconds: float = 0.0
    distances: Distances | None = None
    warnings: tuple[str, ...] = ()
    error_code: str = ""
    error_message: str = ""
    error_hint: str = ""
