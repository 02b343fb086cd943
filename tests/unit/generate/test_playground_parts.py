"""The small sums of the drawing engine: how far a variation goes, what adapters stand for, where a strength counts."""

from __future__ import annotations

import pytest
import torch

from loraloom.generate.playground.deltas import decompose, delta_of
from loraloom.generate.playground.swap import plain
from loraloom.generate.playground.vary import schedule_of


@pytest.mark.parametrize(
    ("steps", "variation", "schedule", "drawn"),
    [(30, 0.6, 30, 18), (30, 1.0, 30, 30), (10, 0.05, 21, 1), (4, 0.001, 1000, 1), (4, 1e-9, 1000, 1), (1, 0.5, 3, 1)],
)
def test_a_variation_has_at_least_one_step(steps: int, variation: float, schedule: int, drawn: int) -> None:
    whole, share, some = schedule_of(steps, variation)
    assert (whole, some) == (schedule, drawn)
    assert min(int(whole * share), whole) == some, "as diffusers counts"


def test_magnitudes_of_outputs_and_of_inputs() -> None:
    weight, delta = torch.randn(6, 4, 3, 3), torch.randn(6, 4, 3, 3)
    for axis, shape in ((0, (6, 1, 1, 1)), (1, (1, 4, 1, 1))):
        wanted = 1 + torch.rand(weight.shape[axis])
        moved = weight + decompose(weight, delta, wanted.reshape(shape))
        assert torch.allclose(moved.transpose(0, axis).flatten(1).norm(dim=1), wanted, atol=1e-5)
    with pytest.raises(ValueError, match="another size"):
        decompose(weight, delta, torch.ones(5))


def test_a_kronecker_product_has_a_rank_only_where_it_is_split() -> None:
    whole = {"lokr_w1": torch.randn(2, 2), "lokr_w2": torch.randn(3, 5)}
    found = delta_of(whole, 8.0, None)
    assert found is not None and torch.equal(found, torch.kron(whole["lokr_w1"], whole["lokr_w2"]))
    split = {"lokr_w1": whole["lokr_w1"], "lokr_w2_a": torch.randn(3, 2), "lokr_w2_b": torch.randn(2, 5)}
    found = delta_of(split, 8.0, None)
    assert found is not None
    assert torch.allclose(found, 4 * torch.kron(split["lokr_w1"], split["lokr_w2_a"] @ split["lokr_w2_b"]))
    assert delta_of({"diff_b": torch.ones(2)}, None, None) is None
    with pytest.raises(KeyError):
        delta_of({"lokr_w1": torch.ones(2, 2)}, None, None)


def test_text_encoders_by_one_name() -> None:
    assert plain("text_encoder_2.text_model.encoder.layers.0") == "text_encoder_2.encoder.layers.0"
    assert plain("unet.mid_block") == "unet.mid_block"
