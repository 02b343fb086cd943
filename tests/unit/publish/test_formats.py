"""Conversions between layouts: exact there and back, and what cannot be converted is said."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from loraloom.models.inspect import inspect
from loraloom.models.raw_file import RawTensor, read_raw, write_raw
from loraloom.publish.formats import convert
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family, Targets
from tests.fake_weights import header_only, kohya_lora

FAMILIES: tuple[Family, ...] = ("sd1", "sd2", "sdxl")


def contents(file: Path) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    _, tensors = read_raw(file)
    return {name: (t.dtype, t.shape, bytes(t.data)) for name, t in tensors.items()}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("targets", "alpha", "alpha_dtype", "dora"),
    [
        ("attention+ff", (1.0,), "F16", False),
        ("attention+ff+conv", (0.1, 3.0), "F32", False),
        ("attention+ff+conv", (8.0,), "F32", True),
    ],
)
def test_round_trip_is_exact(
    tmp_path: Path, family: Family, targets: Targets, alpha: tuple[float, ...], alpha_dtype: str, dora: bool
) -> None:
    said = {"ss_base_model_version": "x", "ss_output_name": "é", "modelspec.title": "t"}
    file = kohya_lora(
        tmp_path / "a.safetensors",
        family,
        alpha=alpha,
        alpha_dtype=alpha_dtype,
        targets=targets,
        dora=dora,
        every=7,
        metadata=said,
    )
    middle = convert(file, tmp_path / "folder", "diffusers")
    assert middle == tmp_path / "folder" / "pytorch_lora_weights.safetensors"
    back = convert(middle.parent, tmp_path / "back.safetensors", "kohya")
    assert contents(back) == contents(file)
    again = convert(back, tmp_path / "again.safetensors", "diffusers")
    assert contents(again) == contents(middle)
    assert read_raw(again)[0].metadata.items() >= {"ss_output_name": "é", "modelspec.title": "t"}.items()
    metadata = read_raw(back)[0].metadata
    assert metadata.items() >= said.items()
    assert not {"lora_adapter_metadata", "loraloom.alpha_dtype"} & set(metadata)


def test_what_diffusers_reads(tmp_path: Path) -> None:
    file = kohya_lora(tmp_path / "a.safetensors", "sdxl", rank=2, alpha=(4.0, 4.0, 1.0), every=50)
    header, tensors = read_raw(convert(file, tmp_path / "d.safetensors", "diffusers"))
    assert all(name.split(".")[-2] in ("lora_A", "lora_B") for name in tensors)
    assert {name.split(".")[0] for name in tensors} == {"unet", "text_encoder", "text_encoder_2"}
    config = json.loads(header.metadata["lora_adapter_metadata"])
    assert (config["unet.r"], config["unet.lora_alpha"]) == (2, 4)
    assert set(config["unet.alpha_pattern"].values()) == {1}
    paths = {name.removeprefix("unet.").rsplit(".", 2)[0] for name in tensors if name.startswith("unet.")}
    assert set(config["unet.target_modules"]) == paths
    assert not any("text_model" in path for path in config["text_encoder.target_modules"])
    assert any(name.startswith("text_encoder.text_model.encoder.layers.") for name in tensors)


def test_shapes_of_dora(tmp_path: Path) -> None:
    file = kohya_lora(tmp_path / "a.safetensors", "sd1", targets="attention+ff+conv", dora=True)
    _, tensors = read_raw(convert(file, tmp_path / "d.safetensors", "diffusers"))
    assert tensors["unet.down_blocks.0.resnets.0.conv1.lora_magnitude_vector"].shape == (1, 320, 1, 1)
    name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_magnitude_vector"
    assert tensors[name].shape == (320,)
    assert inspect(tmp_path / "d.safetensors").extras == ("dora",)


def pair(name: str, rank: int = 4, halves: tuple[str, str] = ("lora_A", "lora_B")) -> dict[str, RawTensor]:
    down, up = (f"{name}.{half}.weight" for half in halves)
    return {
        down: RawTensor("F16", (rank, 320), b"\1\2" * rank * 320),
        up: RawTensor("F16", (320, rank), b"\3\4" * rank * 320),
    }


ATTENTION = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"


def alphas(file: Path) -> list[float]:
    return [struct.unpack("<f", data)[0] for name, (_, _, data) in contents(file).items() if name.endswith(".alpha")]


@pytest.mark.parametrize(
    ("said", "alpha"),
    [
        ({}, 4.0),
        ({"unet.lora_alpha": 8}, 8.0),
        ({"unet.lora_alpha": 8, "unet.use_rslora": True}, 16.0),
        ({"unet.lora_alpha": 8, "unet.alpha_pattern": {"attn1.to_q": 2}}, 2.0),
        ({"unet.lora_alpha": 8, "unet.alpha_pattern": {"^to_q": 2}}, 8.0),
        ({"unet.lora_alpha": 8, "unet.alpha_pattern": {"(": 2}}, 8.0),
    ],
)
def test_scales_of_foreign_files(tmp_path: Path, said: dict[str, object], alpha: float) -> None:
    metadata = {"lora_adapter_metadata": json.dumps(said)} if said else {}
    write_raw(tmp_path / "d.safetensors", pair(ATTENTION), metadata | {"ss_base_model_version": "sd_v1"})
    assert alphas(convert(tmp_path / "d.safetensors", tmp_path / "k.safetensors", "kohya")) == [alpha]


def test_foreign_files_get_what_automatic1111_needs(tmp_path: Path) -> None:
    tensors = pair("unet.down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q")
    write_raw(tmp_path / "d.safetensors", tensors, {"format": "pt"})
    header, found = read_raw(convert(tmp_path / "d.safetensors", tmp_path / "k.safetensors", "kohya"))
    assert header.metadata["ss_base_model_version"].startswith("sdxl_")
    assert (header.metadata["ss_network_dim"], header.metadata["ss_v2"]) == ("4", "False")
    assert "format" not in header.metadata
    assert "lora_unet_input_blocks_4_1_transformer_blocks_1_attn1_to_q.alpha" in found


def test_older_diffusers_names(tmp_path: Path) -> None:
    old = pair("unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora", halves=("down", "up"))
    write_raw(tmp_path / "d.safetensors", old, {})
    found = contents(convert(tmp_path / "d.safetensors", tmp_path / "k.safetensors", "kohya"))
    assert "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_out_0.lora_down.weight" in found


def test_hashes_are_made_anew(tmp_path: Path) -> None:
    stale = {"sshs_model_hash": "stale", "modelspec.hash_sha256": "stale", "modelspec.sai_model_spec": "1.0.1"}
    file = kohya_lora(tmp_path / "a.safetensors", "sd1", every=40, metadata=stale)
    middle = convert(file, tmp_path / "d.safetensors", "diffusers")
    back = convert(middle, tmp_path / "k.safetensors", "kohya")
    for path in (middle, back):
        metadata = read_raw(path)[0].metadata
        assert metadata["modelspec.hash_sha256"] == "0x" + metadata["sshs_model_hash"] != "0xstale"


def test_same_layout_is_a_copy(tmp_path: Path) -> None:
    file = kohya_lora(tmp_path / "a.safetensors", "sd1", every=40, metadata={"a": "b"})
    copy = convert(file, tmp_path / "sub" / "folder", "kohya")
    assert copy == tmp_path / "sub" / "folder" / "a.safetensors"
    assert copy.read_bytes() == file.read_bytes()
    with pytest.raises(LoomError) as caught:
        convert(file, file, "diffusers")
    assert caught.value.code == "not_writable"


def refused(src: Path, to: str, tmp_path: Path) -> LoomError:
    with pytest.raises(LoomError) as caught:
        convert(src, tmp_path / "out.safetensors", to)  # type: ignore[arg-type]
    assert not (tmp_path / "out.safetensors").exists()
    return caught.value


NAME = "lora_unet_down_blocks_0_attentions_0_proj_in"


@pytest.mark.parametrize(
    ("shapes", "code", "message"),
    [
        ({f"{NAME}.hada_w1_a": (8, 4), f"{NAME}.hada_w1_b": (4, 8)}, "lora_mismatch", "is LoHa"),
        ({f"{NAME}.lokr_w1": (8, 4), f"{NAME}.lokr_w2": (4, 8)}, "lora_mismatch", "is LoKr"),
        ({f"{NAME}.lora_down.weight": (4, 8), f"{NAME}.lora_up.weight": (8, 4), f"{NAME}.lora_mid.weight": (4, 4, 3, 3)}, "lora_mismatch", "Tucker"),
        ({f"{NAME}.lora_down.weight": (4, 8), f"{NAME}.lora_up.weight": (8, 4), f"{NAME}.dora_scale": (1, 99)}, "lora_mismatch", "magnitudes for inputs"),
        ({f"{NAME}.lora_down.weight": (4, 8)}, "lora_unreadable", "two halves"),
        ({f"{NAME}.lora_down.weight": (4, 8), f"{NAME}.lora_up.weight": (8, 5)}, "lora_unreadable", "two halves"),
        ({f"{NAME}.lora_down.weight": (4, 8), f"{NAME}.lora_up.weight": (8, 4), "stray.weight": (1,)}, "lora_unreadable", "'stray.weight'"),
        ({"lora_unet_x.lora_down.weight": (4, 8), "lora_unet_x.lora_up.weight": (8, 4)}, "lora_unreadable", "no Stable Diffusion model has"),
        ({"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": (4, 8), "lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight": (8, 4)}, "lora_unreadable", "no Stable Diffusion model has"),
        ({"first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3)}, "lora_unreadable", "not a Stable Diffusion LoRA"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted(tmp_path: Path, shapes: dict[str, tuple[int, ...]], code: str, message: str) -> None:
    error = refused(header_only(tmp_path / "a.safetensors", shapes), "diffusers", tmp_path)
    assert error.code == code
    assert message in error.message


def test_a_silent_file_of_convolutions_is_not_guessed(tmp_path: Path) -> None:
    shapes = {f"unet.down_blocks.0.resnets.0.conv1.lora_{half}.weight": (4, 4, 1, 1) for half in "AB"}
    error = refused(header_only(tmp_path / "a.safetensors", shapes), "kohya", tmp_path)
    assert (error.code, "tells its family" in error.message) == ("lora_unreadable", True)


def test_no_lora_at_all(tmp_path: Path) -> None:
    (tmp_path / "page.safetensors").write_text("<!doctype html><html></html>")
    assert refused(tmp_path / "page.safetensors", "diffusers", tmp_path).code == "lora_unreadable"
    assert refused(tmp_path / "none.safetensors", "diffusers", tmp_path).code == "file_not_found"
    assert refused(tmp_path / "a.ckpt", "diffusers", tmp_path).code in ("pickle_refused", "file_not_found")
