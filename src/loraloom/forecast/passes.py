"""Passes that a run makes through its base, each reckoned once: what training keeps, what drawing and embedding hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from loraloom.forecast import text, unet, vae
from loraloom.forecast.lora import FP32, adapted
from loraloom.forecast.tape import Rules, Tape
from loraloom.models.shape import Shape
from loraloom.spec.run import Lora

WIDTHS = {"fp32": 4, "bf16": 2, "fp16": 2}
"""Bytes an element of the frozen base."""
Size = tuple[int, int]
"""(width, height) in pixels."""


@dataclass(frozen=True)
class Passed:
    """`kept` for the way back and `working`, the most held besides, in bytes; arithmetic of products there and back; bytes
    that everything else moves there, and operations there."""

    kept: int
    working: int
    forward: float
    backward: float
    moved: float
    operations: int


def training(shape: Shape, lora: Lora, at: Size, batch: int, precision: str, kind: str, checkpointing: bool) -> Passed:
    """A forward and a backward pass of `batch` pictures, with the text encoders where they train."""
    return _training(shape, lora, at, batch, precision, kind, checkpointing)  # pyright: ignore[reportArgumentType]


@lru_cache(256)
def _training(shape: Shape, lora: Lora, at: Size, batch: int, precision: str, kind: str, checkpointing: bool) -> Passed:
    found, width = adapted(shape, lora), WIDTHS[precision]
    norm = FP32 if kind == "cuda" else width  # autocast norms in fp32 on a card
    plain = not lora.dora and not lora.dropout
    tape = Tape(Rules(width, norm, lora.rank, plain, copies=kind == "cpu"))
    if lora.text_encoder:
        for name, config in shape.text_encoders.items():
            text.walk(tape, config, batch, found.paths(name), checkpointing)
    latent = unet.Pictures(batch, *_latent(shape, at), shape.text_length, lora.text_encoder)
    unet.walk(tape, shape.unet, latent, found.paths("unet"), checkpointing)
    return passed(tape)


@lru_cache(256)
def drawing(shape: Shape, at: Size, batch: int, precision: str, kind: str) -> Passed:
    """A pass of the UNet without gradients over `batch` latents of pictures of size `at`."""
    width = WIDTHS[precision]
    tape = Tape(Rules(width, width, grad=False, copies=kind == "cpu"))
    latent = unet.Pictures(batch, *_latent(shape, at), shape.text_length)
    unet.walk(tape, shape.unet, latent, frozenset(), checkpointing=False)
    return passed(tape)


@lru_cache(256)
def embedding(shape: Shape, batch: int, precision: str, kind: str) -> Passed:
    """`batch` captions through every text encoder, without gradients."""
    width = WIDTHS[precision]
    tape = Tape(Rules(width, width, grad=False, copies=kind == "cpu"))
    for config in shape.text_encoders.values():
        text.walk(tape, config, batch, frozenset(), checkpointing=False)
    return passed(tape)


@lru_cache(256)
def encoding(shape: Shape, at: Size, kind: str) -> Passed:
    """One picture of size `at` to its latent."""
    return passed(vae.encode(shape.vae, 1, *at, copies=kind == "cpu"))


@lru_cache(256)
def decoding(shape: Shape, at: Size, batch: int, kind: str) -> Passed:
    """`batch` latents to pictures of size `at`."""
    return passed(vae.decode(shape.vae, batch, *at, copies=kind == "cpu"))


def _latent(shape: Shape, at: Size) -> Size:
    return max(1, at[0] // shape.vae_factor), max(1, at[1] // shape.vae_factor)


def passed(tape: Tape) -> Passed:
    """What is on `tape`."""
    return Passed(tape.kept, max(0, tape.peak - tape.kept), tape.forward, tape.backward, tape.moved, tape.operations)
