"""The most that PyTorch holds at once in real passes, weights left out, against what the forecast reckons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch.profiler import ProfilerActivity, profile

from loraloom.forecast import unet, vae
from loraloom.forecast.tape import Rules, Tape
from loraloom.models.configs import true_config
from loraloom.models.layout import select, unet_layers
from loraloom.models.resolve import thimble_path
from loraloom.spec.run import Lora
from loraloom.train.adapters import add_lora
from loraloom.train.fused import fuse


def most_held(work: Callable[[], Any]) -> int:
    """Bytes allocated by PyTorch during `work`, at most."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        work()
    events: Any = seen.profiler.kineto_results.events()  # pyright: ignore[reportOptionalMemberAccess]
    held = peak = 0
    for event in sorted((one for one in events if one.name() == "[memory]"), key=lambda one: one.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


@pytest.fixture(scope="module")
def autoencoder() -> Any:
    """Stable Diffusion's VAE at half its width, with random weights."""
    config = true_config("sd1", "vae") | {"block_out_channels": [64, 128, 256, 256]}
    return AutoencoderKL.from_config(config).eval().requires_grad_(False)


@pytest.mark.parametrize("size", [(128, 128), (224, 160)])
def test_the_vae(autoencoder: Any, size: tuple[int, int]) -> None:
    width, height = size
    with torch.no_grad():
        decoded = most_held(lambda: autoencoder.decode(torch.randn(2, 4, height // 8, width // 8)))
        encoded = most_held(lambda: autoencoder.encode(torch.randn(1, 3, height, width)))
    for real, reckon, batch in ((decoded, vae.decode, 2), (encoded, vae.encode, 1)):
        plain, copied = (reckon(autoencoder.config, batch, width, height, copies).peak for copies in (False, True))
        assert 0.95 * plain < real < 1.05 * copied  # oneDNN decides layer by layer whether it copies


@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_training_pass_of_the_embedded_base(checkpointing: bool) -> None:
    model: Any = UNet2DConditionModel.from_pretrained(thimble_path() / "unet", torch_dtype=torch.float32)
    model.requires_grad_(False)
    add_lora(model, "unet", Lora(rank=16))
    fuse(model.train())
    if checkpointing:
        model.enable_gradient_checkpointing()

    def there_and_back() -> None:
        text = torch.randn(2, 16, 128)
        out = model(torch.randn(2, 4, 32, 32), torch.zeros(2), encoder_hidden_states=text, return_dict=False)[0]
        out.pow(2).mean().backward()

    there_and_back()
    tape = Tape(Rules(4, 4, 16, copies=True))
    paths = frozenset(layer.path for layer in select(unet_layers(model.config), "attention+ff"))
    unet.walk(tape, model.config, unet.Pictures(2, 32, 32, 16), paths, checkpointing)
    assert tape.peak == pytest.approx(most_held(there_and_back), rel=0.12)


def test_numbers_that_stand_on_both_sides_are_the_same() -> None:
    """The forecast imports nothing of the training, whose choices it follows."""
    from loraloom.forecast import memory, precision
    from loraloom.generate import draw
    from loraloom.train import device, texts

    assert memory.CAPTIONS_AT_ONCE == texts.AT_ONCE
    assert memory.PIXELS_AT_ONCE == draw.PIXELS_AT_ONCE
    assert precision.SMALL_MODEL_BYTES == device.SMALL_MODEL_BYTES
