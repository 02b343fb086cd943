"""One forward pass of the UNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from loraloom.generate.parts import Parts


def predict(parts: Parts, noisy: Tensor, timesteps: Tensor, texts: Sequence[dict[str, Tensor]], sizes: Any) -> Tensor:
    """The UNet's prediction [B, 4, h, w]; sizes are not told to this family."""
    del sizes
    hidden = torch.stack([text["hidden"] for text in texts]).to(noisy.dtype)
    return parts.unet(noisy, timesteps, encoder_hidden_states=hidden, return_dict=False)[0]
