"""The drawing engine on a CUDA card, in half precision. Skipped where there is no card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from loraloom.generate.playground.engine import Engine
from loraloom.generate.sheet import save_picture, to_picture
from loraloom.models.layout import select, unet_layers
from loraloom.models.lora_keys import to_kohya
from loraloom.spec.drawing import SAMPLERS, Drawing

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
APPLE = Drawing(prompt="red apple on white background", steps=20)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine("cuda")


def test_the_picture_of_the_processor(engine: Engine) -> None:
    """The same noise on every device: half precision moves little."""
    for sampler in SAMPLERS:
        wanted = APPLE.model_copy(update={"sampler": sampler})
        assert np.abs(engine.draw(wanted).pixels - Engine("cpu").draw(wanted).pixels).mean() < 0.05, sampler


def test_strength_zero_is_the_base_and_the_base_comes_back(engine: Engine, tmp_path: Path) -> None:
    unet = engine.parts("thimble").unet
    tensors: dict[str, torch.Tensor] = {}
    for layer in select(unet_layers(dict(unet.config.items())), "attention+ff+conv"):
        name, (out, into, *kernel) = to_kohya("unet", layer.path, "sd1"), layer.shape
        tensors[f"{name}.lora_down.weight"] = torch.randn(4, into, *kernel) * 0.1
        tensors[f"{name}.lora_up.weight"] = torch.randn(out, 4, *(1 for _ in kernel)) * 0.1
        tensors[f"{name}.dora_scale"] = 0.5 + torch.rand(out, 1, *(1 for _ in kernel))
    save_file(tensors, tmp_path / "lora.safetensors")

    def drawn(*strengths: float) -> np.ndarray:
        uses = [{"path": str(tmp_path / "lora.safetensors"), "strength": strength} for strength in strengths]
        return engine.draw(Drawing.model_validate(APPLE.model_dump() | {"loras": uses})).pixels

    base = drawn()
    assert np.array_equal(drawn(0), base) and not np.allclose(drawn(1), base, atol=0.05)
    assert np.array_equal(drawn(), base)


def test_a_variation(engine: Engine, tmp_path: Path) -> None:
    save_picture(to_picture(engine.draw(APPLE).pixels), tmp_path / "apple.png")
    near = engine.draw(APPLE.model_copy(update={"picture": str(tmp_path / "apple.png"), "variation": 0.05}))
    assert np.abs(near.pixels - engine.draw(APPLE).pixels).mean() < 0.05
