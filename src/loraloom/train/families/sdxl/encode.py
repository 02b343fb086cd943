"""Captions to the two embeddings of Stable Diffusion XL (Podell et al. 2023, arXiv:2307.01952)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from loraloom.generate.parts import Parts
from loraloom.train.families.sd1.encode import tokenize


def encode_texts(parts: Parts, texts: Sequence[str], clip_skip: int = 1) -> list[dict[str, Tensor]]:
    """`hidden` [T, D1 + D2]: penultimate layers side by side, without the final norm; `pooled` [P] of the second encoder."""
    hidden: list[Tensor] = []
    pooled: Tensor | None = None
    for name, encoder in parts.text_encoders.items():
        module: Any = encoder
        ids = tokenize(parts.tokenizers[name], texts, next(encoder.parameters()).device)
        out = module(ids, output_hidden_states=True)
        hidden.append(out.hidden_states[-1 - clip_skip])
        pooled = out[0]
    assert pooled is not None
    both = torch.cat(hidden, dim=-1)
    return [{"hidden": both[i], "pooled": pooled[i]} for i in range(len(texts))]
