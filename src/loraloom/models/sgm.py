"""Renames UNet modules between diffusers and the original (LDM / SGM) layout, which kohya uses for SDXL."""

from __future__ import annotations

import re

OUTSIDE = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
RESNET = {
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_OUTSIDE_BACK = {new: old for old, new in OUTSIDE.items()}
_RESNET_BACK = {new: old for old, new in RESNET.items()}
_BLOCK = re.compile(r"(down_blocks|up_blocks)\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)")
_MID = re.compile(r"mid_block\.(resnets|attentions)\.(\d+)\.(.+)")
_ORIGINAL = re.compile(r"(input_blocks|output_blocks)\.(\d+)\.(\d+)\.(.+)")
_ORIGINAL_MID = re.compile(r"middle_block\.(\d+)\.(.+)")


def to_original(path: str, layers_per_block: int = 2, attention_above: bool = True) -> str:
    """Original name of the diffusers UNet module `path`: `down_blocks.1.attentions.0.x` is `input_blocks.4.1.x`.

    `attention_above`: the up block of an upsampler has attention, as in SDXL (its number is then 2, else 1).
    Raises KeyError for a path that no Stable Diffusion UNet has.
    """
    if path in OUTSIDE:
        return OUTSIDE[path]
    middle = _MID.fullmatch(path)
    if middle:
        kind, n, rest = middle[1], int(middle[2]), middle[3]
        return f"middle_block.1.{rest}" if kind == "attentions" else f"middle_block.{2 * n}.{RESNET[rest]}"
    found = _BLOCK.fullmatch(path)
    if not found:
        raise KeyError(path)
    side, i, kind, j, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    step = layers_per_block + 1
    if kind == "downsamplers":
        return f"input_blocks.{(i + 1) * step}.0.op"
    if kind == "upsamplers":
        return f"output_blocks.{i * step + layers_per_block}.{2 if attention_above else 1}.conv"
    start = f"input_blocks.{1 + i * step + j}" if side == "down_blocks" else f"output_blocks.{i * step + j}"
    return f"{start}.1.{rest}" if kind == "attentions" else f"{start}.0.{RESNET[rest]}"


def from_original(name: str, layers_per_block: int = 2) -> str:
    """Diffusers module path of the original name: the inverse of `to_original`. Raises KeyError for a foreign name."""
    if name in _OUTSIDE_BACK:
        return _OUTSIDE_BACK[name]
    middle = _ORIGINAL_MID.fullmatch(name)
    if middle:
        n, rest = int(middle[1]), middle[2]
        return f"mid_block.attentions.0.{rest}" if n == 1 else f"mid_block.resnets.{n // 2}.{_RESNET_BACK[rest]}"
    found = _ORIGINAL.fullmatch(name)
    if not found:
        raise KeyError(name)
    side, n, inner, rest = found[1], int(found[2]), int(found[3]), found[4]
    step = layers_per_block + 1
    if side == "input_blocks":
        i, j = divmod(n - 1, step)
        if rest == "op":
            return f"down_blocks.{i}.downsamplers.0.conv"
        start = f"down_blocks.{i}"
    else:
        i, j = divmod(n, step)
        if rest == "conv":
            return f"up_blocks.{i}.upsamplers.0.conv"
        start = f"up_blocks.{i}"
    return f"{start}.attentions.{j}.{rest}" if inner == 1 else f"{start}.resnets.{j}.{_RESNET_BACK[rest]}"
