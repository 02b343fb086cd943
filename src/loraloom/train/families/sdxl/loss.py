"""One forward pass of the SDXL UNet, told the sizes it trains at."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from loraloom.generate.parts import Parts
from loraloom.train.families.protocol import Geometry


def predict(
    parts: Parts, noisy: Tensor, timesteps: Tensor, texts: Sequence[dict[str, Tensor]], sizes: Sequence[Geometry]
) -> Tensor:
    """The UNet's prediction [B, 4, h, w]. Time ids are (height, width, top, left, height, width) as in the paper."""
    hidden = torch.stack([text["hidden"] for text in texts]).to(noisy.dtype)
    pooled = torch.stack([text["pooled"] for text in texts]).to(noisy.dtype)
    ids = [(*size.original[::-1], *size.crop[::-1], *size.target[::-1]) for size in sizes]
    added = {"text_embeds": pooled, "time_ids": torch.tensor(ids, dtype=noisy.dtype, device=noisy.device)}
    return parts.unet(noisy, timesteps, encoder_hidden_states=hidden, added_cond_kwargs=added, return_dict=False)[0]
