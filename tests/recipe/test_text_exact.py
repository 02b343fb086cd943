"""Packed, padded, split and accumulated: one loss and the same gradients, for every layout of language model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import nn

from loraloom.data.examples.sequences import Sequence
from loraloom.spec.text import TextLora
from loraloom.train.adapters import inject
from loraloom.train.families.causal_lm import attention
from loraloom.train.families.causal_lm.head import ROWS, head_of, token_losses
from loraloom.train.families.causal_lm.load import load
from loraloom.train.families.causal_lm.pack import pack
from loraloom.train.families.causal_lm.targets import choose_targets
from loraloom.train.fused import fuse
from tests.tiny_text import Kind, tiny_text_base

CPU = torch.device("cpu")
LENGTHS = (5, 40, 17, 33)
"""One is longer than the window of the layouts that have one."""


def sequences(lengths: tuple[int, ...] = LENGTHS) -> list[Sequence]:
    random = np.random.default_rng(0)
    return [
        Sequence(random.integers(3, 200, n).astype(np.int32), np.arange(n) > n // 3, i) for i, n in enumerate(lengths)
    ]


def model_of(folder: Path, kind: Kind) -> Any:
    model = load(tiny_text_base(folder, kind), torch.float32, CPU)
    lora = TextLora(targets="all-linear", dropout=0)
    torch.manual_seed(0)
    inject(model, choose_targets(model, lora), lora)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # zero at the start: A would get no gradient
            nn.init.normal_(parameter, std=0.02)
    return model.train()


def gradients(model: Any) -> dict[str, torch.Tensor]:
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


def packed_loss(model: Any, some: list[Sequence], tokens: int) -> torch.Tensor:
    row = pack(some, CPU)
    body = getattr(model, model.base_model_prefix)
    hidden = body(input_ids=row.ids, position_ids=row.positions, use_cache=False, lengths=row.lengths)
    return token_losses(hidden.last_hidden_state[0][row.before], row.targets, head_of(model)).sum() / tokens


def padded_loss(model: Any, some: list[Sequence]) -> torch.Tensor:
    """As transformers does it: padded, its own attention, its own loss."""
    longest = max(len(one.ids) for one in some)
    ids, mask = torch.zeros(len(some), longest, dtype=torch.long), torch.zeros(len(some), longest, dtype=torch.long)
    labels = torch.full_like(ids, -100)
    for i, one in enumerate(some):
        n, given = len(one.ids), torch.from_numpy(one.ids).long()
        ids[i, :n], mask[i, :n] = given, 1
        labels[i, :n] = torch.where(torch.from_numpy(one.trained), given, -100)
    model.set_attn_implementation("eager")
    loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    model.set_attn_implementation(attention.NAME)
    return loss


@pytest.mark.parametrize("kind", get_args(Kind))
def test_packed_padded_and_accumulated_are_the_same(tmp_path: Path, kind: Kind) -> None:
    model, some = model_of(tmp_path, kind), sequences()
    tokens = sum(int(one.trained.sum()) for one in some)
    reference = padded_loss(model, some)
    reference.backward()
    wanted = gradients(model)
    assert len(wanted) > 10

    assert fuse(model) > 0
    ways: dict[str, list[list[Sequence]]] = {
        "packed": [some],
        "split": [some[:1], some[1:]],
        "alone": [[s] for s in some],
    }
    for way, parts in ways.items():
        losses = [packed_loss(model, part, tokens) for part in parts]
        sum(losses, torch.zeros(())).backward()
        found = gradients(model)
        total = float(torch.stack([loss.detach() for loss in losses]).sum())
        assert abs(total - float(reference.detach())) < 1e-5, way
        assert set(found) == set(wanted)
        for name, gradient in found.items():
            assert float((gradient - wanted[name]).abs().max()) < 1e-5 * max(1.0, float(wanted[name].abs().max())), (
                way,
                name,
            )


@pytest.mark.parametrize("kind", ["llama", "gemma2"])
def test_recomputed_layers_change_nothing(tmp_path: Path, kind: Kind) -> None:
    model, some = model_of(tmp_path, kind), sequences()
    packed_loss(model, some, 50).backward()
    wanted = gradients(model)
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    packed_loss(model, some, 50).backward()
    for name, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-5, atol=1e-7)


def test_nothing_is_seen_across_sequences(tmp_path: Path) -> None:
    model, (first, second, *_) = model_of(tmp_path, "llama"), sequences()
    other = Sequence((first.ids + 1).astype(np.int32), first.trained, 0)

    def after(beside: Sequence) -> torch.Tensor:
        row = pack([beside, second], CPU)
        body = model.model
        out = body(input_ids=row.ids, position_ids=row.positions, use_cache=False, lengths=row.lengths)
        return out.last_hidden_state[0][len(beside.ids) :]

    with torch.no_grad():
        assert torch.equal(after(first), after(other))


def test_the_head_in_pieces_is_the_head_at_once() -> None:
    torch.manual_seed(0)
    linear = nn.Linear(8, 50, bias=False)
    hidden = torch.randn(2 * ROWS + 5, 8, requires_grad=True)
    targets = torch.randint(0, 50, (len(hidden),))
    weights = torch.rand(len(hidden))
    (token_losses(hidden, targets, lambda x: linear(x).float()) * weights).sum().backward()
    assert hidden.grad is not None
    found, hidden.grad = hidden.grad, None
    (nn.functional.cross_entropy(linear(hidden), targets, reduction="none") * weights).sum().backward()
    torch.testing.assert_close(found, hidden.grad, rtol=1e-5, atol=1e-6)


def test_the_fused_layer_drops_what_it_says(tmp_path: Path) -> None:
    """The gradient of the fused node with dropout equals autograd's with the same mask."""
    from loraloom.train.fused import _dropped, _FusedLora

    torch.manual_seed(0)
    x, weight = torch.randn(7, 6, requires_grad=True), torch.randn(5, 6)
    a, b = torch.randn(3, 6, requires_grad=True), torch.randn(5, 3, requires_grad=True)
    torch.manual_seed(1)
    out = _FusedLora.apply(x, weight, None, a, b, 0.5, 0.25)
    out.square().sum().backward()
    found = [x.grad, a.grad, b.grad]
    x.grad = a.grad = b.grad = None
    torch.manual_seed(1)
    keep = torch.empty(7, 6, dtype=torch.bool).bernoulli_(0.75)
    assert 0 < int((~keep).sum()) < keep.numel()
    plain = x @ weight.t() + 0.5 * (_dropped(x, keep, 0.25) @ a.t()) @ b.t()
    torch.testing.assert_close(plain, out)
    plain.square().sum().backward()
    for one, other in zip(found, (x.grad, a.grad, b.grad), strict=True):
        torch.testing.assert_close(one, other)
