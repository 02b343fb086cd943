"""Loads a causal language model, in full or with its frozen weights in 8 or 4 bits."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from loraloom.child.work import is_memory
from loraloom.generate.quiet import quiet
from loraloom.spec.errors import LoomError
from loraloom.train.families.causal_lm import attention


def load(folder: Path, dtype: torch.dtype, device: torch.device, quantization: str = "none") -> Any:
    """The model of the transformers folder, frozen, on `device`, with packed attention.

    Raises LoomError `weights_unreadable`, `device_unavailable` (8 or 4 bits without CUDA), `extra_missing` (bitsandbytes).
    """
    from transformers import AutoModelForCausalLM

    quiet()
    attention.register()
    more: dict[str, Any] = {}
    if quantization != "none":
        more = {"quantization_config": _bits(quantization, dtype, device), "device_map": {"": device}}
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True, **more
        )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        if is_memory(error):
            raise
        raise LoomError(
            "weights_unreadable", f"{folder.name} cannot be loaded: {_first_line(error)}", "Download the folder again."
        ) from error
    model.requires_grad_(False)
    model.eval()
    model.set_attn_implementation(attention.NAME)
    return model if more else model.to(device)


def _bits(quantization: str, dtype: torch.dtype, device: torch.device) -> Any:
    """QLoRA's settings (arXiv:2305.14314): NF4 with double quantization, or LLM.int8() (arXiv:2208.07339)."""
    if device.type != "cuda":
        raise LoomError(
            "device_unavailable",
            f"A base in {'4' if quantization == 'nf4' else '8'} bits needs CUDA; this run uses {device.type}.",
            "Set training.quantization to none.",
        )
    if find_spec("bitsandbytes") is None:
        raise LoomError(
            "extra_missing",
            f"training.quantization {quantization} needs the package bitsandbytes.",
            "Install it with: pip install 'loraloom[gpu]'",
        )
    from transformers import BitsAndBytesConfig

    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
