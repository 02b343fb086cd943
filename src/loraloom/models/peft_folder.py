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
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
"""PEFT's files."""


def is_adapter_folder(path: Path) -> bool:
    """True for a PEFT adapter folder and for a folder with diffusers' LoRA file."""
    return (path / CONFIG).is_file() or (path / DIFFUSERS_FILE).is_file()


def adapter_file(path: Path) -> Path:
    """The weights in the adapter folder `path`. Raises LoomError `pickle_refused` or `weights_unreadable`."""
    for name in (DIFFUSERS_FILE, WEIGHTS):
        if (path / name).is_file():
            return path / name
    if (path / "adapter_model.bin").is_file():
        raise LoomError("pickle_refused", f"{path} holds its adapter only as a pickle.", PICKLE_HINT)
    raise LoomError(
        "weights_unreadable", f"There is no adapter_model.safetensors in {path}.", "Download the folder again."
    )


def summarise_folder(path: Path) -> FileSummary:
    """Summary of the adapter folder `path`; family, rank and alpha as its config has them."""
    return summarise_adapter(adapter_file(path)).model_copy(update={"path": str(path)})


def in_adapter_folder(file: Path) -> bool:
    """Whether `file` is the weights of a PEFT folder, whose config says the rest."""
    return file.name == WEIGHTS and (file.parent / CONFIG).is_file()


def summarise_adapter(file: Path) -> FileSummary:
    """Summary of the weights `file`, with what the config beside them says."""
    found = summarise_lora(file, read_header(file))
    config: dict[str, Any] = {}
    if (file.parent / CONFIG).is_file():
        config = read_json(file.parent / CONFIG)
    more: dict[str, Any] = {}
    if isinstance(config.get("lora_alpha"), int | float) and not found.alpha:
        more["alpha"] = (float(config["lora_alpha"]),)
    if config.get("task_type") == "CAUSAL_LM":
        more["family"] = "causal_lm"
    kept = ("base_model_name_or_path", "peft_type", "r", "lora_alpha", "use_rslora", "use_dora", "task_type")
    more["metadata"] = found.metadata | {key: config[key] for key in kept if config.get(key) is not None}
    return found.model_copy(update=more)
