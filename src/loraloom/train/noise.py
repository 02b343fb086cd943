"""The noise schedule and the loss of a diffusion model (DDPM: arXiv:2006.11239; v-prediction: arXiv:2202.00512)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from loraloom.spec.run import Loss


def alphas_cumprod(config: Mapping[str, Any], zero_terminal_snr: bool = False) -> Tensor:
    """Cumulative product of alphas [T] for a diffusers scheduler config, through diffusers' own DDPM scheduler."""
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    known = {k: config[k] for k in ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule") if k in config}
    rescale = zero_terminal_snr or bool(config.get("rescale_betas_zero_snr", False))
    return DDPMScheduler(**known, rescale_betas_zero_snr=rescale).alphas_cumprod


def draw(rng: np.random.Generator, shape: tuple[int, ...], steps: int, offset: float) -> tuple[Tensor, Tensor]:
    """Noise of `shape` [B, C, h, w] and timesteps [B], from a generator that depends on the batch alone.

    `offset` shifts the noise of each picture and channel by a constant (noise offset).
    """
    seed = int(rng.integers(2**63))
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(shape, generator=generator)
    if offset:
        noise = noise + offset * torch.randn((*shape[:2], 1, 1), generator=generator)
    return noise, torch.randint(0, steps, (shape[0],), generator=generator)


def add_noise(latents: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """q(x_t | x_0) for `alpha_bar` [B]."""
    a = alpha_bar.view(-1, 1, 1, 1)
    return a.sqrt() * latents + (1 - a).sqrt() * noise


def target(latents: Tensor, noise: Tensor, alpha_bar: Tensor, prediction: str) -> Tensor:
    """What the UNet should say: the noise, or v = sqrt(a) noise - sqrt(1 - a) x_0."""
    if prediction == "v_prediction":
        a = alpha_bar.view(-1, 1, 1, 1)
        return a.sqrt() * noise - (1 - a).sqrt() * latents
    return noise


def weights(alpha_bar: Tensor, loss: Loss, prediction: str) -> Tensor:
    """Weight of each picture's loss [B]: min-SNR (arXiv:2303.09556), with its form for v-prediction; else 1."""
    if loss.min_snr_gamma is None:
        return torch.ones_like(alpha_bar)
    snr = alpha_bar / (1 - alpha_bar).clamp(min=1e-8)
    capped = snr.clamp(max=loss.min_snr_gamma)
    return capped / (snr + 1) if prediction == "v_prediction" else capped / snr.clamp(min=1e-8)


def squared_error(predicted: Tensor, wanted: Tensor, mask: Tensor | None, floor: float) -> Tensor:
    """Mean squared error of each picture [B] in fp32; `mask` [B, 1, h, w] weighs pixels between `floor` and 1."""
    error = (predicted.float() - wanted.float()).square()
    if mask is None:
        return error.mean(dim=(1, 2, 3))
    weight = floor + (1 - floor) * mask
    return (error * weight).mean(dim=(1, 2, 3)) / weight.mean(dim=(1, 2, 3)).clamp(min=1e-6)
