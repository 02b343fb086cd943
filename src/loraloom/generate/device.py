"""Where a model is put for drawing and answering, and in which number format."""

from __future__ import annotations

from pathlib import Path

import torch

from loraloom.spec.errors import LoomError

LARGE = 6_000_000_000
"""Bytes of weights from which on a processor gets them in bf16: float32 would double what is often all memory there is."""


def device_of(wanted: str) -> torch.device:
    """`auto` is CUDA, then MPS, then the processor. Raises LoomError `device_unavailable`."""
    if wanted == "auto":
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    try:
        device = torch.device(wanted)
        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}.get(device.type, True)
    except RuntimeError:
        there = False
    if not there:
        raise LoomError("device_unavailable", f"The device {wanted!r} is not there.", "Leave it at auto.")
    return torch.device(wanted)


def dtype_of(folder: Path, device: torch.device) -> torch.dtype:
    """bf16 on a card that computes in it, fp16 on another, fp32 on a processor unless the weights in `folder` are large."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "mps":
        return torch.float16
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return torch.bfloat16 if size > LARGE else torch.float32
