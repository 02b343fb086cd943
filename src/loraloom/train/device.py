"""Which device a run uses, in which number format, and how much memory it holds."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import torch

from loraloom.child.limits import MEMORY
from loraloom.spec.errors import LoomError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
SMALL_MODEL_BYTES = 400_000_000
"""Below this size bf16 gains nothing on a CPU: casting costs more than the products save."""


def choose_device(wanted: str) -> torch.device:
    """`auto` is CUDA, then MPS, then the CPU. Raises LoomError `device_unavailable`."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device = torch.device(wanted)
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[device.type]
    if not there or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        raise LoomError(
            "device_unavailable",
            f"The device {wanted!r} is not there for torch {torch.__version__}.",
            "Set training.device to auto, or install the torch build for your card and its driver.",
        )
    return device


def device_of(first: torch.device, number: int, processes: int) -> torch.device:
    """Where process `number` of a run computes whose first one is at `first`: a card of its own, or all on the CPU.

    Raises LoomError `device_unavailable` when there are not enough.
    """
    if processes == 1 or first.type == "cpu":
        return first
    from_there = torch.cuda.device_count() - (first.index or 0) if first.type == "cuda" else 1
    if processes > from_there:
        raise LoomError(
            "device_unavailable",
            f"training.processes is {processes}, but this run may use {from_there} {first.type} "
            f"device{'' if from_there == 1 else 's'}.",
            f"Set training.processes to {from_there}.",
        )
    return torch.device("cuda", (first.index or 0) + number)


def limit_card(device: torch.device) -> None:
    """Let this process take no more than LORALOOM_RUN_MEMORY bytes of a card."""
    limit = os.environ.get(MEMORY)
    if limit and device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, int(limit) / total), device)


def choose_dtype(wanted: str, device: torch.device, base_bytes: int) -> torch.dtype:
    """Number format of the frozen base. `auto`: bf16 where it is fast (fp16 on older cards), fp32 elsewhere."""
    if wanted != "auto":
        if wanted == "fp16" and device.type != "cuda":
            raise LoomError(
                "config_invalid",
                f"fp16 training with loss scaling needs CUDA; this run uses {device.type}.",
                "Set training.precision to auto, bf16 or fp32.",
            )
        return DTYPES[wanted]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "cpu" and base_bytes > SMALL_MODEL_BYTES and _cpu_bf16_is_fast():
        return torch.bfloat16
    return torch.float32


def _cpu_bf16_is_fast() -> bool:
    checks = (getattr(torch.cpu, "_is_avx512_bf16_supported", None), getattr(torch.cpu, "_is_amx_tile_supported", None))
    return any(check() for check in checks if check is not None)


def describe(device: torch.device) -> str:
    """A name a person knows, such as `NVIDIA GeForce RTX 3060` or `cpu`."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def base_bytes(path: Path | None) -> int:
    """Bytes of all safetensors of a base model on disk; 0 where it is not local."""
    if path is None:
        return 0
    files = [path] if path.is_file() else list(path.rglob("*.safetensors"))
    return sum(file.stat().st_size for file in files)


class Memory:
    """Bytes in use now and at most: of the card on CUDA, of this process elsewhere."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._peak = 0
        self._process: Any = None
        if device.type != "cuda":
            import psutil

            self._process = psutil.Process(os.getpid())

    def read(self) -> tuple[int, int]:
        """(now, peak) in bytes."""
        if self._device.type == "cuda":
            return torch.cuda.memory_allocated(self._device), torch.cuda.max_memory_reserved(self._device)
        info = self._process.memory_info()
        self._peak = max(self._peak, info.rss, getattr(info, "peak_wset", 0), _high_water())
        return info.rss, self._peak


def _high_water() -> int:
    """The largest resident size of this process so far, where the system keeps it (not on Windows)."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
