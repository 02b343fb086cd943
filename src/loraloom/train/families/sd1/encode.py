"""Captions to CLIP embeddings, as Stable Diffusion reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from loraloom.generate.parts import Parts


def tokenize(tokenizer: Any, texts: Sequence[str], device: torch.device) -> Tensor:
    """Token ids [B, T], padded and cut to the tokenizer's length (77 for CLIP)."""
    ids = tokenizer(
        list(texts),
        padding="max_length",
        truncation=True,
        max_length=tokenizer.model_max_length,
        return_tensors="pt",
    ).input_ids
    return ids.to(device)


def encode_texts(parts: Parts, texts: Sequence[str], clip_skip: int = 1) -> list[dict[str, Tensor]]:
    """`hidden` [T, D] for each text: the last layer, or `clip_skip` - 1 layers before it, after the final norm."""
    encoder: Any = parts.text_encoders["text_encoder"]
    ids = tokenize(parts.tokenizers["text_encoder"], texts, next(encoder.parameters()).device)
    if clip_skip == 1:
        hidden = encoder(ids)[0]
    else:
        layers = encoder(ids, output_hidden_states=True).hidden_states
        inner = getattr(encoder, "text_model", encoder)
        hidden = inner.final_layer_norm(layers[-clip_skip])
    return [{"hidden": row} for row in hidden]
