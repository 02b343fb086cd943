"""What made a picture, in its PNG, as AUTOMATIC1111 writes it: ComfyUI, Forge and readers of metadata know it too.

Source: AUTOMATIC1111/stable-diffusion-webui, `modules/processing.py` (create_infotext) and `modules/images.py`.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from loraloom.spec.drawing import Drawing, Sampler

SAMPLERS: dict[Sampler, tuple[str, str]] = {
    "ddim": ("DDIM", ""),
    "euler": ("Euler", ""),
    "euler_a": ("Euler a", ""),
    "dpmpp_2m_karras": ("DPM++ 2M", "Karras"),
    "lcm": ("LCM", ""),
}
"""Name and schedule type, as that program calls them."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_IHDR_END = 33


@dataclass(frozen=True)
class UsedLora:
    """`stem` is the file's name without its ending, `hash` the first 12 digits of the SHA-256 of its tensors, or empty."""

    stem: str
    strength: float
    hash: str = ""


@dataclass(frozen=True)
class UsedBase:
    """`hash` is the first 10 digits of the file's SHA-256 (AutoV2); empty for a folder."""

    name: str
    hash: str = ""


def parameters(
    drawing: Drawing,
    base: UsedBase,
    loras: Sequence[UsedLora],
    *,
    width: int,
    height: int,
    steps: int,
    guidance: float,
) -> str:
    """The text of the chunk `parameters`. Sizes in pixels, as drawn; LoRAs stand in the prompt as `<lora:stem:strength>`."""
    tags = "".join(f"<lora:{lora.stem}:{lora.strength:g}>" for lora in loras)
    prompt = " ".join(part for part in (drawing.prompt.strip(), tags) if part)
    lines = [prompt]
    if drawing.negative_prompt.strip():
        lines.append(f"Negative prompt: {drawing.negative_prompt.strip()}")
    sampler, schedule = SAMPLERS[drawing.sampler]
    hashes = ", ".join(f"{lora.stem}: {lora.hash}" for lora in loras if lora.hash)
    values: dict[str, object] = {
        "Steps": steps,
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": f"{guidance:g}",
        "Seed": drawing.seed,
        "Size": f"{width}x{height}",
        "Model hash": base.hash,
        "Model": base.name,
        "Denoising strength": f"{drawing.variation:g}" if drawing.picture is not None else "",
        "Clip skip": drawing.clip_skip + 1 if drawing.clip_skip else "",
        "Lora hashes": hashes,
    }
    lines.append(", ".join(f"{key}: {_quoted(str(value))}" for key, value in values.items() if value != ""))
    return "\n".join(lines).replace("\0", "")


def with_parameters(png: bytes, text: str) -> bytes:
    """`png` with the text chunk `parameters`, as Pillow writes it: Latin-1 where that will do, else UTF-8. Raises ValueError
    for what is no PNG."""
    if not png.startswith(SIGNATURE) or png[12:16] != b"IHDR":
        raise ValueError("not a PNG")
    try:
        chunk = b"tEXt", b"parameters\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        chunk = b"iTXt", b"parameters\0\0\0\0\0" + text.encode("utf-8", "replace")
    return png[:_IHDR_END] + _chunk(*chunk) + png[_IHDR_END:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _quoted(value: str) -> str:
    """Values that hold signs of the format are put in quotes, as its `quote` does."""
    return json.dumps(value, ensure_ascii=False) if any(sign in value for sign in ',\n:"') else value
