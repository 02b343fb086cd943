"""A PEFT folder taken apart: the two factors of every adapted layer, and the scale they were trained with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loraloom.models.diffusers_folder import read_json
from loraloom.models.lora_scale import fits
from loraloom.models.peft_folder import CONFIG, adapter_file
from loraloom.models.raw_file import RawTensor, read_raw
from loraloom.spec.errors import LoomError

PREFIX = "base_model.model."
DOWN, UP = ".lora_A.weight", ".lora_B.weight"
MERGE = "Export it merged instead: `--to merged` writes a model that needs no adapter."


@dataclass(frozen=True)
class Factors:
    """One adapted layer: the base's weight [out, in] grows by scale x up @ down."""

    module: str
    """Path of the layer in the base, such as `model.layers.0.self_attn.q_proj`."""
    down: np.ndarray
    """[rank, in], float16 or float32."""
    up: np.ndarray
    """[out, rank], float16 or float32."""
    scale: float

    @property
    def rank(self) -> int:
        """Rows of `down`."""
        return int(self.down.shape[0])


@dataclass(frozen=True)
class PeftAdapter:
    """A LoRA of a language model. `alpha` is the number by which a layer of rank r is scaled alpha / r."""

    layers: tuple[Factors, ...]
    alpha: float


def read_peft(folder: Path) -> PeftAdapter:
    """The adapter in the PEFT folder `folder`, layers in the order of their names.

    Raises LoomError `lora_unreadable` (no adapter, parts missing) and `lora_mismatch` (what cannot be said with two factors
    of linear layers: DoRA, biases, embeddings, whole modules).
    """
    if not (folder / CONFIG).is_file():
        raise LoomError("lora_unreadable", f"{folder} is not a PEFT folder.", f"It has no {CONFIG}.")
    config = read_json(folder / CONFIG)
    _refuse(folder, config)
    tensors = read_raw(adapter_file(folder))[1]
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, tensor in tensors.items():
        part = next((part for part in (DOWN, UP) if name.endswith(part)), None)
        if part is None or not name.startswith(PREFIX) or len(tensor.shape) != 2:
            raise LoomError(
                "lora_mismatch", f"{folder.name} holds {name[:120]!r}, not a LoRA of a linear layer.", MERGE
            )
        parts.setdefault(name.removeprefix(PREFIX).removesuffix(part), {})[part] = _numbers(tensor)
    layers = tuple(_layer(folder, module, parts[module], config) for module in sorted(parts))
    if not layers:
        raise LoomError("lora_unreadable", f"{folder} adapts nothing.", "Look at it with `loraloom inspect`.")
    return PeftAdapter(layers, _alpha(config, float(config.get("lora_alpha", 8)), int(config.get("r", 8))))


def _layer(folder: Path, module: str, parts: dict[str, np.ndarray], config: dict[str, Any]) -> Factors:
    down, up = parts.get(DOWN), parts.get(UP)
    if down is None or up is None or down.shape[0] != up.shape[1]:
        raise LoomError(
            "lora_unreadable",
            f"{folder.name}: the two halves of {module} are missing or do not fit together.",
            "Download the folder again.",
        )
    rank = int(down.shape[0])
    patterns: dict[str, Any] = config.get("alpha_pattern") or {}
    said = next((value for pattern, value in patterns.items() if fits(pattern, module)), config.get("lora_alpha", 8))
    return Factors(module, down, up, _alpha(config, float(said), rank) / rank)


def _alpha(config: dict[str, Any], alpha: float, rank: int) -> float:
    """With rsLoRA the scale is alpha / sqrt(rank)."""
    return alpha * math.sqrt(rank) if config.get("use_rslora") else alpha


def _refuse(folder: Path, config: dict[str, Any]) -> None:
    kinds = {
        "DoRA": config.get("use_dora"),
        "biases": config.get("bias", "none") != "none" or config.get("lora_bias"),
        "whole modules": config.get("modules_to_save"),
        "transposed layers": config.get("fan_in_fan_out"),
        f"{config.get('peft_type')} instead of LoRA": config.get("peft_type", "LORA") != "LORA",
    }
    found = next((kind for kind, there in kinds.items() if there), None)
    if found:
        raise LoomError("lora_mismatch", f"{folder.name} has {found}: llama.cpp's LoRAs cannot hold that.", MERGE)


def _numbers(tensor: RawTensor) -> np.ndarray:
    """float16 and float32 as they are; bfloat16, the upper half of a float32, as one."""
    if tensor.dtype == "BF16":
        halves = np.frombuffer(tensor.data, "<u2").astype(np.uint32) << 16
        return halves.view(np.float32).reshape(tensor.shape)
    kinds = {"F16": "<f2", "F32": "<f4"}
    if tensor.dtype not in kinds:
        raise LoomError("lora_mismatch", f"Numbers of the format {tensor.dtype} are not read.", MERGE)
    return np.frombuffer(tensor.data, kinds[tensor.dtype]).reshape(tensor.shape)
