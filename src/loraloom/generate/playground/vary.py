"""Variations of a picture: its latents, and diffusers' own pipeline from picture to picture over the same parts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from loraloom.data.pictures import load_picture
from loraloom.generate.parts import Parts

MOST_STEPS = 1000
"""Of a noise schedule."""
MULTIPLE = 8


def pipeline_to_vary(pipeline: Any, parts: Parts) -> Any:
    """The pipeline from pictures to pictures with the parts of `pipeline`; nothing is loaded or copied."""
    if parts.family == "sdxl":
        from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
            StableDiffusionXLImg2ImgPipeline as Xl,
        )

        found: Any = Xl(**pipeline.components, force_zeros_for_empty_prompt=parts.force_zeros, add_watermarker=False)
    else:
        from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import (
            StableDiffusionImg2ImgPipeline as Plain,
        )

        found = Plain(**pipeline.components, requires_safety_checker=False)
    found.set_progress_bar_config(disable=True)
    return found


def size_like(picture: Path, side: int) -> tuple[int, int]:
    """(width, height) in pixels of the picture's shape, with about the area of `side` squared."""
    width, height = load_picture(picture, "white").size
    scale = side / math.sqrt(width * height)
    fitted = (max(MULTIPLE, round(length * scale / MULTIPLE) * MULTIPLE) for length in (width, height))
    return next(fitted), next(fitted)


def schedule_of(steps: int, variation: float) -> tuple[int, float, int]:
    """(steps of the whole schedule, share of it that is drawn, steps that are drawn): at least one is, so a very small
    variation stretches the schedule."""
    share = max(variation, 1 / MOST_STEPS)
    if int(steps * share) < 1:
        steps = min(MOST_STEPS, math.ceil(1 / share) + 1)
    return steps, share, min(int(steps * share), steps)


@torch.no_grad()
def latents_of(picture: Path, vae: Any, width: int, height: int) -> Tensor:
    """[4, h, w]: the likeliest latents of the picture, cut to the shape of `width` and `height`. Raises LoomError
    `dataset_unreadable`."""
    fitted = ImageOps.fit(load_picture(picture, "white"), (width, height), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.asarray(fitted, np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    weight = next(vae.parameters())
    mode = vae.encode(pixels.to(weight.device, weight.dtype)).latent_dist.mode()
    return ((mode - (vae.config.shift_factor or 0)) * vae.config.scaling_factor)[0]
