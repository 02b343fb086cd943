"""Bases that stay in memory between drawings, each with what is on it; the one longest unused goes first."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import torch

from loraloom.generate.draw import pipeline_for
from loraloom.generate.parts import TEXT_ENCODERS, Parts, load_parts
from loraloom.generate.playground.fitting import Wardrobe
from loraloom.generate.playground.swap import Swap
from loraloom.generate.playground.text import Encoded
from loraloom.models.header import read_header
from loraloom.models.resolve import BaseModel, resolve
from loraloom.spec.errors import LoomError
from loraloom.spec.run import NATIVE_RESOLUTION, ImageFamily

LORA_SHARE = 4
"""What the LoRAs of a base may take: this part of what all bases may."""


@dataclass
class Base:
    """A base ready to draw. `texts` are the prompts read lately, by prompt, clip skip and the LoRAs that were on."""

    model: BaseModel
    parts: Parts
    pipeline: Any
    wardrobe: Wardrobe
    swap: Swap
    size: int
    """Bytes of its weights."""
    texts: dict[tuple[Any, ...], Encoded] = field(default_factory=dict)


class Bases:
    """The bases of one process on `device`, together no larger than `memory_bytes` except for a single one."""

    def __init__(self, device: torch.device, memory_bytes: int | None) -> None:
        self.device = device
        self._most = memory_bytes or free_bytes(device) // 2
        self._kept: dict[str, Base] = {}

    def __contains__(self, base_model: str) -> bool:
        return base_model in self._kept

    def model(self, base_model: str) -> BaseModel:
        """What is known of the base without its weights. Raises LoomError of `resolve`."""
        return self._kept[base_model].model if base_model in self._kept else resolve(base_model)

    def get(self, base_model: str) -> Base:
        """The base called `base_model`, loaded unless it is there.

        Raises LoomError of `resolve`, `family_of` and `load_parts`.
        """
        found = self._kept.pop(base_model, None)
        if found is None:
            found = self._load(base_model)
        self._kept[base_model] = found  # the latest at the end
        self._make_room(0)
        return found

    def _load(self, base_model: str) -> Base:
        model = resolve(base_model)
        family = family_of(model)
        dtype = torch.float32 if self.device.type == "cpu" else torch.float16
        self._make_room(expected_bytes(model, family, dtype))
        parts = load_parts(model, family, dtype)
        pipeline = pipeline_for(parts).to(self.device)
        models = (parts.unet, parts.vae, *parts.text_encoders.values())
        size = sum(p.nbytes for module in models for p in module.parameters())
        components: Any = {"unet": parts.unet, **parts.text_encoders}
        wardrobe = Wardrobe(components, self._most // LORA_SHARE)
        return Base(model, parts, pipeline, wardrobe, Swap(), size)

    def _make_room(self, more: int) -> None:
        """Let the oldest bases go until `more` bytes fit beside the rest; the last one stays when nothing comes."""
        while (
            len(self._kept) > (0 if more else 1) and sum(base.size for base in self._kept.values()) + more > self._most
        ):
            self._kept.pop(next(iter(self._kept)))
            gc.collect()
            if self.device.type == "cuda":
                torch.cuda.empty_cache()


def side_of(model: BaseModel) -> int:
    """Side in pixels of the square picture that it is made for. Raises LoomError as `family_of`."""
    return model.resolution or NATIVE_RESOLUTION[family_of(model)]


def family_of(model: BaseModel) -> ImageFamily:
    """Its family. Raises LoomError `base_model_mismatch` (a language model), `base_model_unknown`."""
    if model.family is None:
        raise LoomError("base_model_unknown", f"The family of {model.name} is not known.", "Download it first.")
    if model.family == "causal_lm":
        raise LoomError("base_model_mismatch", f"{model.name} is a language model: it draws nothing.", "Chat with it.")
    return model.family


def expected_bytes(model: BaseModel, family: ImageFamily, dtype: torch.dtype) -> int:
    """What the weights of `model` take in `dtype`, by the headers of its files; 0 for what is not downloaded yet."""
    if model.path is None:
        return 0
    files: list[Path] = [model.path]
    if model.path.is_dir():
        files = []
        for part in ("unet", "vae", *TEXT_ENCODERS[family]):
            there = list((model.path / part).glob("*.safetensors"))
            files += [file for file in there if ".fp16." not in file.name] or there
    return sum(info.size for file in files for info in read_header(file).tensors.values()) * dtype.itemsize


def free_bytes(device: torch.device) -> int:
    """Memory that is free on the device."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available
