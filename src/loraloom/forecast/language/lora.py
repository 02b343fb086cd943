"""Which layers of a language model get a LoRA."""

from __future__ import annotations

from functools import lru_cache

from loraloom.forecast.lora import Adapted, chosen
from loraloom.models.text_shape import TextShape, adapted_names, decoder_layers
from loraloom.spec.text import TextLora

PART = "model"
"""The one component that there is."""


def adapted(shape: TextShape, lora: TextLora) -> Adapted:
    """The layers that `lora` adapts."""
    return _adapted(shape, lora)  # pyright: ignore[reportArgumentType]  # pydantic hashes what is frozen


@lru_cache(128)
def _adapted(shape: TextShape, lora: TextLora) -> Adapted:
    names = adapted_names(shape, lora.targets)
    every = [layer for number in range(shape.layers) for layer in decoder_layers(shape, number)]
    some = [layer for layer in every if layer.path.rpartition(".")[2] in names]
    return Adapted({PART: tuple(chosen(some, lora))})
