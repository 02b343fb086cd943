"""A Stable Diffusion 1.5 of random weights, narrow enough for a processor: its blocks and layers, 0.4 of its width."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WIDTHS = [128, 256, 512, 512]
VAE_WIDTHS = [64, 128, 256, 256]
TEXT = {
    "hidden_size": 256,
    "intermediate_size": 1024,
    "projection_dim": 256,
    "num_attention_heads": 4,
    "num_hidden_layers": 4,
}


def build(folder: Path, seed: int = 0) -> Path:
    """Write it as a diffusers folder (about 650 MB, fp32); its UNet alone has over 100 million parameters."""
    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from transformers.models.clip.configuration_clip import CLIPTextConfig
    from transformers.models.clip.modeling_clip import CLIPTextModel

    from loraloom.generate.single_file import clip_tokenizer
    from loraloom.models.configs import true_config

    torch.manual_seed(seed)
    unet: dict[str, Any] = true_config("sd1", "unet") | {"block_out_channels": WIDTHS, "cross_attention_dim": 256}
    vae: dict[str, Any] = true_config("sd1", "vae") | {"block_out_channels": VAE_WIDTHS}
    model: Any = UNet2DConditionModel.from_config(unet)
    pipeline: Any = StableDiffusionPipeline(
        unet=model,
        vae=AutoencoderKL.from_config(vae),  # pyright: ignore[reportArgumentType]
        text_encoder=CLIPTextModel(CLIPTextConfig(**true_config("sd1", "text_encoder") | TEXT)),
        tokenizer=clip_tokenizer("<|endoftext|>"),
        scheduler=DDIMScheduler.from_config(true_config("sd1", "scheduler") | {"_class_name": "DDIMScheduler"}),  # pyright: ignore[reportArgumentType]
        safety_checker=None,  # pyright: ignore[reportArgumentType]
        feature_extractor=None,  # pyright: ignore[reportArgumentType]
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    (folder / "parameters.json").write_text(json.dumps({"unet": parameters}), "utf-8")
    return folder
