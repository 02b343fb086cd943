"""One autograd node for a frozen linear layer with a LoRA: fewer tensors kept, fewer kernels, same numbers.

y = x W^T + b + s (drop(x) A^T) B^T. Kept for backward: x [N, in], drop(x) A^T [N, r] and, with dropout, what was dropped
[N, in] as booleans; the base's weight gets no gradient.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _FusedLora(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scale: float, dropout: float
    ) -> Tensor:
        flat = x.reshape(-1, x.shape[-1])
        keep = None
        if dropout:
            keep = torch.empty_like(flat, dtype=torch.bool).bernoulli_(1 - dropout)
        low = _dropped(flat, keep, dropout) @ a.to(x.dtype).t()
        out = F.linear(flat, weight, bias)
        out.addmm_(low, b.to(x.dtype).t(), alpha=scale)
        ctx.save_for_backward(flat, low, weight, a, b, keep)
        ctx.scale, ctx.dropout = scale, dropout
        return out.view(*x.shape[:-1], out.shape[-1])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        flat, low, weight, a, b, keep = ctx.saved_tensors
        shape = grads[0].shape
        grad = grads[0].reshape(-1, shape[-1])
        through = (grad @ b.to(grad.dtype)).mul_(ctx.scale)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = grad @ weight
            if keep is None:
                grad_x.addmm_(through, a.to(grad.dtype))
            else:
                grad_x += _dropped(through @ a.to(grad.dtype), keep, ctx.dropout)
            grad_x = grad_x.view(*shape[:-1], weight.shape[1])
        grad_a = (through.t() @ _dropped(flat, keep, ctx.dropout)).to(a.dtype)
        grad_b = (grad.t() @ low).mul_(ctx.scale).to(b.dtype)
        return grad_x, None, None, grad_a, grad_b, None, None


def _dropped(x: Tensor, keep: Tensor | None, dropout: float) -> Tensor:
    """`x` where `keep` is True, as much larger as is dropped elsewhere."""
    return x if keep is None else (x * keep).mul_(1 / (1 - dropout))


def fuse(module: nn.Module) -> int:
    """Give PEFT's plain LoRA linears (no DoRA, one adapter) the fused forward; returns how many."""
    from peft.tuners.lora.layer import Linear as LoraLinear

    count = 0
    for layer in module.modules():
        if isinstance(layer, LoraLinear) and _is_plain(layer):
            layer.forward = _forward_of(layer)  # pyright: ignore[reportAttributeAccessIssue]
            count += 1
    return count


def _is_plain(layer: Any) -> bool:
    name = layer.active_adapters[0] if len(layer.active_adapters) == 1 else None
    return (
        name is not None
        and type(layer.base_layer) is nn.Linear
        and isinstance(layer.lora_dropout[name], nn.Identity | nn.Dropout)
        and not layer.use_dora.get(name, False)
        and not getattr(layer, "lora_bias", {}).get(name, False)
    )


def _forward_of(layer: Any) -> Any:
    name = layer.active_adapters[0]
    base, down, up = layer.base_layer, layer.lora_A[name], layer.lora_B[name]
    drop: Any = layer.lora_dropout[name]
    chance = drop.p if isinstance(drop, nn.Dropout) else 0.0

    def forward(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if layer.disable_adapters or layer.merged or args or kwargs:
            return type(layer).forward(layer, x, *args, **kwargs)
        x = x.to(base.weight.dtype)
        return _FusedLora.apply(  # pyright: ignore[reportReturnType]
            x, base.weight, base.bias, down.weight, up.weight, layer.scaling[name], chance if drop.training else 0.0
        )

    return forward
