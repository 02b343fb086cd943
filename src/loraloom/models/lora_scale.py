"""The scale of a LoRA's layers as an adapter config says it: PEFT's, or diffusers' in the header of the file."""

from __future__ import annotations

import math
import re
from typing import Any

from loraloom.models.layout import Component


def said_alpha(component: Component, path: str, rank: int, said: dict[str, Any]) -> float:
    """Alpha of the layer at `path` by `said` (`unet.lora_alpha`, ...), with PEFT's patterns and rsLoRA's root of rank."""
    alpha = said.get(f"{component}.lora_alpha")
    for pattern, value in dict(said.get(f"{component}.alpha_pattern") or {}).items():
        if fits(str(pattern), path):
            alpha = value
            break
    if not isinstance(alpha, int | float):
        return float(rank)
    return float(alpha) * math.sqrt(rank) if said.get(f"{component}.use_rslora") else float(alpha)


def said_rank(component: Component, path: str, said: dict[str, Any]) -> int | None:
    """Rank of the layer at `path` by `said`, for what has none in its shapes."""
    for pattern, value in dict(said.get(f"{component}.rank_pattern") or {}).items():
        if fits(str(pattern), path) and isinstance(value, int):
            return value
    rank = said.get(f"{component}.r")
    return rank if isinstance(rank, int) else None


def fits(pattern: str, path: str) -> bool:
    """Whether PEFT's `pattern` means the module at `path`."""
    try:
        return re.match(rf"(.*\.)?({pattern})$", path) is not None
    except re.error:
        return path.endswith(pattern)
