"""PEFT folders made by hand, without torch: a LoRA on two layers, and the config of its base."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from loraloom.models.raw_file import RawTensor, write_raw

HEADS, KEY_HEADS, WIDTH, RANK = 4, 2, 32, 2
ATTENTION = "model.layers.{}.self_attn.{}"


def base_config(folder: Path, architecture: str = "LlamaForCausalLM", **more: Any) -> Path:
    """A folder with the config.json of a base of two layers."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": [architecture],
        "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_HEADS,
        "num_hidden_layers": 2,
    }
    (folder / "config.json").write_text(json.dumps(config | more), "utf-8")
    return folder


def factors(modules: tuple[str, ...], outputs: int = WIDTH) -> dict[str, np.ndarray]:
    """PEFT's keys and random numbers."""
    random = np.random.default_rng(0)
    found: dict[str, np.ndarray] = {}
    for module in modules:
        found[f"base_model.model.{module}.lora_A.weight"] = random.standard_normal((RANK, WIDTH), np.float32)
        rows = outputs * KEY_HEADS // HEADS if module.endswith("k_proj") else outputs
        found[f"base_model.model.{module}.lora_B.weight"] = random.standard_normal((rows, RANK), np.float32)
    return found


def peft_folder(folder: Path, tensors: dict[str, np.ndarray] | None = None, **more: Any) -> Path:
    """A PEFT folder with `tensors`, by default of queries and keys of both layers."""
    names = tuple(ATTENTION.format(layer, part) for layer in (0, 1) for part in ("q_proj", "k_proj", "v_proj"))
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": RANK,
        "lora_alpha": 6,
        "base_model_name_or_path": "x/y",
    }
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps(config | more), "utf-8")
    kinds = {"float32": "F32", "float16": "F16", "uint16": "BF16"}
    raw = {
        name: RawTensor(kinds[str(array.dtype)], array.shape, array.tobytes())
        for name, array in (factors(names) if tensors is None else tensors).items()
    }
    write_raw(folder / "adapter_model.safetensors", raw, {"format": "pt"})
    return folder
