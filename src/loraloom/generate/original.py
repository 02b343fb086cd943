"""Weights of a loaded Stable Diffusion model under their names in the original layout."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from loraloom.generate.parts import Parts
from loraloom.models.configs import Part
from loraloom.models.original import openclip_tensor, unet_tensor, vae_tensor
from loraloom.models.single_file import CLIP, UNET, clip_prefix
from loraloom.spec.errors import LoomError

VAE = "first_stage_model."
POSITIONS = 77
LOGIT_SCALE = 4.6052
"""OpenCLIP's: the logarithm of 100. Nothing that draws reads it, some programs miss it."""


def unet_weights(parts: Parts) -> dict[str, Tensor]:
    """All of the UNet."""
    config = dict(parts.unet.config)
    return {UNET + unet_tensor(name, config): tensor for name, tensor in parts.unet.state_dict().items()}


def vae_weights(parts: Parts) -> dict[str, Tensor]:
    """All of the VAE."""
    levels, found = len(parts.vae.config.block_out_channels), dict[str, Tensor]()
    for name, tensor in parts.vae.state_dict().items():
        new = vae_tensor(name, levels)
        square = ".attn_1." in new and tensor.dim() == 2
        found[VAE + new] = tensor[:, :, None, None] if square else tensor
    return found


def text_weights(parts: Parts, names: Iterable[str] = ()) -> dict[str, Tensor]:
    """All text encoders. `names` are those of the single file they came from: some early ones lie elsewhere."""
    names, found = list(names), dict[str, Tensor]()
    for part, encoder in parts.text_encoders.items():
        key: Part = "text_encoder_2" if part == "text_encoder_2" else "text_encoder"
        prefix = clip_prefix(names, parts.family, key)
        plain = {name.removeprefix("text_model."): tensor for name, tensor in encoder.state_dict().items()}
        plain = {name: tensor for name, tensor in plain.items() if "position_ids" not in name}
        found |= {prefix + name: t for name, t in (_openclip(plain) if prefix.endswith(".model.") else plain).items()}
    return found


def refuse_own_words(parts: Parts) -> None:
    """Raises LoomError `base_model_unknown` for a base whose text encoder has another vocabulary than CLIP's: Thimble."""
    for part, encoder in parts.text_encoders.items():
        config: Any = encoder.config
        if config.vocab_size != 49408:
            raise LoomError(
                "base_model_unknown",
                f"The {part} of this base has words of its own, for which a single file has no place.",
                "Publish the LoRA itself, or merge it into a full Stable Diffusion.",
            )


def whole(parts: Parts) -> dict[str, Tensor]:
    """A model that came from a folder, with what only the original layout has. Raises LoomError `base_model_unknown` for one
    that it cannot hold."""
    try:
        found = unet_weights(parts) | vae_weights(parts) | text_weights(parts)
    except KeyError as error:
        raise LoomError(
            "base_model_unknown", f"The original layout has no name for {error}.", "Publish the LoRA itself."
        ) from error
    if parts.family == "sd2":
        found |= _last_layer(found, f"{CLIP['sd2']['text_encoder']}transformer.resblocks.")
    for prefix in CLIP[parts.family].values():
        if prefix.endswith("text_model."):
            found[f"{prefix}embeddings.position_ids"] = torch.arange(POSITIONS)[None]
        else:
            found[f"{prefix}logit_scale"] = torch.tensor(LOGIT_SCALE)
    return found


def _last_layer(found: dict[str, Tensor], start: str) -> dict[str, Tensor]:
    """A last layer for SD2's text encoder: programs read the one before it, and miss it where it is not there."""
    numbers = {int(name.removeprefix(start).partition(".")[0]) for name in found if name.startswith(start)}
    last = f"{start}{max(numbers)}."
    return {name.replace(last, f"{start}{max(numbers) + 1}."): t for name, t in found.items() if name.startswith(last)}


def _openclip(plain: dict[str, Tensor]) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name, tensor in plain.items():
        new = openclip_tensor(name)
        if new is None:
            layer, _, rest = name.partition(".self_attn.")
            end, number = rest.rpartition(".")[2], layer.rpartition(".")[2]
            both = [plain[f"{layer}.self_attn.{part}_proj.{end}"] for part in "qkv"]
            found[f"transformer.resblocks.{number}.attn.in_proj_{end}"] = torch.cat(both)
        else:
            found[new] = tensor.T if new == "text_projection" else tensor
    if "text_projection" not in found:  # SD2 has one that is not read
        found["text_projection"] = torch.eye(plain["final_layer_norm.weight"].shape[0])
    return found
