"""The fused LoRA node gives PEFT's numbers, forward and backward, and steps aside where it must."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from loraloom.spec.run import Lora
from loraloom.train.adapters import ADAPTER, add_lora, choose_targets, lora_layers, trainable, without_lora
from loraloom.train.fused import fuse


class Block(nn.Module):
    """Attention's query and output projections."""

    def __init__(self) -> None:
        super().__init__()
        self.to_q = nn.Linear(12, 10, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(10, 12)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.to_out[0](torch.tanh(self.to_q(x)))


def adapted(**options: Any) -> nn.Module:
    torch.manual_seed(0)
    block = Block().requires_grad_(False)
    add_lora(block, "unet", Lora(rank=4, alpha=6, **options))
    for parameter in trainable(block):
        nn.init.normal_(parameter, std=0.3)
    return block


def run(block: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor], torch.Tensor | None]:
    x = x.detach().clone().requires_grad_(x.requires_grad)
    out = block(x)
    out.square().sum().backward()
    return out, [p.grad for p in trainable(block) if p.grad is not None], x.grad


@pytest.mark.parametrize("shape", [(3, 12), (2, 5, 12)])
@pytest.mark.parametrize("needs_input_grad", [True, False])
@pytest.mark.parametrize("rslora", [True, False])
def test_same_numbers_as_peft(shape: tuple[int, ...], needs_input_grad: bool, rslora: bool) -> None:
    plain = adapted(rslora=rslora)
    fused = copy.deepcopy(plain)
    assert fuse(fused) == 2
    x = torch.randn(shape, requires_grad=needs_input_grad)
    for a, b in zip(run(plain, x)[1], run(fused, x)[1], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
    (out_a, _, grad_a), (out_b, _, grad_b) = run(plain, x), run(fused, x)
    torch.testing.assert_close(out_a, out_b, rtol=1e-5, atol=1e-5)
    assert (grad_a is None) == (grad_b is None)
    if grad_a is not None:
        torch.testing.assert_close(grad_a, grad_b, rtol=1e-5, atol=1e-5)


def test_left_to_peft() -> None:
    assert fuse(adapted(dora=True)) == 0


def test_dropout_only_while_training() -> None:
    plain = adapted(dropout=0.5)
    fused = copy.deepcopy(plain)
    assert fuse(fused) == 2
    x = torch.randn(7, 12)
    torch.testing.assert_close(fused.eval()(x), plain.eval()(x), rtol=1e-5, atol=1e-5)
    torch.manual_seed(0)
    first = fused.train()(x)
    assert not torch.allclose(first, fused(x), atol=1e-4)  # another draw
    torch.manual_seed(0)
    assert torch.equal(fused(x), first)


def test_bf16_base_keeps_fp32_gradients() -> None:
    block = adapted()
    for _, layer in lora_layers(block):
        layer.base_layer.to(torch.bfloat16)
    fuse(block)
    out = block(torch.randn(3, 12, dtype=torch.bfloat16))
    assert out.dtype == torch.bfloat16
    out.float().sum().backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in trainable(block))


def test_switched_off_is_the_base() -> None:
    block = adapted()
    fuse(block)
    x = torch.randn(3, 12)
    with_lora = block(x)
    base = copy.deepcopy(block)
    for _, layer in lora_layers(base):
        layer.lora_B[ADAPTER].weight.data.zero_()
    with without_lora(block):
        torch.testing.assert_close(block(x), base(x))
    torch.testing.assert_close(block(x), with_lora)


def test_block_filters() -> None:
    block = Block()
    assert choose_targets(block, Lora()) == ["to_q", "to_out.0"]
    assert choose_targets(block, Lora(include_blocks=("to_out",))) == ["to_out.0"]
    assert choose_targets(block, Lora(exclude_blocks=("to_out",))) == ["to_q"]
