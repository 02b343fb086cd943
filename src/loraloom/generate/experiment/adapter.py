"""LoRAs of language models one after the other on the same base: finished ones, and checkpoints of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import load_file, save_file

from loraloom.generate.language import Speaker, attach
from loraloom.spec.errors import LoomError

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
BEGINS, WITHIN = "adapter.", ".default."


def put_on(speaker: Speaker, lora: Path, scratch: Path) -> None:
    """Put the LoRA at `lora`, a PEFT folder, its weights or a checkpoint, in the place of the one before. `scratch` is a
    folder of the caller's. Raises LoomError `lora_unreadable`, `lora_mismatch`."""
    take_off(speaker)
    folder = lora.parent if lora.is_file() else lora
    attach(speaker, folder if (folder / CONFIG).is_file() else _from_checkpoint(folder, scratch))


def take_off(speaker: Speaker) -> None:
    """Leave the base alone."""
    from peft.tuners.lora.layer import LoraLayer

    model: Any = speaker.model
    for path, layer in list(model.named_modules()):
        if isinstance(layer, LoraLayer):
            parent, _, name = path.rpartition(".")
            setattr(model.get_submodule(parent), name, layer.get_base_layer())
    if hasattr(model, "peft_config"):
        del model.peft_config


def _from_checkpoint(folder: Path, scratch: Path) -> Path:
    """A PEFT folder with the weights of a checkpoint, whose run's config lies two folders above it."""
    try:
        tensors = load_file(folder / "adapter.safetensors")
        lora = yaml.safe_load((folder.parents[1] / "run.yaml").read_text("utf-8"))["lora"]
    except Exception as error:
        raise LoomError(
            "lora_unreadable", f"The checkpoint {folder.name} cannot be read: {error}", "Choose another one."
        ) from error
    own = {name.removeprefix(BEGINS): tensor for name, tensor in tensors.items() if name.startswith(BEGINS)}
    layers = sorted({name.partition(".lora_")[0] for name in own})
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": lora["rank"],
        "lora_alpha": lora["alpha"],
        "use_rslora": lora.get("rslora", False),
        "use_dora": lora.get("dora", False),
        "target_modules": layers,
        "bias": "none",
        "inference_mode": True,
    }
    scratch.mkdir(parents=True, exist_ok=True)
    named = {f"base_model.model.{name}".replace(WITHIN, "."): tensor for name, tensor in own.items()}
    named = {name.replace("lora_magnitude_vector.weight", "lora_magnitude_vector"): t for name, t in named.items()}
    save_file(named, scratch / WEIGHTS)
    (scratch / CONFIG).write_text(json.dumps(config), "utf-8")
    return scratch
