"""Recognises weights that are not a Stable Diffusion base or LoRA, so that Loom can say what they are."""

from __future__ import annotations

from collections.abc import Iterable

_MARKS: tuple[tuple[str, str], ...] = (
    ("distilled_guidance_layer.", "Chroma"),
    ("txt_in.individual_token_refiner.", "HunyuanVideo"),
    ("single_stream_modulation.", "FLUX.2"),
    ("double_blocks.0.img_attn.", "FLUX.1"),
    ("joint_blocks.0.", "Stable Diffusion 3"),
    ("double_layers.0.attn.", "AuraFlow"),
    ("cap_embedder.", "Lumina or Z-Image"),
    ("head.modulation", "Wan"),
    ("x_embedder.proj.1.", "Cosmos"),
    ("down_blocks.0.0.channelwise.", "Stable Cascade"),
    ("clip_txt_mapper.", "Stable Cascade"),
    ("control_model.", "a ControlNet"),
    ("controlnet_cond_embedding.", "a ControlNet"),
    ("motion_modules.", "an AnimateDiff motion module"),
    ("edm_mean", "Playground 2.5"),
    ("emb_params", "a textual inversion embedding"),
    ("string_to_param", "a textual inversion embedding"),
    ("single_transformer_blocks.", "the transformer of a FLUX diffusers folder"),
    ("down_blocks.0.resnets.", "the UNet of a diffusers folder"),
    ("model.layers.0.", "a language model"),
    ("transformer.h.0.", "a language model"),
    ("text_model.encoder.layers.0.", "a text encoder"),
    ("vision_model.encoder.layers.0.", "a CLIP model"),
    ("decoder.up_blocks.0.", "a VAE"),
    ("decoder.up.0.", "a VAE"),
    ("body.0.rdb1.", "an upscaler"),
)


def name_foreign(keys: Iterable[str]) -> str | None:
    """What weights with these tensor names are, in words; None if nothing is recognised."""
    keys = list(keys)
    for mark, name in _MARKS:
        if any(mark in key for key in keys):
            return name
    if {"clip_l", "clip_g"} & set(keys):
        return "a textual inversion embedding"
    return None


def odd_input(channels: int) -> str | None:
    """What a Stable Diffusion UNet with `channels` input channels is for; None for the usual four."""
    names = {9: "an inpainting model", 8: "an InstructPix2Pix model", 7: "an upscaler", 5: "a depth model"}
    return None if channels == 4 else names.get(channels, f"a UNet with {channels} input channels")
