"""The file that comes out: kohya keys, metadata, written whole or not at all, then read back and proven on one batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from loraloom.models.lora_metadata import LoraFacts, kohya_metadata
from loraloom.models.raw_file import split_saved, write_raw
from loraloom.spec.errors import LoomError
from loraloom.spec.run import ImageRun
from loraloom.train.adapters import ADAPTER, lora_layers, without_lora
from loraloom.train.device import DTYPES

TOLERANCE = 0.03
"""Largest difference between the file's effect and the trained one, as a share of the effect: fp16 rounding is far below."""

Names = Mapping[str, Mapping[str, str]]


def tensors_of(components: Mapping[str, nn.Module], names: Names, dtype: torch.dtype) -> dict[str, Tensor]:
    """kohya's tensors of every adapted layer: `lora_down` [r, in(, k, k)], `lora_up` [out, r(, 1, 1)], `alpha` scalar.

    alpha is written so that alpha / rank is the scale in use, also for rsLoRA (whose scale is alpha / sqrt(rank)).
    """
    tensors: dict[str, Tensor] = {}
    for component, module in components.items():
        for path, layer in lora_layers(module):
            name = names[component][path]
            down, up = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
            tensors[f"{name}.lora_down.weight"] = down.detach().to("cpu", dtype).contiguous()
            tensors[f"{name}.lora_up.weight"] = up.detach().to("cpu", dtype).contiguous()
            tensors[f"{name}.alpha"] = _exact(layer.scaling[ADAPTER] * down.shape[0], dtype)
            if layer.use_dora.get(ADAPTER):
                magnitude = layer.lora_magnitude_vector[ADAPTER].weight.detach()
                shape = (-1, *[1] * (layer.base_layer.weight.dim() - 1))
                tensors[f"{name}.dora_scale"] = magnitude.reshape(shape).to("cpu", dtype).contiguous()
    return tensors


def _exact(value: float, dtype: torch.dtype) -> Tensor:
    """A scalar in `dtype` where it holds the value exactly, else in fp32."""
    scalar = torch.tensor(value, dtype=torch.float32)
    return scalar.to(dtype) if scalar.to(dtype).float() == scalar else scalar


def write(file: Path, components: Mapping[str, nn.Module], names: Names, run: ImageRun, facts: LoraFacts) -> None:
    """Write the LoRA with its metadata and hashes, whole or not at all. The same weights make the same bytes."""
    saved = save(tensors_of(components, names, DTYPES[run.export.dtype]))
    write_raw(file, split_saved(saved), kohya_metadata(run, facts, saved))


@torch.no_grad()
def prove(file: Path, components: Mapping[str, nn.Module], names: Names, predict: Callable[[], Tensor]) -> float:
    """Read `file` into the layers and compare one prediction with the trained weights' own.

    Returns the difference as a share of the LoRA's effect. Raises LoomError `lora_not_reproduced` above `TOLERANCE`,
    beyond what the base's number format cannot tell apart anyway.
    """
    noise = 4 * torch.finfo(next(components["unet"].parameters()).dtype).eps
    trained = predict()
    with without_lora(*components.values()):
        base = predict()
    held = _swap_in(file, components, names)
    try:
        loaded = predict()
    finally:
        for parameter, value in held:
            parameter.data = value
    effect, differs = float((trained - base).norm()), float((loaded - trained).norm())
    share = differs / max(effect, 1e-12)
    if not differs <= TOLERANCE * effect + noise * float(base.norm()):
        raise LoomError(
            "lora_not_reproduced",
            f"{file.name} does not reproduce the trained weights: its effect differs by {share:.1%}.",
            "The checkpoints are whole. Set export.dtype to fp32; if that does not help, please report this.",
        )
    return share


def _swap_in(file: Path, components: Mapping[str, nn.Module], names: Names) -> list[tuple[Any, Tensor]]:
    """Put the file's weights, as a reader would see them, into the layers; returns what was there."""
    held: list[tuple[Any, Tensor]] = []
    with safe_open(file, "pt") as reader:
        left = set(reader.keys())

        def take(key: str) -> Tensor:
            left.discard(key)
            return reader.get_tensor(key).float()

        for component, module in components.items():
            for path, layer in lora_layers(module):
                name = names[component][path]
                down, up = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
                scale = float(take(f"{name}.alpha")) / down.shape[0] / layer.scaling[ADAPTER]
                held += [(down, down.data), (up, up.data)]
                down.data = take(f"{name}.lora_down.weight").to(down.device).view_as(down)
                up.data = (take(f"{name}.lora_up.weight") * scale).to(up.device).view_as(up)
                if layer.use_dora.get(ADAPTER):
                    magnitude = layer.lora_magnitude_vector[ADAPTER].weight
                    held.append((magnitude, magnitude.data))
                    magnitude.data = take(f"{name}.dora_scale").to(magnitude.device).view_as(magnitude)
    if left:
        raise LoomError(
            "lora_not_reproduced",
            f"{file.name} holds {len(left)} tensors that belong to no trained layer, such as {min(left)}.",
            "The checkpoints are whole; please report this.",
        )
    return held
