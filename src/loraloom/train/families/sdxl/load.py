"""Load a Stable Diffusion XL base."""

from __future__ import annotations

import torch

from loraloom.generate.parts import Parts, load_parts
from loraloom.models.resolve import BaseModel


def load(base: BaseModel, dtype: torch.dtype) -> Parts:
    """UNet, VAE, both text encoders and tokenizers, frozen, on the CPU. The VAE stays in fp32: it overflows in fp16."""
    return load_parts(base, "sdxl", dtype)
