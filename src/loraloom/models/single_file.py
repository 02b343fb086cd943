"""Derives the diffusers / transformers configs of a single-file base from the tensor shapes in its header."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from loraloom.models.configs import Part, true_config
from loraloom.models.header import Header
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family

UNET = "model.diffusion_model."
VAE = ("first_stage_model.", "vae.")
CLIP: dict[Family, dict[Part, str]] = {
    "sd1": {"text_encoder": "cond_stage_model.transformer.text_model."},
    "sd2": {"text_encoder": "cond_stage_model.model."},
    "sdxl": {
        "text_encoder": "conditioner.embedders.0.transformer.text_model.",
        "text_encoder_2": "conditioner.embedders.1.model.",
    },
}
"""Where each text encoder lies in an original-layout file. OpenCLIP's have no `transformer.text_model.`."""
HEAD_WIDTH = 64
"""Width of an attention head in SD2, SDXL and every CLIP; SD1's UNet has 8 heads instead. Shapes do not tell it."""


def configs_for(header: Header, family: Family) -> dict[Part, dict[str, Any]]:
    """Configs of unet, vae, text_encoder(, text_encoder_2) and scheduler of the original-layout file with `header`.

    Widths, depths and counts come from the shapes; what shapes do not tell (head counts, activation, scaling factor) is
    as Stable Diffusion has it. Raises LoomError `weights_unreadable` if tensors that tell it are missing.
    """
    try:
        configs: dict[Part, dict[str, Any]] = {"unet": _unet(header, family), "vae": _vae(header, family)}
        for part in CLIP[family]:
            configs[part] = _clip(header, family, part, clip_prefix(header.tensors, family, part))
    except (KeyError, IndexError, ValueError, StopIteration) as error:
        raise LoomError(
            "weights_unreadable",
            f"The file lacks tensors that every {family} model has ({error}).",
            "Use the original file of the model, or its diffusers folder.",
        ) from error
    configs["scheduler"] = true_config(family, "scheduler")
    return configs


def clip_prefix(names: Iterable[str], family: Family, part: Part) -> str:
    """Where the text encoder `part` lies; some early SD1 files leave out `text_model.`."""
    prefix = CLIP[family][part]
    shorter = prefix.removesuffix("text_model.")
    return shorter if shorter != prefix and any(name.startswith(f"{shorter}encoder.") for name in names) else prefix


def _unet(header: Header, family: Family) -> dict[str, Any]:
    config = true_config(family, "unet")
    shapes = {k.removeprefix(UNET): v.shape for k, v in header.tensors.items() if k.startswith(UNET)}
    ends = [i for i in _numbers(shapes, "input_blocks") if f"input_blocks.{i}.0.op.weight" in shapes]
    last = max(_numbers(shapes, "input_blocks"))
    per_block = (ends[0] if ends else last + 1) - 1
    starts = [1 + i * (per_block + 1) for i in range(len(ends) + 1)]
    widths = [shapes[f"input_blocks.{i}.0.out_layers.3.weight"][0] for i in starts]
    depths = [_depth(shapes, f"input_blocks.{i}.1") for i in starts]
    context = next(shape[1] for name, shape in shapes.items() if name.endswith(".attn2.to_k.weight"))
    config |= {
        "block_out_channels": widths,
        "layers_per_block": per_block,
        "down_block_types": ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths],
        "up_block_types": ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(depths)],
        "cross_attention_dim": context,
        "in_channels": shapes["input_blocks.0.0.weight"][1],
        "out_channels": shapes["out.2.weight"][0],
    }
    middle = _depth(shapes, "middle_block.1")
    stacks = [depth or 1 for depth in depths[:-1]] + [depths[-1] or middle or 1]
    config["transformer_layers_per_block"] = 1 if set(stacks) == {1} else stacks
    if family != "sd1":
        config["attention_head_dim"] = [max(1, width // HEAD_WIDTH) for width in widths]
    if family == "sdxl":
        added = shapes["label_emb.0.0.weight"][1]
        pooled = header.tensors["conditioner.embedders.1.model.text_projection"].shape[1]
        config |= {"projection_class_embeddings_input_dim": added, "addition_time_embed_dim": (added - pooled) // 6}
    return config


def _depth(shapes: dict[str, tuple[int, ...]], block: str) -> int:
    """Transformer blocks in `block`; 0 where it has no attention."""
    found = {int(m[1]) for name in shapes if (m := re.match(re.escape(block) + r"\.transformer_blocks\.(\d+)\.", name))}
    return len(found)


def _numbers(shapes: dict[str, tuple[int, ...]], name: str) -> list[int]:
    return sorted({int(m[1]) for key in shapes if (m := re.match(re.escape(name) + r"\.(\d+)\.", key))})


def _vae(header: Header, family: Family) -> dict[str, Any]:
    config = true_config(family, "vae")
    prefix = next(p for p in VAE if any(name.startswith(p + "decoder.") for name in header.tensors))
    shapes = {k.removeprefix(prefix): v.shape for k, v in header.tensors.items() if k.startswith(prefix)}
    levels = _numbers(shapes, "encoder.down")
    blocks = {m[1] for name in shapes if (m := re.match(r"encoder\.down\.0\.block\.(\d+)\.", name))}
    latent = shapes["decoder.conv_in.weight"][1]
    config |= {
        "block_out_channels": [shapes[f"encoder.down.{i}.block.0.conv2.weight"][0] for i in levels],
        "down_block_types": ["DownEncoderBlock2D"] * len(levels),
        "up_block_types": ["UpDecoderBlock2D"] * len(levels),
        "layers_per_block": len(blocks),
        "latent_channels": latent,
    }
    return config


_CLIP_NAMES = ("embeddings.token_embedding.weight", "embeddings.position_embedding.weight", "encoder.layers", "mlp.fc1")
_OPENCLIP_NAMES = ("token_embedding.weight", "positional_embedding", "transformer.resblocks", "mlp.c_fc")


def _clip(header: Header, family: Family, part: Part, prefix: str) -> dict[str, Any]:
    openclip = prefix.endswith(".model.")
    tokens, positions, layers, inner = _OPENCLIP_NAMES if openclip else _CLIP_NAMES
    config = true_config(family, part)
    vocabulary, width = header.tensors[prefix + tokens].shape
    depth = _layers(header, prefix + layers)
    config |= {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "max_position_embeddings": header.tensors[prefix + positions].shape[0],
        "intermediate_size": header.tensors[f"{prefix}{layers}.0.{inner}.weight"].shape[0],
        "num_hidden_layers": _without_last(depth) if family == "sd2" else depth,
        "num_attention_heads": max(1, width // HEAD_WIDTH),
    }
    if not openclip:
        config["projection_dim"] = width
    elif part == "text_encoder_2":
        config["projection_dim"] = header.tensors[f"{prefix}text_projection"].shape[1]
    return config


def _without_last(layers: int) -> int:
    """SD2 reads its text encoder before the last layer, so diffusers has 23 of the file's 24.

    Files saved from diffusers hold 23 and nothing more; those keep all.
    """
    return 23 if layers == 23 else max(1, layers - 1)


def _layers(header: Header, name: str) -> int:
    pattern = re.compile(re.escape(name) + r"\.(\d+)\.")
    return len({m[1] for key in header.tensors if (m := pattern.match(key))})
