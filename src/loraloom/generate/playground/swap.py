"""LoRAs on a model without a change of any weight: an adapted layer gets another `forward`, and back its own afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from loraloom.generate.playground.terms import Term, added

Weighted = tuple[tuple[Term, float], ...]


@dataclass(frozen=True)
class FittedLayer:
    """`name` is the component and the module's path (`unet.down_blocks.0...`), text encoders without `text_model.`"""

    name: str
    module: nn.Module
    term: Term


@dataclass(frozen=True)
class Fitted:
    """A LoRA as it goes on one base: its layers there, on the device and in the number format of their modules."""

    key: str
    layers: tuple[FittedLayer, ...]
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of its tensors."""
        return sum(layer.term.size for layer in self.layers)

    @property
    def speaks(self) -> bool:
        """Whether it changes how prompts are read."""
        return any(layer.name.startswith("text_encoder") for layer in self.layers)


@dataclass(frozen=True)
class Use:
    """One LoRA that is on. `blocks`: start of a module's path -> factor on the strength there."""

    lora: Fitted
    strength: float
    blocks: Mapping[str, float]

    def at(self, name: str) -> float:
        """Strength at the layer `name`: the longest start that fits counts, whole names between dots."""
        fits = [start for start in self.blocks if f"{name}.".startswith(f"{plain(start)}.")]
        return self.strength * (self.blocks[max(fits, key=lambda start: len(plain(start)))] if fits else 1)


def plain(path: str) -> str:
    """`path` without the `text_model.` that some versions of transformers have."""
    return path.replace("text_encoder.text_model.", "text_encoder.").replace(
        "text_encoder_2.text_model.", "text_encoder_2."
    )


class Swap:
    """What is on the layers of one base. Where the strength is 0 a layer runs its own forward: the base, bitwise."""

    def __init__(self) -> None:
        self._on: dict[nn.Module, Weighted] = {}

    def put_on(self, uses: Sequence[Use]) -> None:
        """Let exactly these LoRAs be on; those that were there before go."""
        wanted: dict[nn.Module, Weighted] = {}
        for use in uses:
            for layer in use.lora.layers:
                strength = use.at(layer.name)
                if strength:
                    wanted[layer.module] = (*wanted.get(layer.module, ()), (layer.term, strength))
        for module in [module for module in self._on if module not in wanted]:
            _restore(module)
        for module, terms in wanted.items():
            if self._on.get(module) != terms:
                _adapt(module, terms)
        self._on = wanted


def _adapt(module: Any, terms: Weighted) -> None:
    _restore(module)
    own = module.forward

    def forward(x: Tensor) -> Tensor:
        out = base = own(x)
        for term, strength in terms:
            out = added(term, module, x, base, out, strength)
        return out

    module.forward = forward


def _restore(module: nn.Module) -> None:
    module.__dict__.pop("forward", None)
