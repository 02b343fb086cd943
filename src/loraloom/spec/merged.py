"""What the merging process is asked for, and what it answers: JSON files, read and written by both halves."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class MergeRequest(BaseModel):
    """Write the language model in the transformers folder `base` with the PEFT folder `lora` worked into its weights as the
    transformers folder `out`, which is not there yet. Paths are absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: str
    lora: str
    out: str
    result: str
    """Where the answer, a `MergeResult`, is written as JSON."""


class MergeResult(BaseModel):
    """What was written, or why nothing was: `error_code` is one of `spec.errors.CODES`."""

    model_config = ConfigDict(frozen=True)

    folder: str = ""
    dtype: str = ""
    """Number format of the weights, the base's own."""
    difference: float = 0.0
    """Largest difference between the logits of the merged model, read back, and of base and LoRA."""
    seconds: float = 0.0
    error_code: str = ""
    error_message: str = ""
    error_hint: str = ""


class MergePicturesRequest(BaseModel):
    """Write the base for pictures `base` (a diffusers folder or a single file) with the LoRA `lora` at `strength` worked
    into its weights as one `.safetensors` file `out` in the original Stable Diffusion layout. Paths are absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: str
    lora: str
    strength: float = 1.0
    out: str
    title: str = ""
    """What the model is called in its header."""
    result: str
    """Where the answer, a `MergeResult`, is written as JSON; its `difference` is between predictions, as a share of them."""
