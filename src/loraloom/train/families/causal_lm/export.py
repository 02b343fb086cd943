"""What comes out of a run on texts: a PEFT folder that `peft`, transformers and vLLM load, proven on one sequence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from loraloom.data.names import safe_stem
from loraloom.models.raw_file import split_saved, write_raw
from loraloom.models.resolve import BaseModel
from loraloom.models.smollm2 import SMOLLM2, UPSTREAM
from loraloom.spec.errors import LoomError
from loraloom.spec.run import TextRun
from loraloom.train.adapters import ADAPTER, lora_layers, without_lora
from loraloom.train.device import DTYPES

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
BESIDE = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")
PREFIX = "base_model.model."
TOLERANCE = 0.03
"""Largest difference between the file's effect and the trained one, as a share of the effect."""


def write(run_dir: Path, run: TextRun, base: BaseModel, base_folder: Path, model: Any) -> Path:
    """`lora/<name>/`: adapter_config.json, adapter_model.safetensors (which is returned) and the tokenizer."""
    folder = run_dir / "lora" / safe_stem(run.name)
    folder.mkdir(parents=True, exist_ok=True)
    for name in BESIDE:
        if (base_folder / name).is_file():
            shutil.copyfile(base_folder / name, folder / name)
    _write_config(folder, run, base, model)
    tensors = {
        key: parameter.detach().to("cpu", DTYPES[run.export.dtype]).contiguous()
        for key, parameter in _named(model).items()
    }
    write_raw(folder / WEIGHTS, split_saved(save(tensors)), {"format": "pt"})
    return folder / WEIGHTS


def _write_config(folder: Path, run: TextRun, base: BaseModel, model: Any) -> None:
    from peft import LoraConfig, TaskType

    paths = [path for path, _ in lora_layers(model)]
    chosen = run.lora.include_blocks or run.lora.exclude_blocks
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        base_model_name_or_path=UPSTREAM if base.name == SMOLLM2 else base.name,
        inference_mode=True,
        r=run.lora.rank,
        lora_alpha=run.lora.alpha,  # pyright: ignore[reportArgumentType]
        lora_dropout=run.lora.dropout,
        use_rslora=run.lora.rslora,
        use_dora=run.lora.dora,
        bias="none",
        target_modules=paths if chosen else sorted({path.rsplit(".", 1)[-1] for path in paths}),
    )
    config.save_pretrained(str(folder))
    file = folder / CONFIG  # peft writes sets in any order: the same run makes the same bytes
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    content["target_modules"] = sorted(content["target_modules"])
    file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")


def _named(model: Any) -> dict[str, torch.nn.Parameter]:
    """PEFT's key -> parameter of every adapted layer, without the adapter's name."""
    found: dict[str, torch.nn.Parameter] = {}
    for path, layer in lora_layers(model):
        found[f"{PREFIX}{path}.lora_A.weight"] = layer.lora_A[ADAPTER].weight
        found[f"{PREFIX}{path}.lora_B.weight"] = layer.lora_B[ADAPTER].weight
        if layer.use_dora.get(ADAPTER):
            found[f"{PREFIX}{path}.lora_magnitude_vector"] = layer.lora_magnitude_vector[ADAPTER].weight
    return found


@torch.no_grad()
def prove(file: Path, model: Any, predict: Callable[[], Tensor]) -> float:
    """Read `file` into the layers and compare hidden states with the trained weights' own.

    Returns the difference as a share of the LoRA's effect. Raises LoomError `lora_not_reproduced` above `TOLERANCE`, beyond
    what the base's number format cannot tell apart anyway.
    """
    trained = predict()
    with without_lora(model):
        base = predict()
    named, loaded = _named(model), load_file(file)
    if set(named) != set(loaded):
        raise LoomError("lora_not_reproduced", f"{file.name} does not hold the layers that were trained.", _REPORT)
    held = {key: parameter.data for key, parameter in named.items()}
    try:
        for key, parameter in named.items():
            parameter.data = loaded[key].to(parameter.device, parameter.dtype).view_as(parameter)
        again = predict()
    finally:
        for key, parameter in named.items():
            parameter.data = held[key]
    effect, differs = float((trained - base).norm()), float((again - trained).norm())
    noise = 4 * torch.finfo(model.dtype).eps * float(base.norm())
    share = differs / max(effect, 1e-12)
    if not differs <= TOLERANCE * effect + noise:
        raise LoomError(
            "lora_not_reproduced",
            f"{file.name} does not reproduce the trained weights: its effect differs by {share:.1%}.",
            "The checkpoints are whole. Set export.dtype to fp32; if that does not help, please report this.",
        )
    return share


_REPORT = "The checkpoints are whole; please report this."
