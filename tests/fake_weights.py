"""Safetensors files for tests, made without torch: sparse ones with only a header, and LoRAs with random weights."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path

from loraloom.models.configs import true_configs
from loraloom.models.header import BITS
from loraloom.models.layout import Component, Layer, select, text_layers, unet_layers
from loraloom.models.lora_keys import to_kohya
from loraloom.models.raw_file import RawTensor, write_raw
from loraloom.spec.run import Family, Targets

Shapes = Mapping[str, tuple[int, ...]]


def header_only(path: Path, shapes: Shapes, metadata: Mapping[str, str] | None = None, dtype: str = "F16") -> Path:
    """A file with these tensors whose data part is a hole: real sizes, no room on disk."""
    entries: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name, shape in shapes.items():
        size = prod(shape) * BITS[dtype] // 8
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(entries).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)
    return path


UNET = "model.diffusion_model."
CLIP_L = "cond_stage_model.transformer.text_model.encoder.layers.0.mlp.fc1.weight"
OPENCLIP = "cond_stage_model.model.transformer.resblocks.0.mlp.c_fc.weight"
VAE = {"first_stage_model.decoder.conv_in.weight": (64, 4, 3, 3)}


def original_base(family: Family, channels: int = 4) -> dict[str, tuple[int, ...]]:
    """The few tensors of an original-layout base by which it is told, at a small width."""
    linear = (32, 32) if family != "sd1" else (32, 32, 1, 1)
    found: dict[str, tuple[int, ...]] = {
        f"{UNET}input_blocks.0.0.weight": (32, channels, 3, 3),
        f"{UNET}input_blocks.4.1.proj_in.weight": linear,
        **VAE,
    }
    if family == "sdxl":
        found[f"{UNET}label_emb.0.0.weight"] = (128, 96)
        found["conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight"] = (64, 64)
        found["conditioner.embedders.1.model.transformer.resblocks.0.mlp.c_fc.weight"] = (64, 64)
    else:
        found[CLIP_L if family == "sd1" else OPENCLIP] = (64, 64)
    return found


def lora_layers(family: Family, targets: Targets = "attention+ff") -> dict[Component, list[Layer]]:
    """The layers of the published models that a LoRA of `targets` adapts."""
    found: dict[Component, list[Layer]] = {}
    for component, config in true_configs(family).items():
        layers = unet_layers(config) if component == "unet" else text_layers(config)
        found[component] = select(layers, targets)
    return found


def lora_shapes(layer: Layer, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes of `lora_down` and `lora_up` on `layer`."""
    out, into, *kernel = layer.shape
    return (rank, into, *kernel), (out, rank, *(1 for _ in kernel))


def kohya_lora(
    path: Path,
    family: Family,
    *,
    rank: int = 2,
    alpha: Iterable[float] = (1.0,),
    alpha_dtype: str = "F32",
    targets: Targets = "attention+ff",
    every: int = 1,
    dora: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """A kohya LoRA for a published model with random bytes as weights; `every` nth layer, alphas taken in turn."""
    source = random.Random(family)
    alphas = list(alpha)
    tensors: dict[str, RawTensor] = {}
    layers = [(c, layer) for c, found in lora_layers(family, targets).items() for layer in found[::every]]
    for number, (component, layer) in enumerate(layers):
        name = to_kohya(component, layer.path, family)
        for part, shape in zip(("down", "up"), lora_shapes(layer, rank), strict=True):
            tensors[f"{name}.lora_{part}.weight"] = RawTensor("F16", shape, source.randbytes(prod(shape) * 2))
        code = {"F16": "<e", "F32": "<f"}[alpha_dtype]
        value = struct.pack(code, alphas[number % len(alphas)])
        tensors[f"{name}.alpha"] = RawTensor(alpha_dtype, (), value)
        if dora:
            shape = (layer.shape[0], *(1 for _ in layer.shape[1:]))
            tensors[f"{name}.dora_scale"] = RawTensor("F16", shape, source.randbytes(prod(shape) * 2))
    write_raw(path, tensors, dict(metadata or {}))
    return path
