"""What a picture family gives: four small functions. A family is a module that has them, nothing is inherited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from loraloom.generate.parts import Parts
from loraloom.models.resolve import BaseModel

Text = dict[str, Tensor]
"""Embeddings of one caption, without a batch axis: `hidden` [T, D], for SDXL also `pooled` [P]."""


@dataclass(frozen=True)
class Geometry:
    """Sizes in pixels as SDXL is told them: (width, height) before resizing, crop (left, top), (width, height) trained."""

    original: tuple[int, int]
    crop: tuple[int, int]
    target: tuple[int, int]


class Family(Protocol):
    """A module with these functions; tensors are batched and lie on one device."""

    def load(self, base: BaseModel, dtype: Any) -> Parts:
        """Load the base model on the CPU."""
        ...

    def encode_texts(self, parts: Parts, texts: Sequence[str], clip_skip: int = 1) -> list[Text]:
        """Embeddings of captions, differentiable where the text encoders train."""
        ...

    def predict(
        self, parts: Parts, noisy: Tensor, timesteps: Tensor, texts: Sequence[Text], sizes: Sequence[Geometry]
    ) -> Tensor:
        """The UNet's output [B, 4, h, w] for noisy latents [B, 4, h, w] at integer timesteps [B]."""
        ...

    def lora_names(self, parts: Parts) -> Mapping[str, Mapping[str, str]]:
        """Component -> module path -> name in the exported file."""
        ...

    def components(self, parts: Parts) -> dict[str, nn.Module]:
        """What can be adapted, by the names that diffusers gives them."""
        ...
