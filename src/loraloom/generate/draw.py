"""Draws pictures with diffusers' own pipelines: from embeddings while training, from prompts otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from loraloom.generate.parts import Parts

PIXELS_AT_ONCE = 512 * 512
"""Pictures are drawn together up to this many pixels: fast for small ones, no more memory than one large one."""


def scheduler_for(parts: Parts, zero_terminal_snr: bool = False) -> Any:
    """DDIM with the base's noise schedule. Clipping is off (it wrecks latents) and offsets are Stable Diffusion's."""
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler

    config = parts.scheduler_config
    kept = {k: config[k] for k in ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule") if k in config}
    rescale = zero_terminal_snr or bool(config.get("rescale_betas_zero_snr", False))
    return DDIMScheduler(
        **kept,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type=parts.prediction,  # pyright: ignore[reportArgumentType]
        rescale_betas_zero_snr=rescale,
        timestep_spacing="trailing" if rescale else "leading",
    )


def pipeline_for(parts: Parts, zero_terminal_snr: bool = False) -> Any:
    """A diffusers pipeline over `parts`. Parts without text encoders make one that is given embeddings."""
    components: dict[str, Any] = {name: parts.text_encoders.get(name) for name in ("text_encoder",)}
    components |= {"tokenizer": parts.tokenizers.get("text_encoder"), "unet": parts.unet, "vae": parts.vae}
    components["scheduler"] = scheduler_for(parts, zero_terminal_snr)
    if parts.family == "sdxl":
        from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline

        pipeline: Any = StableDiffusionXLPipeline(
            **components,
            text_encoder_2=parts.text_encoders.get("text_encoder_2"),  # pyright: ignore[reportArgumentType]
            tokenizer_2=parts.tokenizers.get("text_encoder_2"),  # pyright: ignore[reportArgumentType]
            force_zeros_for_empty_prompt=parts.force_zeros,
            add_watermarker=False,
        )
    else:
        from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline

        pipeline = StableDiffusionPipeline(
            **components,
            safety_checker=None,  # pyright: ignore[reportArgumentType]
            feature_extractor=None,  # pyright: ignore[reportArgumentType]
            requires_safety_checker=False,
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@torch.no_grad()
def draw(
    pipeline: Any,
    given: Sequence[dict[str, Any]],
    *,
    seeds: Sequence[int],
    steps: int,
    guidance: float,
    width: int,
    height: int,
    progress: Callable[[int], None] | None = None,
) -> list[np.ndarray]:
    """One picture for each entry of `given` and its seed: float32 [height, width, 3] in 0 to 1.

    An entry holds what the pipeline takes for one picture: `prompt` and `negative_prompt`, or embeddings [T, D] by the
    pipeline's names. The noise of a seed is drawn on the CPU, so that it is the same on every device and in every batch.
    """
    at_once = max(1, PIXELS_AT_ONCE // (width * height))
    pictures: list[np.ndarray] = []
    for first in range(0, len(given), at_once):
        some = given[first : first + at_once]
        out = pipeline(
            **{key: _stack([entry[key] for entry in some]) for key in some[0]},
            generator=[torch.Generator().manual_seed(seed) for seed in seeds[first : first + at_once]],
            num_inference_steps=steps,
            guidance_scale=guidance,
            width=width,
            height=height,
            output_type="latent",
        )
        pictures += decode(pipeline.vae, out.images)
        if progress is not None:
            progress(len(pictures))
    return pictures


def decode(vae: Any, latents: Tensor) -> list[np.ndarray]:
    """Latents [B, 4, h, w] to pictures, in the VAE's own number format: SDXL's overflows in half precision."""
    latents = latents.to(next(vae.parameters()).dtype) / vae.config.scaling_factor + (vae.config.shift_factor or 0)
    pixels = (vae.decode(latents, return_dict=False)[0] / 2 + 0.5).clamp(0, 1)
    return list(pixels.float().permute(0, 2, 3, 1).cpu().numpy())


def embedded(text: dict[str, Tensor], negative: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """An entry for `draw` from the embeddings of a prompt and of what to avoid (`hidden` [T, D], `pooled` [P])."""
    entry = {"prompt_embeds": text["hidden"], "negative_prompt_embeds": negative["hidden"]}
    if "pooled" in text:
        entry |= {"pooled_prompt_embeds": text["pooled"], "negative_pooled_prompt_embeds": negative["pooled"]}
    return {key: value.to(dtype) for key, value in entry.items()}


def _stack(values: list[Any]) -> Any:
    return torch.stack(values) if isinstance(values[0], Tensor) else values
