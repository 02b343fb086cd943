"""What bases are told by: structure, not width; and everything that is recognised is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loraloom.models.configs import true_config
from loraloom.models.family import detect, require_base
from loraloom.models.hub_ids import known_hub_id
from loraloom.models.prediction import prediction_from_name
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family
from tests.fake_weights import UNET, header_only, original_base

FAMILIES: tuple[Family, ...] = ("sd1", "sd2", "sdxl")


@pytest.mark.parametrize("family", FAMILIES)
def test_single_files(tmp_path: Path, family: Family) -> None:
    found = detect(header_only(tmp_path / "model.safetensors", original_base(family)))
    assert (found.kind, found.family, found.layout, found.refusal) == ("base_model", family, "original", "")
    assert require_base(found, "model") == family


def test_resolution_and_prediction_by_metadata(tmp_path: Path) -> None:
    said = {"modelspec.prediction_type": "v", "modelspec.resolution": "768x768"}
    found = detect(header_only(tmp_path / "m.safetensors", original_base("sd2"), said))
    assert (found.prediction, found.resolution, found.warnings) == ("v_prediction", 768, ())
    found = detect(header_only(tmp_path / "m.safetensors", original_base("sdxl"), {"modelspec.resolution": "9x9"}))
    assert (found.prediction, found.resolution) == ("epsilon", 1024)


def test_an_sd2_file_that_says_nothing_is_left_open_with_a_warning(tmp_path: Path) -> None:
    found = detect(header_only(tmp_path / "my merge.safetensors", original_base("sd2")))
    assert found.prediction is None
    assert "loss.prediction" in found.warnings[0]


def test_velocity_models_of_other_families(tmp_path: Path) -> None:
    marked = original_base("sdxl") | {"v_pred": (0,), "ztsnr": (0,)}
    assert detect(header_only(tmp_path / "m.safetensors", marked)).prediction == "v_prediction"
    found = detect(header_only(tmp_path / "anime-vpred.safetensors", original_base("sdxl")))
    assert found.prediction == "v_prediction"
    assert "its name says so" in found.warnings[0]


@pytest.mark.parametrize(
    ("name", "prediction"),
    [
        ("v2-1_768-ema-pruned", "v_prediction"),
        ("768-v-ema", "v_prediction"),
        ("noobai_v-pred-1.0", "v_prediction"),
        ("model_vpred", "v_prediction"),
        ("v2-1_512-ema-pruned", "epsilon"),
        ("512-base-ema", "epsilon"),
        ("stabilityai/stable-diffusion-2-1-base", "epsilon"),
        ("noob_eps-pred", "epsilon"),
        ("v1-5-pruned", None),
        ("epsilonaut", None),
        ("creative_vision", None),
    ],
)
def test_names_as_hints(name: str, prediction: str | None) -> None:
    assert prediction_from_name(name) == prediction


FOREIGN: dict[str, tuple[dict[str, tuple[int, ...]], str]] = {
    "flux": ({"double_blocks.0.img_attn.norm.key_norm.scale": (64,)}, "FLUX.1"),
    "flux in a checkpoint": ({f"{UNET}double_blocks.0.img_attn.qkv.weight": (8, 8)}, "FLUX.1"),
    "chroma": (
        {"distilled_guidance_layer.in_proj.bias": (8,), "double_blocks.0.img_attn.qkv.weight": (8, 8)},
        "Chroma",
    ),
    "sd3": ({f"{UNET}joint_blocks.0.context_block.attn.qkv.weight": (8, 8)}, "Stable Diffusion 3"),
    "auraflow": ({"double_layers.0.attn.w2q.weight": (8, 8)}, "AuraFlow"),
    "wan": ({"head.modulation": (1, 2, 8)}, "Wan"),
    "controlnet": ({"control_model.time_embed.0.weight": (8, 8)}, "a ControlNet"),
    "vae": ({"decoder.up.0.block.0.conv1.weight": (8, 8, 3, 3)}, "a VAE"),
    "textual inversion": ({"emb_params": (4, 768)}, "a textual inversion embedding"),
    "sdxl embedding": ({"clip_l": (4, 768), "clip_g": (4, 1280)}, "a textual inversion embedding"),
    "language model": ({"model.layers.0.self_attn.q_proj.weight": (8, 8)}, "a language model"),
    "unet of a folder": ({"down_blocks.0.resnets.0.conv1.weight": (8, 8, 3, 3)}, "the UNet of a diffusers folder"),
    "refiner": (
        {
            f"{UNET}label_emb.0.0.weight": (128, 96),
            f"{UNET}input_blocks.4.1.proj_in.weight": (32, 32),
            "conditioner.embedders.0.model.transformer.resblocks.0.mlp.c_fc.weight": (8, 8),
        },
        "the SDXL refiner",
    ),
    "inpainting": (original_base("sd1", 9), "an inpainting model (Stable Diffusion 1.x)"),
    "sdxl inpainting": (original_base("sdxl", 9), "an inpainting model (Stable Diffusion XL)"),
    "pix2pix": (original_base("sd1", 8), "an InstructPix2Pix model (Stable Diffusion 1.x)"),
    "depth": (original_base("sd2", 5), "a depth model (Stable Diffusion 2.x)"),
    "playground": (original_base("sdxl") | {"edm_mean": (1,)}, "Playground 2.5"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_models_are_named_and_refused(tmp_path: Path, kind: str) -> None:
    shapes, name = FOREIGN[kind]
    found = detect(header_only(tmp_path / "m.safetensors", shapes))
    assert (found.kind, found.name) == ("base_model", name)
    with pytest.raises(LoomError, match="is ") as caught:
        require_base(found, "m.safetensors")
    assert caught.value.code == "base_model_unknown"
    assert name in caught.value.message
    assert "Loom" in caught.value.hint


def test_unknown_weights_and_incomplete_models(tmp_path: Path) -> None:
    found = detect(header_only(tmp_path / "m.safetensors", {"foo.weight": (2, 2)}))
    assert found.kind == "unknown"
    with pytest.raises(LoomError, match="not a model Loom knows"):
        require_base(found, "m.safetensors")
    only_unet = {name: shape for name, shape in original_base("sdxl").items() if name.startswith(UNET)}
    found = detect(header_only(tmp_path / "m.safetensors", only_unet))
    assert found.refusal == (
        "It has no first text encoder and no second text encoder and no VAE: it is not a whole model."
    )


def folder_of(path: Path, family: Family, weights: str = "diffusion_pytorch_model.safetensors", **unet: Any) -> Path:
    """A diffusers folder with configs, and empty weights called `weights`."""
    parts = ["unet", "vae", "text_encoder", *(["text_encoder_2"] if family == "sdxl" else [])]
    index: dict[str, Any] = {part: ["diffusers", "Something"] for part in parts}
    index |= {"_class_name": "StableDiffusionPipeline", "safety_checker": [None, None]}
    for part in parts:
        (path / part).mkdir(parents=True)
        config = true_config(family, part) | (unet if part == "unet" else {})  # type: ignore[arg-type]
        (path / part / "config.json").write_text(json.dumps(config))
        name = weights if part in ("unet", "vae") else weights.replace("diffusion_pytorch_model", "model")
        (path / part / name).write_bytes(b"")
    (path / "scheduler").mkdir()
    (path / "scheduler" / "scheduler_config.json").write_text(json.dumps(true_config(family, "scheduler")))
    (path / "model_index.json").write_text(json.dumps(index))
    return path


@pytest.mark.parametrize(("family", "side"), [("sd1", 512), ("sd2", 768), ("sdxl", 1024)])
def test_folders(tmp_path: Path, family: Family, side: int) -> None:
    found = detect(folder_of(tmp_path / "m", family))
    assert (found.kind, found.family, found.layout) == ("base_model", family, "diffusers")
    assert (found.resolution, found.variant) == (side, None)
    assert found.prediction == ("v_prediction" if family == "sd2" else "epsilon")


def test_folder_with_half_precision_only(tmp_path: Path) -> None:
    found = detect(folder_of(tmp_path / "m", "sd1", "diffusion_pytorch_model.fp16.safetensors"))
    assert found.variant == "fp16"


def test_folder_with_pickles_only(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        detect(folder_of(tmp_path / "m", "sd1", "diffusion_pytorch_model.bin"))
    assert caught.value.code == "pickle_refused"


def test_folders_that_are_something_else(tmp_path: Path) -> None:
    found = detect(folder_of(tmp_path / "inpaint", "sd1", in_channels=9))
    assert found.name == "an inpainting model"
    flux = tmp_path / "flux"
    flux.mkdir()
    (flux / "model_index.json").write_text('{"_class_name": "FluxPipeline", "transformer": ["diffusers", "X"]}')
    with pytest.raises(LoomError, match="FluxPipeline"):
        require_base(detect(flux), "flux")
    (tmp_path / "plain").mkdir()
    header_only(tmp_path / "plain" / "model.safetensors", original_base("sd1"))
    with pytest.raises(LoomError, match="not a model") as caught:
        require_base(detect(tmp_path / "plain"), "plain")
    assert "model.safetensors" in caught.value.hint
    (tmp_path / "pickles").mkdir()
    (tmp_path / "pickles" / "model.ckpt").write_bytes(b"")
    with pytest.raises(LoomError) as caught:
        detect(tmp_path / "pickles")
    assert caught.value.code == "pickle_refused"


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "[" * 9999])
def test_folder_with_damaged_json(tmp_path: Path, text: str) -> None:
    folder = folder_of(tmp_path / "m", "sd1")
    (folder / "unet" / "config.json").write_text(text)
    with pytest.raises(LoomError) as caught:
        detect(folder)
    assert caught.value.code == "weights_unreadable"


@pytest.mark.parametrize(
    ("hub_id", "family"),
    [
        ("stable-diffusion-v1-5/stable-diffusion-v1-5", "sd1"),
        ("stabilityai/stable-diffusion-2-1", "sd2"),
        ("stabilityai/stable-diffusion-xl-base-1.0", "sdxl"),
        ("someone/my-sdxl-model", "sdxl"),
        ("someone/Illustrious-thing", "sdxl"),
        ("someone/sd-1.5-anime", "sd1"),
        ("someone/thing", None),
        ("someone/sdxl-controlnet", None),
        ("stabilityai/stable-diffusion-xl-refiner-1.0", None),
    ],
)
def test_hub_ids(hub_id: str, family: Family | None) -> None:
    assert known_hub_id(hub_id) == family
