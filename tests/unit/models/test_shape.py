"""Shapes of bases from headers and small files."""

from __future__ import annotations

from math import prod
from pathlib import Path

import pytest

from loraloom.models.configs import true_config
from loraloom.models.header import read_header
from loraloom.models.layout import unet_layers
from loraloom.models.resolve import resolve, thimble_path
from loraloom.models.sgm import to_original
from loraloom.models.shape import shape_of, usual_shape
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family
from tests.fake_weights import header_only

TRUE: dict[Family, dict[str, int]] = {
    "sd1": {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480},
    "sd2": {"unet": 865_910_724, "vae": 83_653_863, "text_encoder": 340_387_840},
    "sdxl": {
        "unet": 2_567_463_684,
        "vae": 83_653_863,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    },
}
"""As diffusers and transformers count the published models."""


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_usual_shapes_have_the_parameters_of_the_published_models(family: Family) -> None:
    found = usual_shape(family).parameters
    assert found.keys() == TRUE[family].keys()
    for part, count in TRUE[family].items():
        assert found[part] == pytest.approx(count, rel=0.0005)


def test_the_embedded_base() -> None:
    shape = shape_of(resolve("thimble"))
    header = read_header(thimble_path() / "unet" / "diffusion_pytorch_model.safetensors")
    assert shape.parameters["unet"] == sum(prod(info.shape) for info in header.tensors.values())
    assert shape.stored == {"unet": "fp16", "vae": "fp16", "text_encoder": "fp16"}
    assert shape.file_bytes["unet"] == 2 * shape.parameters["unet"]
    assert shape.disk_bytes == sum(file.stat().st_size for file in thimble_path().rglob("*.safetensors"))
    assert (shape.vae_factor, shape.text_length) == (4, 16)
    assert shape_of(resolve("thimble")) is shape


def single_file(path: Path) -> Path:
    """A narrow Stable Diffusion 1 in the original layout, as far as its header tells the shape."""
    unet = true_config("sd1", "unet") | {"block_out_channels": [32, 64, 64, 64]}
    vae, clip = "first_stage_model.", "cond_stage_model.transformer.text_model."
    shapes = {f"model.diffusion_model.{to_original(one.path)}.weight": one.shape for one in unet_layers(unet)}
    for level, width in enumerate((32, 64)):
        shapes[f"{vae}encoder.down.{level}.block.0.conv2.weight"] = (width, width, 3, 3)
    shapes[f"{vae}decoder.conv_in.weight"] = (64, 4, 3, 3)
    shapes[f"{clip}embeddings.token_embedding.weight"] = (100, 64)
    shapes[f"{clip}embeddings.position_embedding.weight"] = (77, 64)
    shapes[f"{clip}encoder.layers.0.mlp.fc1.weight"] = (256, 64)
    return header_only(path, shapes)


def test_a_single_file(tmp_path: Path) -> None:
    file = single_file(tmp_path / "base.safetensors")
    shape = shape_of(resolve(str(file)))
    assert shape.single_file
    assert shape.family == "sd1"
    assert shape.unet["block_out_channels"] == [32, 64, 64, 64]
    assert (shape.vae_factor, shape.text_length) == (2, 77)
    assert shape.stored["unet"] == "fp16"
    assert shape.parameters["unet"] == sum(prod(one.shape) for one in unet_layers(shape.unet))
    assert shape.parameters["text_encoder"] == 100 * 64 + 77 * 64 + 256 * 64
    assert shape.disk_bytes == file.stat().st_size


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = single_file(tmp_path / "base.safetensors")
    first = shape_of(resolve(str(file)))
    assert shape_of(resolve(str(file))) is first
    single_file(file)
    assert shape_of(resolve(str(file))) is not first


def test_a_hub_id_that_is_not_here_has_the_usual_shape(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert shape_of(resolve("stabilityai/stable-diffusion-xl-base-1.0")) is usual_shape("sdxl")
    with pytest.raises(LoomError) as caught:
        shape_of(resolve("somebody/something"))
    assert caught.value.code == "base_model_unknown"


def test_a_damaged_folder_is_told(tmp_path: Path) -> None:
    for part in ("unet", "vae", "text_encoder", "scheduler"):
        (tmp_path / part).mkdir()
    with pytest.raises(LoomError):
        shape_of(resolve(str(tmp_path)))
