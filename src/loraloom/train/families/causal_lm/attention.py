"""Attention within each sequence of a packed row: no padding, and nothing is seen across sequences.

transformers passes what a model's forward is given on to its attention function, so `lengths` arrives here by itself, also
when a layer is computed again for gradient checkpointing.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

NAME = "loom_packed"


def packed_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    *,
    lengths: Sequence[int] = (),
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Causal attention of queries [1, H, N, D] over keys and values [1, G, N, D] (G divides H), sequence by sequence.

    `lengths` add up to N. `sliding_window`: how many tokens back are seen (Mistral, Gemma); `softcap`: scores are bent to
    stay within it (Gemma 2, arXiv:2408.00118). Returns [1, N, H, D], as transformers wants it.
    """
    del module, attention_mask
    kept = query.shape[1] == key.shape[1]
    many = list(lengths) or [query.shape[2]]
    if query.is_cuda and query.dtype != torch.float32 and not softcap and not dropout and _varlen() is not None:
        return _on_card(query, key, value, many, scaling, sliding_window), None
    done: list[Tensor] = []
    for q, k, v in zip(query.split(many, 2), key.split(many, 2), value.split(many, 2), strict=True):
        band = _band(q.shape[2], sliding_window, q.device)
        if softcap:
            done.append(_capped(q, k, v, band, scaling, softcap, dropout))
            continue
        done.append(
            F.scaled_dot_product_attention(
                q, k, v, attn_mask=band, dropout_p=dropout, is_causal=band is None, scale=scaling, enable_gqa=not kept
            )
        )
    return torch.cat(done, dim=2).transpose(1, 2).contiguous(), None


def register() -> None:
    """Make `loom_packed` known to transformers; no mask is made for it."""
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, packed_attention)
    AttentionMaskInterface.register(NAME, _no_mask)  # pyright: ignore[reportArgumentType]


def _no_mask(*_: Any, **__: Any) -> None:
    return None


def _band(tokens: int, window: int | None, device: torch.device) -> Tensor | None:
    """What is seen [T, T] where a sequence is longer than the window; None: everything before."""
    if window is None or tokens <= window:
        return None
    near = torch.ones(tokens, tokens, dtype=torch.bool, device=device).tril()
    return near & ~near.tril(-window)


def _capped(
    q: Tensor, k: Tensor, v: Tensor, band: Tensor | None, scaling: float | None, softcap: float, dropout: float
) -> Tensor:
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    scores = q @ k.transpose(2, 3) * (q.shape[-1] ** -0.5 if scaling is None else scaling)
    scores = torch.tanh(scores / softcap) * softcap
    seen = band if band is not None else torch.ones(q.shape[2], q.shape[2], dtype=torch.bool, device=q.device).tril()
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1, dtype=torch.float32).to(q.dtype)
    return F.dropout(weights, dropout) @ v


@functools.cache
def _varlen() -> Any:
    """torch's attention over sequences of different lengths, from the version on that takes what is asked of it here."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    wanted = {"scale", "window_size", "enable_gqa"}
    return varlen_attn if wanted <= set(inspect.signature(varlen_attn).parameters) else None


def _on_card(
    q: Tensor, k: Tensor, v: Tensor, lengths: Sequence[int], scaling: float | None, window: int | None
) -> Tensor:
    """All sequences in one kernel (FlashAttention's variable lengths, arXiv:2307.08691)."""
    ends = torch.tensor([0, *itertools.accumulate(lengths)], dtype=torch.int32, device=q.device)
    rows = [x[0].transpose(0, 1).contiguous() for x in (q, k, v)]  # [N, heads, D]
    back = -1 if window is None else window - 1
    longest = max(lengths)
    out = _varlen()(*rows, ends, ends, longest, longest, scale=scaling, window_size=(back, 0), enable_gqa=True)
    return out[None]
