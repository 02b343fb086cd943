"""Passes that a run makes through a language model, each reckoned once: what training keeps, what answering takes."""

from __future__ import annotations

from functools import lru_cache

from loraloom.forecast.language.lora import PART, adapted
from loraloom.forecast.language.walk import walk
from loraloom.forecast.lora import FP32
from loraloom.forecast.passes import WIDTHS, Passed, passed
from loraloom.forecast.tape import Rules, Tape, Texts
from loraloom.models.text_shape import TextShape
from loraloom.spec.text import TextLora


def training(
    shape: TextShape, lora: TextLora, at: Texts, precision: str, checkpointing: bool, card: bool = False
) -> Passed:
    """A forward and a backward pass of the texts in `at`."""
    return _training(shape, lora, at, precision, checkpointing, card)  # pyright: ignore[reportArgumentType]


@lru_cache(512)
def _training(shape: TextShape, lora: TextLora, at: Texts, precision: str, checkpointing: bool, card: bool) -> Passed:
    width = WIDTHS[precision]
    tape = Tape(Rules(width, width, lora.rank, fused=not lora.dora))
    paths = adapted(shape, lora).paths(PART)
    walk(tape, shape, at, paths, masks=bool(lora.dropout), checkpointing=checkpointing, card=card)
    return passed(tape)


@lru_cache(512)
def looking(shape: TextShape, at: Texts, precision: str) -> Passed:
    """A pass without gradients: validation, and the base's own answers of preferences."""
    width = WIDTHS[precision]
    tape = Tape(Rules(width, width, grad=False))
    walk(tape, shape, at, frozenset())
    return passed(tape)


def remembered(shape: TextShape, tokens: int, precision: str) -> int:
    """Bytes of keys and values of `tokens` tokens, which answering keeps of all layers."""
    return 2 * shape.layers * shape.key_heads * shape.head * tokens * WIDTHS[precision]


def weights(shape: TextShape, precision: str, quantization: str) -> int:
    """Bytes of the base as it is kept on the device. Quantised are its linear layers: 8 bits and a number a row
    (arXiv:2208.07339), or 4 and a number for each 64, which is kept in 8 bits (arXiv:2305.14314)."""
    width = WIDTHS[precision]
    if quantization == "none":
        return shape.parameters * width
    linear = shape.linear_parameters
    small = linear * (1.0 if quantization == "int8" else 0.5 + 1 / 64 + FP32 / (64 * 256))
    return int(small + (shape.parameters - linear) * width)
