"""Which layers of a base get a LoRA, how many parameters it has, and what its optimizer remembers of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from loraloom.models.layout import Layer, select, text_layers, unet_layers
from loraloom.models.shape import Shape
from loraloom.spec.run import Lora, Run
from loraloom.spec.text import TextLora

FP32 = 4
BLOCK = 4096
"""bitsandbytes keeps the state of tensors with fewer elements in fp32."""


@dataclass(frozen=True)
class Adapted:
    """Layers with a LoRA by component."""

    layers: dict[str, tuple[Layer, ...]]

    def paths(self, component: str) -> frozenset[str]:
        """Module paths in `component`."""
        return frozenset(layer.path for layer in self.layers.get(component, ()))


def adapted(shape: Shape, lora: Lora) -> Adapted:
    """The layers that `lora` names, as `train.adapters.choose_targets` chooses them."""
    return _adapted(shape, lora)  # pyright: ignore[reportArgumentType]  # pydantic hashes what is frozen


@lru_cache(128)
def _adapted(shape: Shape, lora: Lora) -> Adapted:
    every = {"unet": unet_layers(shape.unet)} if lora.unet else {}
    if lora.text_encoder:
        every |= {name: text_layers(config) for name, config in shape.text_encoders.items()}
    return Adapted({name: tuple(chosen(select(layers, lora.targets), lora)) for name, layers in every.items()})


def chosen(layers: Iterable[Layer], lora: Lora | TextLora) -> Iterable[Layer]:
    """Those that `include_blocks` and `exclude_blocks` leave."""
    include, exclude = lora.include_blocks, lora.exclude_blocks
    for layer in layers:
        wanted = not include or any(part in layer.path for part in include)
        if wanted and not any(part in layer.path for part in exclude):
            yield layer


def matrices(layer: Layer, rank: int) -> list[tuple[int, ...]]:
    """Shapes of A and B: [r, in] and [out, r], for convolutions [r, in, k, k] and [out, r, 1, 1]."""
    out, *rest = layer.shape
    return [(rank, *rest), (out, rank, *[1] * (len(rest) - 1))]


def parameters(found: Adapted, lora: Lora | TextLora) -> int:
    """Numbers that train."""
    layers = [layer for some in found.layers.values() for layer in some]
    both = sum(prod(shape) for layer in layers for shape in matrices(layer, lora.rank))
    return both + (sum(layer.shape[0] for layer in layers) if lora.dora else 0)


def state_bytes(found: Adapted, run: Run) -> int:
    """Bytes of the optimizer's state: two fp32 moments for AdamW, one for Lion, four numbers for Prodigy (arXiv:2306.06101),
    rows and columns for Adafactor (arXiv:1804.04235), 8 bits each for adamw8bit (arXiv:2110.02861)."""
    layers = [layer for some in found.layers.values() for layer in some]
    shapes = [shape for layer in layers for shape in matrices(layer, run.lora.rank)]
    shapes += [(layer.shape[0],) for layer in layers] if run.lora.dora else []
    match run.optimizer.name:
        case "adamw" | "adamw_schedulefree":
            return sum(2 * FP32 * prod(shape) for shape in shapes)
        case "lion":
            return sum(FP32 * prod(shape) for shape in shapes)
        case "prodigy":
            return sum(4 * FP32 * prod(shape) for shape in shapes)
        case "adamw8bit":
            return sum(prod(shape) * (2 if prod(shape) >= BLOCK else 2 * FP32) for shape in shapes)
        case "adafactor":
            return sum(FP32 * _factored(shape) for shape in shapes)


def _factored(shape: tuple[int, ...]) -> int:
    """Adafactor keeps a matrix's row and column means; transformers' takes the last two axes."""
    return prod(shape[:-1]) + prod(shape[:-2]) * shape[-1] if len(shape) > 1 else prod(shape)
