"""The published configs of the base models, shipped so that single files load without a download."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from loraloom.models.layout import Component
from loraloom.spec.run import Family

Part = Literal["unet", "vae", "text_encoder", "text_encoder_2", "scheduler"]
FOLDER = Path(__file__).parent / "configs"
TEXT_ENCODERS: dict[Family, tuple[Component, ...]] = {
    "sd1": ("text_encoder",),
    "sd2": ("text_encoder",),
    "sdxl": ("text_encoder", "text_encoder_2"),
}


def true_config(family: Family, part: Part) -> dict[str, Any]:
    """Config of `part` of Stable Diffusion 1.5, 2.1 or XL as diffusers publishes it. Raises KeyError if it has none."""
    text = _read(family, part)
    return json.loads(text)


def true_configs(family: Family) -> dict[Component, dict[str, Any]]:
    """Configs of the parts a LoRA can be put on: the UNet and the text encoders."""
    parts: tuple[Component, ...] = ("unet", *TEXT_ENCODERS[family])
    return {part: true_config(family, part) for part in parts}


@cache
def _read(family: Family, part: Part) -> str:
    file = FOLDER / family / f"{part}.json"
    if not file.is_file():
        raise KeyError(f"{family} has no {part}")
    return file.read_text("utf-8")
