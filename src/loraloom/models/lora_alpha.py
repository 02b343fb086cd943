"""Reads the scales of a LoRA file: `alpha` scalars from the data part, or the adapter config in its header."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from loraloom.models.header import Header, TensorInfo


def read_alphas(path: Path, header: Header) -> tuple[float, ...]:
    """Distinct alphas of the LoRA at `path`, rising; from `.alpha` tensors, else from `lora_adapter_metadata`."""
    scalars = {name: info for name, info in header.tensors.items() if name.endswith(".alpha") and info.size == 1}
    if scalars:
        return tuple(sorted(set(read_scalars(path, header, scalars.values()))))
    return tuple(sorted(set(_from_adapter_metadata(header))))


def read_scalars(path: Path, header: Header, infos: Iterable[TensorInfo]) -> list[float]:
    """Values of one-element tensors, read one by one."""
    found: list[float] = []
    with path.open("rb") as file:
        for info in infos:
            file.seek(header.data_start + info.begin)
            found.append(scalar(info.dtype, file.read(info.end - info.begin)))
    return found


def scalar(dtype: str, data: bytes) -> float:
    """The number in `data`, by safetensors' dtype names; NaN for formats no alpha is stored in."""
    if dtype == "BF16":
        return struct.unpack("<f", b"\0\0" + data)[0]
    code = {"F16": "<e", "F32": "<f", "F64": "<d", "I64": "<q", "I32": "<i", "I16": "<h", "I8": "<b", "U8": "<B"}.get(
        dtype
    )
    return float(struct.unpack(code, data)[0]) if code else float("nan")


def adapter_metadata(header: Header) -> dict[str, Any]:
    """diffusers' `lora_adapter_metadata` as a dict, keys such as `unet.lora_alpha`; empty if absent or damaged."""
    try:
        found = json.loads(header.metadata.get("lora_adapter_metadata", "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _from_adapter_metadata(header: Header) -> Iterable[float]:
    for key, value in adapter_metadata(header).items():
        if key.endswith("lora_alpha") and isinstance(value, int | float):
            yield float(value)
        elif key.endswith("alpha_pattern") and isinstance(value, dict):
            yield from (float(v) for v in value.values() if isinstance(v, int | float))  # pyright: ignore[reportUnknownVariableType]
