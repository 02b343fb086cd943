"""Puts a LoRA on the chosen layers of a model, through PEFT."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from loraloom.spec.errors import LoomError
from loraloom.spec.run import Lora
from loraloom.spec.text import TextLora

ADAPTER = "default"
_ATTENTION = re.compile(r"(\.|^)(to_q|to_k|to_v|to_out\.0|q_proj|k_proj|v_proj|out_proj)$")
_FEED_FORWARD = re.compile(r"(\.|^)(ff\.net\.0\.proj|ff\.net\.2|proj_in|proj_out|fc1|fc2)$")
_CONVOLUTION = re.compile(
    r"(\.|^)(resnets\.\d+\.(conv1|conv2|conv_shortcut|time_emb_proj)|(down|up)samplers\.\d+\.conv)$"
)
PATTERNS = {
    "attention": (_ATTENTION,),
    "attention+ff": (_ATTENTION, _FEED_FORWARD),
    "attention+ff+conv": (_ATTENTION, _FEED_FORWARD, _CONVOLUTION),
}
"""`attention+ff` is kohya's default set (with proj_in and proj_out); `+conv` adds LoCon's."""


def choose_targets(model: nn.Module, lora: Lora) -> list[str]:
    """Paths of the layers of `model` that get a LoRA."""
    patterns = PATTERNS[lora.targets]
    return [
        path
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
        and any(pattern.search(path) for pattern in patterns)
        and (not lora.include_blocks or any(part in path for part in lora.include_blocks))
        and not any(part in path for part in lora.exclude_blocks)
    ]


def add_lora(model: nn.Module, component: str, lora: Lora) -> int:
    """Inject a fresh LoRA in fp32 (B = 0: the base is unchanged); returns how many layers got one.

    Raises LoomError `config_invalid` when the filters leave no layer.
    """
    targets = choose_targets(model, lora)
    if not targets:
        raise LoomError(
            "config_invalid",
            f"No layer of the {component} matches lora.targets, include_blocks and exclude_blocks.",
            "Widen the filters; module paths look like `down_blocks.0.attentions.0`.",
        )
    return inject(model, targets, lora)


def inject(model: nn.Module, targets: list[str], lora: Lora | TextLora) -> int:
    """Put a fresh LoRA in fp32 on the layers at the paths `targets`; returns how many there are."""
    from peft import LoraConfig, inject_adapter_in_model

    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,  # pyright: ignore[reportArgumentType]
        lora_dropout=lora.dropout,
        use_rslora=lora.rslora,
        use_dora=lora.dora,
        target_modules=targets,
        init_lora_weights=True,
    )
    inject_adapter_in_model(config, model, ADAPTER)
    for parameter in trainable(model):
        parameter.data = parameter.data.float()
    return len(targets)


def trainable(model: nn.Module) -> list[nn.Parameter]:
    """Parameters that train."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def lora_layers(model: nn.Module) -> Iterable[tuple[str, Any]]:
    """(path, PEFT layer) of every adapted layer."""
    from peft.tuners.lora.layer import LoraLayer

    return ((path, layer) for path, layer in model.named_modules() if isinstance(layer, LoraLayer))


class without_lora:
    """Context: the base alone, adapters switched off."""

    def __init__(self, *models: nn.Module) -> None:
        self._layers = [layer for model in models for _, layer in lora_layers(model)]

    def __enter__(self) -> None:
        for layer in self._layers:
            layer._disable_adapters = True

    def __exit__(self, *_: object) -> None:
        for layer in self._layers:
            layer._disable_adapters = False


class Ema:
    """Exponential moving average of the trainable parameters, kept in fp32."""

    def __init__(self, parameters: list[nn.Parameter], decay: float) -> None:
        self._parameters = parameters
        self._decay = decay
        self._shown = False
        self.average: list[Tensor] = [parameter.detach().clone() for parameter in parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Pull the average towards the weights; the decay warms up as (1 + step) / (10 + step)."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for average, parameter in zip(self.average, self._parameters, strict=True):
            average.lerp_(parameter.detach(), 1 - decay)

    @torch.no_grad()
    def show(self, average: bool) -> None:
        """Put the average into the parameters, or the trained weights back."""
        if average == self._shown:
            return
        self._shown = average
        for held, parameter in zip(self.average, self._parameters, strict=True):
            before = parameter.detach().clone()
            parameter.copy_(held)
            held.copy_(before)
