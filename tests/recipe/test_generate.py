"""Drawing with and without LoRAs on the embedded base: sheets, distances, and errors that say what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loraloom.generate.answer import answer
from loraloom.spec.errors import LoomError
from loraloom.spec.sample import SampleRequest
from tests.fake_weights import kohya_lora
from tests.runs import DEMO, make_run, train_here


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = make_run(
        tmp_path_factory.mktemp("runs") / "run", training={"steps": 12}, optimizer={"learning_rate": 1e-2}
    )
    train_here(run_dir)
    return run_dir / "lora" / "small.safetensors"


def request(out: Path, **fields: Any) -> SampleRequest:
    wanted = {"prompts": ("red apple",), "steps": 4, "out": str(out), "result": str(out) + ".json", "threads": 1}
    return SampleRequest.model_validate(wanted | fields)


def pixels(path: Path | str) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_strength_zero_is_the_base(tmp_path: Path, lora: Path) -> None:
    answer(request(tmp_path / "base.png"))
    answer(request(tmp_path / "zero.png", loras=((str(lora), 0.0),)))
    answer(request(tmp_path / "one.png", loras=((str(lora), 1.0),)))
    base, zero, one = (pixels(tmp_path / f"{name}.png") for name in ("base", "zero", "one"))
    assert np.array_equal(base, zero) and not np.array_equal(base, one)


def test_several_prompts_make_several_pictures_the_same_alone_or_together(tmp_path: Path) -> None:
    together = answer(request(tmp_path / "p.png", prompts=("red apple", "owl"), seed=3)).files
    assert [Path(file).name for file in together] == ["p-1.png", "p-2.png"]
    alone = answer(request(tmp_path / "owl.png", prompts=("owl",), seed=4)).files
    assert np.abs(pixels(together[1]).astype(int) - pixels(alone[0])).max() <= 1


def test_before_and_after(tmp_path: Path, lora: Path) -> None:
    prompts = ("lemon on blue background", "owl on white background")
    got = answer(
        request(tmp_path / "sheet.png", prompts=prompts, loras=((str(lora), 1.0),), compare=True, compare_to=str(DEMO))
    )
    assert got.distances is not None and 0 < got.distances.after != got.distances.before > 0
    width, height = Image.open(got.files[0]).size
    assert width > 2 * 128 and height > 2 * 128


def test_the_folder_itself_is_at_distance_zero(tmp_path: Path) -> None:
    from torch import float32

    from loraloom.generate.looks import Looks
    from loraloom.generate.parts import load_parts
    from loraloom.models.resolve import resolve

    looks = Looks(load_parts(resolve("thimble"), "sd1", float32).vae, DEMO, (64, 64))
    same = [
        np.asarray(Image.open(path).convert("RGB").resize((64, 64), Image.Resampling.LANCZOS), np.float32) / 255
        for path in sorted(DEMO.rglob("*.png"))
    ]
    assert looks.distance(same) < 1e-4
    assert looks.distance([1 - picture for picture in same]) > 0.1


def test_a_lora_for_another_family_is_refused(tmp_path: Path) -> None:
    other = kohya_lora(tmp_path / "sdxl.safetensors", "sdxl")
    with pytest.raises(LoomError) as caught:
        answer(request(tmp_path / "x.png", loras=((str(other), 1.0),)))
    assert caught.value.code == "lora_mismatch" and "inspect" in caught.value.hint
