"""A single file in the original layout loads, offline, as exactly the model its diffusers folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel, CLIPTextModelWithProjection

from loraloom.generate.single_file import clip_tokenizer, load_single_file, measure_prediction
from loraloom.models.configs import TEXT_ENCODERS, true_config
from loraloom.models.family import detect_header
from loraloom.models.header import Header, TensorInfo
from loraloom.models.resolve import resolve
from loraloom.models.single_file import configs_for
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family
from tests.tiny_models import build_folder, build_single_file, original_layout, tiny_parts

FAMILIES: tuple[Family, ...] = ("sd1", "sd2", "sdxl")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[Family, tuple[Path, Path]]:
    """Folder and single file of every family."""
    where = tmp_path_factory.mktemp("tiny")
    found: dict[Family, tuple[Path, Path]] = {}
    for family in FAMILIES:
        folder = build_folder(family, where / family, text_layers=3, depth=2)
        found[family] = folder, build_single_file(folder, where / f"{family}.safetensors")
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_equals_its_folder(models: dict[Family, tuple[Path, Path]], family: Family) -> None:
    folder, file = models[family]
    assert resolve(str(folder)).family == resolve(str(file)).family == family
    assert resolve(str(folder)).prediction == resolve(str(file)).prediction
    loaded: Any = load_single_file(file, family)
    wanted = tiny_parts(family, text_layers=3, depth=2)
    for part in ("unet", "vae", *TEXT_ENCODERS[family]):
        ours, theirs = loaded[part].state_dict(), wanted[part].state_dict()
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs), part
    for part in ("unet", "vae"):
        ours, theirs = dict(loaded[part].config), dict(wanted[part].config)
        differing = {name for name in theirs if ours.get(name) != theirs[name]}
        assert differing - {"sample_size", "_use_default_values"} == set(), part
    assert loaded["scheduler_config"]["prediction_type"] == wanted["scheduler"].config.prediction_type
    for name in ("tokenizer", "tokenizer_2"):
        if name in wanted:
            text = ["a photo of a cat, 猫", ""]
            assert (
                loaded[name](text, padding="max_length").input_ids == wanted[name](text, padding="max_length").input_ids
            )


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_diffusers_reads_the_same(models: dict[Family, tuple[Path, Path]], family: Family) -> None:
    """The single files of these tests are real ones: diffusers' own reader, given the configs, finds the same model."""
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
    from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline

    folder, file = models[family]
    kind: Any = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
    theirs = kind.from_single_file(str(file), config=str(folder), local_files_only=True)
    ours: Any = load_single_file(file, family)
    for part in ("unet", "vae", *TEXT_ENCODERS[family]):
        wanted = getattr(theirs, part).state_dict()
        assert all(torch.equal(ours[part].state_dict()[name], wanted[name]) for name in wanted), part


def test_dtypes(models: dict[Family, tuple[Path, Path]]) -> None:
    loaded = load_single_file(models["sd1"][1], "sd1", torch.bfloat16)
    assert {p.dtype for p in loaded["unet"].parameters()} == {torch.bfloat16}
    assert {p.dtype for p in loaded["vae"].parameters()} == {torch.float32}
    assert not any(p.is_meta for part in ("unet", "vae", "text_encoder") for p in loaded[part].parameters())
    assert not any(b.is_meta for part in ("unet", "vae", "text_encoder") for b in loaded[part].buffers())


@pytest.mark.parametrize("family", FAMILIES)
def test_true_sizes_are_told_from_shapes(family: Family) -> None:
    """Shapes of the published models, no weights: every config comes out as it is published."""
    with torch.device("meta"):
        parts: dict[str, Any] = {
            "unet": UNet2DConditionModel.from_config(true_config(family, "unet")),
            "vae": AutoencoderKL.from_config(true_config(family, "vae")),
            "text_encoder": CLIPTextModel(CLIPTextConfig(**true_config(family, "text_encoder"))),
        }
        if family == "sdxl":
            config = CLIPTextConfig(**true_config(family, "text_encoder_2"))
            parts["text_encoder_2"] = CLIPTextModelWithProjection(config)
        tensors = original_layout(family, {name: part.state_dict() for name, part in parts.items()})
    header = Header({name: TensorInfo("F16", tuple(t.shape), 0, 0) for name, t in tensors.items()}, {}, 0)
    found = detect_header(header, "model")
    assert (found.kind, found.family, found.refusal) == ("base_model", family, "")
    for part, config in configs_for(header, family).items():
        wanted = true_config(family, part)
        assert {k: v for k, v in config.items() if v != wanted.get(k)} in ({}, {"transformer_layers_per_block": 1}), (
            part
        )


def test_wrong_files_are_told(models: dict[Family, tuple[Path, Path]], tmp_path: Path) -> None:
    with pytest.raises(LoomError, match="not sdxl") as caught:
        load_single_file(models["sd1"][1], "sdxl")
    assert caught.value.code == "base_model_mismatch"
    tensors = load_file(models["sd1"][1])
    tensors.pop("model.diffusion_model.time_embed.2.bias")
    file = tmp_path / "hole.safetensors"
    save_file(tensors, file)
    with pytest.raises(LoomError, match="1 tensors are missing") as caught:
        load_single_file(file, "sd1")
    assert caught.value.code == "weights_unreadable"


def test_early_files_without_text_model(models: dict[Family, tuple[Path, Path]], tmp_path: Path) -> None:
    old = {
        name.replace(".transformer.text_model.", ".transformer."): t for name, t in load_file(models["sd1"][1]).items()
    }
    save_file(old, tmp_path / "old.safetensors")
    loaded = load_single_file(tmp_path / "old.safetensors", "sd1")["text_encoder"].state_dict()
    wanted = load_single_file(models["sd1"][1], "sd1")["text_encoder"].state_dict()
    assert all(torch.equal(loaded[name], wanted[name]) for name in wanted)


def test_a_model_without_its_middle_is_told(models: dict[Family, tuple[Path, Path]], tmp_path: Path) -> None:
    tensors = {n: t for n, t in load_file(models["sdxl"][1]).items() if not n.endswith(".model.text_projection")}
    save_file(tensors, tmp_path / "cut.safetensors")
    with pytest.raises(LoomError, match="text_projection") as caught:
        load_single_file(tmp_path / "cut.safetensors", "sdxl")
    assert caught.value.code == "weights_unreadable"


def test_measures_prediction() -> None:
    class Unet(torch.nn.Module):
        def __init__(self, velocity: bool) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))
            self.config = type("Config", (), {"cross_attention_dim": 8})
            self.velocity = velocity

        def forward(self, noisy: Any, step: Any, hidden: Any, return_dict: bool) -> Any:
            return (-2 * noisy if self.velocity else noisy,)

    assert measure_prediction(Unet(True)) == "v_prediction"
    assert measure_prediction(Unet(False)) == "epsilon"


def test_clip_tokenizer_is_clips() -> None:
    """Token ids as openai/clip-vit-large-patch14 gives them."""
    tokenizer = clip_tokenizer()
    assert len(tokenizer) == 49408
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert tokenizer.pad_token_id == 49407
    assert clip_tokenizer("!").pad_token_id == 0
