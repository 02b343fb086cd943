"""NEFTune: noise on the embeddings while training (Jain et al. 2023, arXiv:2310.05914)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def noisy(embeddings: Tensor, lengths: Sequence[int], alpha: float) -> Tensor:
    """Embeddings [1, N, D] with uniform noise of alpha / sqrt(L D), L the length of each token's own sequence."""
    width = embeddings.shape[-1]
    reach = [alpha / (length * width) ** 0.5 for length in lengths]
    each = torch.tensor(reach, device=embeddings.device).repeat_interleave(
        torch.tensor(lengths, device=embeddings.device)
    )
    noise = torch.empty_like(embeddings, dtype=torch.float32).uniform_(-1, 1) * each[None, :, None]
    return embeddings + noise.to(embeddings.dtype)
