"""The number format that most weights of a header are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Stored = Literal["fp32", "bf16", "fp16"]
_STORED: dict[str, Stored] = {"F32": "fp32", "BF16": "bf16", "F16": "fp16"}


def commonest(by_format: Mapping[str, int]) -> Stored:
    """Of parameters by safetensors' name of their format; fp32 where it is another one, or none."""
    return _STORED.get(max(by_format, key=lambda name: by_format[name], default="F32"), "fp32")
