"""Load a Stable Diffusion 2.x base."""

from __future__ import annotations

import torch

from loraloom.generate.parts import Parts, load_parts
from loraloom.models.resolve import BaseModel


def load(base: BaseModel, dtype: torch.dtype) -> Parts:
    """UNet, VAE, OpenCLIP text encoder and tokenizer, frozen, on the CPU."""
    return load_parts(base, "sd2", dtype)
