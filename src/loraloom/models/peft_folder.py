"""Summarises a folder that holds a LoRA: PEFT's `adapter_config.json` with its weights, or diffusers' single file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loraloom.models.diffusers_folder import read_json
from loraloom.models.header import read_header
from loraloom.models.lora_summary import summarise_lora
from loraloom.models.sniff import PICKLE_HINT
from loraloom.spec.errors import LoomError
from loraloom.spec.lora import FileSummary

DIFFUSERS_FILE = "pytorch_lora_weights.safetensors"


def is_adapter_folder(path: Path) -> bool:
    """True for a PEFT adapter folder and for a folder with diffusers' LoRA file."""
    return (path / "adapter_config.json").is_file() or (path / DIFFUSERS_FILE).is_file()


def adapter_file(path: Path) -> Path:
    """The weights in the adapter folder `path`. Raises LoomError `pickle_refused` or `weights_unreadable`."""
    for name in (DIFFUSERS_FILE, "adapter_model.safetensors"):
        if (path / name).is_file():
            return path / name
    if (path / "adapter_model.bin").is_file():
        raise LoomError("pickle_refused", f"{path} holds its adapter only as a pickle.", PICKLE_HINT)
    raise LoomError(
        "weights_unreadable", f"There is no adapter_model.safetensors in {path}.", "Download the folder again."
    )


def summarise_folder(path: Path) -> FileSummary:
    """Summary of the adapter folder `path`; rank and alpha as its config has them."""
    file = adapter_file(path)
    found = summarise_lora(file, read_header(file))
    config: dict[str, Any] = {}
    if (path / "adapter_config.json").is_file():
        config = read_json(path / "adapter_config.json")
    more: dict[str, Any] = {"path": str(path)}
    if isinstance(config.get("lora_alpha"), int | float) and not found.alpha:
        more["alpha"] = (float(config["lora_alpha"]),)
    kept = ("base_model_name_or_path", "peft_type", "r", "lora_alpha", "use_rslora", "use_dora", "task_type")
    more["metadata"] = found.metadata | {key: config[key] for key in kept if config.get(key) is not None}
    return found.model_copy(update=more)
