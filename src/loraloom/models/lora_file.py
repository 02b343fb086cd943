"""Reads what the tensor names of a LoRA file say: layout, family, modules, variants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from loraloom.models.header import Header
from loraloom.models.layout import Component
from loraloom.models.lora_keys import from_kohya
from loraloom.spec.lora import Layout
from loraloom.spec.run import ImageFamily

KOHYA_PREFIXES = ("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_", "lora_te3_")
_PARTS = (
    ".lora_down.weight",
    ".lora_up.weight",
    ".lora_mid.weight",
    ".alpha",
    ".dora_scale",
    ".lora_A.weight",
    ".lora_B.weight",
    ".lora_A.default.weight",
    ".lora_B.default.weight",
    ".lora_magnitude_vector.default.weight",
    ".lora_magnitude_vector.weight",
    ".lora_magnitude_vector",
    ".lora.down.weight",
    ".lora.up.weight",
    "_lora.down.weight",
    "_lora.up.weight",
)
_LYCORIS = (".hada_", ".lokr_", ".oft_", ".boft_", ".on_input", ".diff", ".diff_b", ".glora_")


@dataclass(frozen=True)
class Key:
    """A tensor name taken apart: the module it belongs to and which part of the adapter it is."""

    module: str
    part: str


def split_key(name: str) -> Key | None:
    """Module and part (`.lora_down.weight`, `.hada_w1_a`, ...) of a LoRA tensor name; None for any other tensor."""
    for part in _PARTS:
        if name.endswith(part):
            return Key(name.removesuffix(part), part)
    for mark in _LYCORIS:
        at = name.find(mark)
        if at > 0:
            return Key(name[:at], name[at:])
    return None


def is_lora(names: Iterable[str]) -> bool:
    """True if the tensors are those of an adapter (LoRA, LoCon, LoHa, LoKr, ...) in any layout Loom recognises."""
    found = [split_key(name) for name in names]
    marks = ("lora_", ".lora.", ".hada_", ".lokr_", ".oft_")
    adapters = sum(key is not None and any(mark in key.module + key.part for mark in marks) for key in found)
    return adapters > 0 and adapters * 2 > len(found)


def find_layout(names: Iterable[str]) -> Layout:
    """kohya (`lora_unet_...`), diffusers (`unet.....lora_A`), peft (`base_model.model....`) or unknown."""
    names = list(names)
    if any(name.startswith(KOHYA_PREFIXES) for name in names):
        return "kohya"
    if any(name.startswith("base_model.model.") for name in names):
        return "peft"
    starts = ("unet.", "text_encoder.", "text_encoder_2.", "transformer.")
    return "diffusers" if any(name.startswith(starts) for name in names) else "unknown"


def read_lora_family(header: Header) -> tuple[ImageFamily | None, Layout]:
    """(family, layout) of a LoRA, from tensor names and shapes, then from the metadata; None for a family Loom has not."""
    layout = find_layout(header.tensors)
    return _from_names(header) or _from_metadata(header.metadata), layout


def _from_names(header: Header) -> ImageFamily | None:
    names = header.tensors
    if any("double_blocks" in name or "joint_blocks" in name or name.startswith("transformer.") for name in names):
        return None
    if any(name.startswith(("lora_te2_", "text_encoder_2.", "lora_te1_")) for name in names):
        return "sdxl"
    if any(mark in name for name in names for mark in ("_input_blocks_", "_output_blocks_", "_middle_block_")):
        return "sdxl"
    deep = ("transformer_blocks_1_", "transformer_blocks.1.")
    if any(mark in name for name in names for mark in deep):
        return "sdxl"
    for name, info in names.items():
        if "lora_down" not in name and "lora_A" not in name:
            continue
        if "attn2" in name and "to_k" in name and info.shape[-1] in _CONTEXT:
            return _CONTEXT[info.shape[-1]]
        if "proj_in" in name and name.startswith(("lora_unet_", "unet.")) and len(info.shape) == 4:
            return "sd1"
        if "self_attn" in name and info.shape[-1] in (768, 1024):
            return "sd1" if info.shape[-1] == 768 else "sd2"
    return None


_CONTEXT: dict[int, ImageFamily] = {768: "sd1", 1024: "sd2", 2048: "sdxl"}
_VERSIONS: tuple[tuple[str, ImageFamily], ...] = (
    ("sdxl_", "sdxl"),
    ("sd_v2", "sd2"),
    ("sd_v1", "sd1"),
    ("sd_1", "sd1"),
)
_ARCHITECTURES: tuple[tuple[str, ImageFamily], ...] = (
    ("stable-diffusion-xl", "sdxl"),
    ("stable-diffusion-v2", "sd2"),
    ("stable-diffusion-v1", "sd1"),
)


def _from_metadata(metadata: dict[str, str]) -> ImageFamily | None:
    version, architecture = metadata.get("ss_base_model_version", ""), metadata.get("modelspec.architecture", "")
    for start, family in _VERSIONS:
        if version.startswith(start):
            return family
    return next((family for start, family in _ARCHITECTURES if architecture.startswith(start)), None)


_PARTS_OF_MODEL: tuple[Component, ...] = ("text_encoder_2", "text_encoder", "unet")


def locate(module: str, layout: Layout) -> tuple[Component, str] | None:
    """(component, module path) of a LoRA module in any layout; None if it belongs to no known architecture."""
    if layout == "kohya":
        try:
            return from_kohya(module)
        except KeyError:
            return None
    for component in _PARTS_OF_MODEL:
        if module.startswith(f"{component}."):
            path = module.removeprefix(f"{component}.").replace(".processor.", ".")
            return component, path + ".0" if path.endswith(".to_out") else path
    return None
