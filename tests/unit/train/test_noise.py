"""The schedule, targets and weights against diffusers' own and against the papers' formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.training_utils import compute_snr

from loraloom.spec.run import Loss
from loraloom.train import noise

CONFIG = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def test_noise_and_velocity_as_diffusers_has_them() -> None:
    scheduler = DDPMScheduler(**CONFIG)
    clean, noised, steps = torch.randn(4, 4, 8, 8), torch.randn(4, 4, 8, 8), torch.tensor([0, 10, 500, 999])
    alpha_bar = noise.alphas_cumprod(CONFIG)[steps]
    torch.testing.assert_close(noise.add_noise(clean, noised, alpha_bar), scheduler.add_noise(clean, noised, steps))
    torch.testing.assert_close(
        noise.target(clean, noised, alpha_bar, "v_prediction"), scheduler.get_velocity(clean, noised, steps)
    )
    assert noise.target(clean, noised, alpha_bar, "epsilon") is noised


def test_zero_terminal_snr_ends_in_pure_noise() -> None:
    assert float(noise.alphas_cumprod(CONFIG, zero_terminal_snr=True)[-1]) < 1e-6
    assert float(noise.alphas_cumprod(CONFIG)[-1]) > 1e-3


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_min_snr_weights(prediction: str) -> None:
    scheduler, steps = DDPMScheduler(**CONFIG), torch.tensor([1, 100, 500, 900])
    snr = compute_snr(scheduler, steps)
    capped = snr.clamp(max=5)
    expected = capped / (snr + 1) if prediction == "v_prediction" else capped / snr
    got = noise.weights(noise.alphas_cumprod(CONFIG)[steps], Loss(min_snr_gamma=5), prediction)
    torch.testing.assert_close(got, expected)
    assert torch.equal(noise.weights(torch.rand(3), Loss(), prediction), torch.ones(3))


def test_masks_weigh_pixels_and_keep_the_scale() -> None:
    predicted, wanted = torch.zeros(1, 4, 2, 2), torch.ones(1, 4, 2, 2)
    mask = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    assert float(noise.squared_error(predicted, wanted, mask, 0.0)) == pytest.approx(1.0)
    wanted[..., 0, 0] = 3.0
    assert float(noise.squared_error(predicted, wanted, mask, 0.0)) == pytest.approx(9.0)
    assert float(noise.squared_error(predicted, wanted, None, 0.0)) == pytest.approx(3.0)


def test_noise_depends_on_its_generator_alone() -> None:
    one = noise.draw(np.random.default_rng(3), (2, 4, 8, 8), 1000, 0.1)
    torch.manual_seed(99)
    two = noise.draw(np.random.default_rng(3), (2, 4, 8, 8), 1000, 0.1)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    means = [noise.draw(np.random.default_rng(3), (64, 4, 8, 8), 1000, o)[0].mean(dim=(2, 3)).std() for o in (0, 0.5)]
    assert float(means[0]) == pytest.approx(1 / 8, rel=0.2) and float(means[1]) == pytest.approx(0.515, rel=0.2)
