"""Prompts to embeddings, weights and clip skip included, with the text encoders as they are at the moment (LoRAs on)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from loraloom.generate.parts import Parts
from loraloom.spec.prompt import weighted


@dataclass(frozen=True)
class Encoded:
    """`entry`: `hidden` [T, D] and, for SDXL, `pooled` [P]. `cut`: tokens at the end that the encoder has no room for."""

    entry: dict[str, Tensor]
    cut: int


@torch.no_grad()
def encode(parts: Parts, prompt: str, clip_skip: int) -> Encoded:
    """The embeddings of one prompt: without signs in it exactly those of diffusers' pipelines.

    Weights follow AUTOMATIC1111: a token's vector times its weight, then all of them scaled back to the mean they had, for
    each encoder by itself; `pooled` is not weighed. `clip_skip` layers are left out, but never all (see `layers_of`).
    """
    last_layer = 2 if parts.family == "sdxl" else 1  # SDXL reads the penultimate layer
    hidden: list[Tensor] = []
    pooled: Tensor | None = None
    cut = 0
    for name, module in parts.text_encoders.items():
        encoder: Any = module
        ids, weights, left = tokens(parts.tokenizers[name], prompt)
        cut = max(cut, left)
        given = torch.tensor([ids], device=next(encoder.parameters()).device)
        if parts.family == "sdxl" or clip_skip:
            out = encoder(given, output_hidden_states=True)
            states = out.hidden_states
            found = states[max(-len(states) + 1, -clip_skip - last_layer)]
            if parts.family != "sdxl":
                found = getattr(encoder, "text_model", encoder).final_layer_norm(found)
        else:
            out = encoder(given)
            found = out[0]
        pooled = out[0]
        hidden.append(_weigh(found[0], weights))
    entry = {"hidden": torch.cat(hidden, dim=-1)}
    if parts.family == "sdxl" and pooled is not None:
        entry["pooled"] = pooled[0]
    return Encoded(entry, cut)


def tokens(tokenizer: Any, prompt: str) -> tuple[list[int], list[float], int]:
    """(ids, weights, how many were cut): as many as the encoder takes, with start, end and padding, whose weight is 1."""
    ids: list[int] = []
    weights: list[float] = []
    for piece in weighted(prompt):
        some = tokenizer(piece.text, add_special_tokens=False).input_ids
        ids += some
        weights += [piece.weight] * len(some)
    room = int(tokenizer.model_max_length) - 2
    kept = min(len(ids), room)
    empty = room - kept
    padded = [tokenizer.bos_token_id, *ids[:kept], tokenizer.eos_token_id, *[tokenizer.pad_token_id] * empty]
    return padded, [1.0, *weights[:kept], 1.0, *[1.0] * empty], len(ids) - kept


def layers_of(parts: Parts) -> int:
    """The most layers that clip skip can leave out: one is always left."""
    last_layer = 2 if parts.family == "sdxl" else 1
    encoders: list[Any] = list(parts.text_encoders.values())
    return max(0, min(int(encoder.config.num_hidden_layers) for encoder in encoders) - last_layer)


def _weigh(hidden: Tensor, weights: list[float]) -> Tensor:
    """[T, D] times the weight of each token; the mean stays. Nothing is computed where every weight is 1."""
    if all(weight == 1 for weight in weights):
        return hidden
    before = hidden.float()
    after = before * torch.tensor(weights, device=hidden.device)[:, None]
    mean = after.mean()
    return (after * (before.mean() / mean if mean != 0 else 1)).to(hidden.dtype)
