"""Which device a model computes on."""

from __future__ import annotations

import torch

from loraloom.spec.errors import LoomError


def choose_device(wanted: str) -> torch.device:
    """`auto` is CUDA, then MPS, then the CPU. Raises LoomError `device_unavailable`."""
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device(wanted)
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[device.type]
    if not there or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        text = f"The device {wanted!r} is not there for torch {torch.__version__}."
        raise LoomError(
            "device_unavailable", text, "Use auto, or install the torch build for your card and its driver."
        )
    return device


def choose_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """`auto`: bf16 on a card that has it, fp16 on an older one, fp32 elsewhere."""
    known = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    if wanted != "auto":
        return known[wanted]
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
