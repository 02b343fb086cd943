"""From hidden states to losses of tokens: logits are computed in pieces, and only where something is learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

ROWS = 1024
"""Tokens whose logits are there at once: 1024 of a vocabulary of 49,152 are 200 MB in fp32."""

Head = Callable[[Tensor], Tensor]


def head_of(model: Any) -> Head:
    """Hidden states [M, D] -> logits [M, V] in fp32, as the model itself makes them: scaled and capped where it does."""
    linear, config = model.get_output_embeddings(), model.config.get_text_config()
    cap: float | None = getattr(config, "final_logit_softcapping", None)
    factor = float(getattr(config, "logit_scale", None) or 1.0) / float(getattr(config, "logits_scaling", None) or 1.0)

    def head(hidden: Tensor) -> Tensor:
        logits = linear(hidden)
        if factor != 1.0:
            logits = logits * factor
        if cap:
            logits = torch.tanh(logits / cap) * cap
        return logits.float()

    return head


def token_losses(hidden: Tensor, targets: Tensor, head: Head) -> Tensor:
    """Cross-entropy [M] of `targets` [M] after `hidden` [M, D].

    A token's loss depends on its own row alone, so the gradient to the rows is found piece by piece while the logits are
    there, and they are never kept: memory is that of ROWS tokens (as Liger's fused loss does, arXiv:2410.10989).
    """
    return _TokenLosses.apply(hidden, targets, head)  # pyright: ignore[reportReturnType]


class _TokenLosses(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, targets: Tensor, head: Head) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        losses = torch.empty(len(hidden), device=hidden.device)
        grads = torch.empty_like(hidden) if wanted else None
        for first in range(0, len(hidden), ROWS):
            rows = slice(first, first + ROWS)
            with torch.set_grad_enabled(wanted):
                some = hidden[rows].detach().requires_grad_(wanted)
                each = F.cross_entropy(head(some), targets[rows], reduction="none")
                losses[rows] = each.detach()
                if grads is not None:
                    grads[rows] = torch.autograd.grad(each.sum(), some)[0]
        if grads is not None:
            ctx.save_for_backward(grads)
        return losses

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        (grads,) = ctx.saved_tensors
        return grads * above[0][:, None].to(grads.dtype), None, None
