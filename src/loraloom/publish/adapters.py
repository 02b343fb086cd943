"""A LoRA taken apart into modules, whatever layout it came in: the middle of every conversion."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from loraloom.models.header import Header
from loraloom.models.layout import Component
from loraloom.models.lora_alpha import adapter_metadata, scalar
from loraloom.models.lora_file import locate, read_lora_family, split_key
from loraloom.models.lora_scale import said_alpha
from loraloom.models.raw_file import RawTensor
from loraloom.spec.errors import LoomError
from loraloom.spec.run import ImageFamily

Role = Literal["down", "up", "alpha", "dora"]
ROLES: dict[str, Role] = {
    ".lora_down.weight": "down",
    ".lora_A.weight": "down",
    ".lora_A.default.weight": "down",
    ".lora.down.weight": "down",
    "_lora.down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_B.weight": "up",
    ".lora_B.default.weight": "up",
    ".lora.up.weight": "up",
    "_lora.up.weight": "up",
    ".alpha": "alpha",
    ".dora_scale": "dora",
    ".lora_magnitude_vector": "dora",
    ".lora_magnitude_vector.weight": "dora",
    ".lora_magnitude_vector.default.weight": "dora",
}
CLEAR_ALPHA = "loraloom.alpha_dtype"
"""Header key that keeps the number format of `.alpha` while the layout has no such tensors."""


@dataclass(frozen=True)
class Adapter:
    """One adapted layer. `path` is diffusers' module path, with `text_model.` for text encoders."""

    component: Component
    path: str
    down: RawTensor
    """[rank, in(, k, k)]"""
    up: RawTensor
    """[out, rank(, 1, 1)]"""
    alpha: float
    """The scale is alpha / rank."""
    dora: RawTensor | None = None
    """Magnitudes, one an output."""

    @property
    def rank(self) -> int:
        """Rows of `down`."""
        return self.down.shape[0]


def take_apart(
    label: str, header: Header, tensors: Mapping[str, RawTensor]
) -> tuple[list[Adapter], ImageFamily | None]:
    """The adapted layers of a LoRA file and its family.

    Raises LoomError `lora_unreadable` (not a LoRA, parts missing, foreign modules) and `lora_mismatch` (a variant that
    other layouts cannot hold).
    """
    family, layout = read_lora_family(header)
    if layout not in ("kohya", "diffusers"):
        raise LoomError(
            "lora_unreadable",
            f"{label} is not a Stable Diffusion LoRA that Loom knows.",
            "Look at it with `loraloom inspect`.",
        )
    modules: dict[str, dict[Role, RawTensor]] = {}
    for name, tensor in tensors.items():
        key = split_key(name)
        role = ROLES.get(key.part) if key else None
        if key is None or role is None:
            raise _cannot_hold(label, name, key.part if key else "")
        modules.setdefault(key.module, {})[role] = tensor
    said = adapter_metadata(header)
    return [_adapter(label, layout, module, parts, said) for module, parts in modules.items()], family


def _adapter(
    label: str, layout: Literal["kohya", "diffusers"], module: str, parts: dict[Role, RawTensor], said: dict[str, Any]
) -> Adapter:
    place = locate(module, layout)
    if place is None:
        raise LoomError("lora_unreadable", f"{label} adapts {module}, which no Stable Diffusion model has.")
    component, path = place
    if component != "unet" and not path.startswith("text_"):
        path = f"text_model.{path}"
    down, up = parts.get("down"), parts.get("up")
    if down is None or up is None or not down.shape or len(up.shape) < 2 or down.shape[0] != up.shape[1]:
        raise LoomError("lora_unreadable", f"{label}: the two halves of {module} are missing or do not fit together.")
    dora = parts.get("dora")
    if dora is not None and math.prod(dora.shape) != up.shape[0]:
        raise LoomError(
            "lora_mismatch",
            f"{label} has DoRA magnitudes for inputs, not for outputs ({module}); only kohya's layout holds those.",
        )
    alpha = float(down.shape[0])
    if "alpha" in parts:
        alpha = scalar(parts["alpha"].dtype, bytes(parts["alpha"].data))
    elif said:
        alpha = said_alpha(component, path, down.shape[0], said)
    return Adapter(component, path, down, up, alpha, dora)


def _cannot_hold(label: str, name: str, part: str) -> LoomError:
    kinds = {
        ".hada_": "LoHa",
        ".lokr_": "LoKr",
        ".oft_": "OFT",
        ".boft_": "OFT",
        ".lora_mid": "a LoRA with a middle (Tucker)",
    }
    kind = next((kind for mark, kind in kinds.items() if part.startswith(mark)), "")
    if kind:
        return LoomError(
            "lora_mismatch",
            f"{label} is {kind}: only kohya's layout holds that.",
            "Use the file as it is, in a program that reads it.",
        )
    return LoomError("lora_unreadable", f"{label} holds {name[:120]!r}, which belongs to no LoRA layer.")


def alpha_tensor(alpha: float, dtype: str) -> RawTensor:
    """A scalar tensor of F16, BF16 or F32."""
    if dtype == "BF16":
        return RawTensor("BF16", (), struct.pack("<f", alpha)[2:])
    code = {"F16": "<e", "F32": "<f", "F64": "<d"}[dtype]
    return RawTensor(dtype, (), struct.pack(code, alpha))


def alpha_dtype(header: Header) -> str:
    """Number format of the file's `.alpha` tensors, or the one they had before a conversion; F32 by default.

    F32 because half precision rounds odd alphas: 0.1, or rsLoRA's 16 x sqrt(8).
    """
    found = next((info.dtype for name, info in header.tensors.items() if name.endswith(".alpha")), None)
    dtype = found or header.metadata.get(CLEAR_ALPHA, "F32")
    return dtype if dtype in ("F16", "BF16", "F32", "F64") else "F32"


def adapter_config(adapters: list[Adapter]) -> str:
    """diffusers' `lora_adapter_metadata` for these layers: PEFT's LoraConfig of each component, keys prefixed by it.

    Patterns and targets leave out `text_model.`, which CLIPTextModel has in some versions of transformers only; PEFT
    compares the ends of paths.
    """
    config: dict[str, Any] = {}
    for component in dict.fromkeys(adapter.component for adapter in adapters):
        own = {a.path.removeprefix("text_model."): a for a in adapters if a.component == component}
        ranks, alphas = [a.rank for a in own.values()], [a.alpha for a in own.values()]
        rank, alpha = max(set(ranks), key=ranks.count), max(set(alphas), key=alphas.count)
        values: dict[str, Any] = {
            "r": rank,
            "lora_alpha": _plain(alpha),
            "rank_pattern": {path: a.rank for path, a in own.items() if a.rank != rank},
            "alpha_pattern": {path: _plain(a.alpha) for path, a in own.items() if a.alpha != alpha},
            "target_modules": sorted(own),
            "use_dora": any(a.dora is not None for a in own.values()),
            "use_rslora": False,
            "lora_bias": False,
            "bias": "none",
        }
        config |= {f"{component}.{key}": value for key, value in values.items()}
    return json.dumps(config, indent=2, sort_keys=True)


def _plain(value: float) -> float | int:
    return int(value) if value.is_integer() else value
