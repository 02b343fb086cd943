"""Stable Diffusion 1, 2 and XL, as folder and as single file: two steps, a file that diffusers loads, the same picture."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from loraloom.generate.draw import scheduler_for
from loraloom.generate.parts import load_parts
from loraloom.models.resolve import resolve
from loraloom.spec.run import Family
from tests.runs import make_run, payloads, train_here
from tests.tiny_models import build_folder, build_single_file

PROMPT = "a red apple"


@pytest.fixture(scope="module", params=["sd1", "sd2", "sdxl"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Family, Path]:
    family: Family = request.param
    return family, build_folder(family, tmp_path_factory.mktemp("base") / family)


@pytest.mark.parametrize("layout", ["folder", "single file"])
@pytest.mark.parametrize("targets", ["attention+ff", "attention+ff+conv"])
def test_two_steps_then_diffusers_draws_the_same(
    base: tuple[Family, Path], layout: str, targets: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, folder = base
    path = folder if layout == "folder" else build_single_file(folder, tmp_path / "base.safetensors")
    run_dir = make_run(
        tmp_path / "run",
        path,
        family,
        lora={"text_encoder": True, "targets": targets, "alpha": 32},
        training={"steps": 2, "batch_size": 2},
        optimizer={"learning_rate": 1e-2},
        export={"dtype": "fp32"},
        sample={"prompts": [PROMPT], "steps": 4, "guidance": 3.0, "seed": 5},
    )
    own = _catch_pictures(monkeypatch)
    assert train_here(run_dir) is None
    assert payloads(run_dir)[-1]["steps"] == 2
    before, after = own
    said: list[str] = []
    pictured = _diffusers_draws(family, folder, run_dir / "lora" / "small.safetensors", said)
    assert not said, said
    assert np.abs(after - before).max() > 5e-3, "the LoRA must show, or this proves nothing"
    assert np.abs(pictured - after).max() < 1e-3


def _catch_pictures(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """The pictures of a run as floats, before they are rounded to 8 bits."""
    from loraloom.train import samples

    caught: list[np.ndarray] = []
    real = samples.to_picture

    def keep(pixels: np.ndarray) -> Any:
        caught.append(pixels)
        return real(pixels)

    monkeypatch.setattr(samples, "to_picture", keep)
    return caught


def _diffusers_draws(family: Family, folder: Path, lora: Path, said: list[str]) -> np.ndarray:
    """What diffusers alone makes of the base folder and the LoRA file; `said` collects every warning."""
    import diffusers

    kind = diffusers.StableDiffusionXLPipeline if family == "sdxl" else diffusers.StableDiffusionPipeline
    pipeline: Any = kind.from_pretrained(folder)
    pipeline.scheduler = scheduler_for(load_parts(resolve(str(folder)), family, torch.float32))
    pipeline.set_progress_bar_config(disable=True)

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    ear = Ear(logging.WARNING)
    loggers = [logging.getLogger(name) for name in ("diffusers", "peft", "transformers")]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
        logger.addHandler(ear)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pipeline.load_lora_weights(lora.parent, weight_name=lora.name)
    said += [str(warning.message) for warning in caught]
    for logger in loggers:
        logger.removeHandler(ear)
    generator = torch.Generator().manual_seed(5)
    return pipeline(
        PROMPT, negative_prompt="", num_inference_steps=4, guidance_scale=3.0, width=64, height=64, generator=generator,
        output_type="np",
    ).images[0]  # fmt: skip
