"""What the header of a LoRA tells, in every layout, and how fast."""

from __future__ import annotations

import json
import math
import time
import timeit
from pathlib import Path

import pytest

from loraloom.models.configs import true_config
from loraloom.models.family import detect
from loraloom.models.inspect import inspect
from loraloom.models.layout import unet_layers
from loraloom.models.lora_alpha import scalar
from loraloom.models.lora_file import find_layout, is_lora, locate, split_key
from loraloom.models.sgm import to_original
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family
from tests.fake_weights import UNET, header_only, kohya_lora, original_base


@pytest.mark.parametrize(
    ("family", "modules"),
    [
        ("sd1", {"unet": 192, "text_encoder": 72}),
        ("sd2", {"unet": 192, "text_encoder": 138}),
        ("sdxl", {"unet": 722, "text_encoder_2": 192, "text_encoder": 72}),
    ],
)
def test_kohya(tmp_path: Path, family: Family, modules: dict[str, int]) -> None:
    file = kohya_lora(tmp_path / "lora.safetensors", family, rank=2, alpha=(1.5,), metadata={"ss_network_dim": "2"})
    seconds = timeit.repeat(lambda: inspect(file), number=1, repeat=3, timer=time.process_time)
    assert min(seconds) < 0.3  # timed without the search for garbage, which goes through what other tests left
    found = inspect(file)
    assert (found.kind, found.family, found.layout) == ("lora", family, "kohya")
    assert (found.rank, found.alpha, found.modules) == ((2,), (1.5,), modules)
    assert found.targets == ("attention", "ff", "projection")
    assert (found.extras, found.dtypes) == ((), ("F16", "F32"))
    assert found.metadata == {"ss_network_dim": "2"}
    assert found.size_bytes == file.stat().st_size
    assert found.tensors == 3 * sum(modules.values())


def test_convolutions_and_dora(tmp_path: Path) -> None:
    file = kohya_lora(tmp_path / "l.safetensors", "sd1", targets="attention+ff+conv", dora=True, alpha=(1, 2))
    found = inspect(file)
    assert set(found.targets) == {"attention", "ff", "projection", "conv"}
    assert found.extras == ("dora",)
    assert found.alpha == (1, 2)


def test_lycoris_variants_are_named(tmp_path: Path) -> None:
    name = "lora_unet_down_blocks_0_attentions_0_proj_in"
    shapes = {f"{name}.hada_w1_a": (8, 4), f"{name}.hada_w1_b": (4, 8), f"{name}.hada_w2_a": (8, 4)}
    found = inspect(header_only(tmp_path / "l.safetensors", shapes | {f"{name}.alpha": ()}))
    assert (found.kind, found.extras, found.rank) == ("lora", ("loha",), (4,))
    shapes = {f"{name}.lokr_w1": (2, 2), f"{name}.lokr_w2_a": (4, 4), f"{name}.lokr_w2_b": (4, 4)}
    assert inspect(header_only(tmp_path / "l.safetensors", shapes)).extras == ("lokr",)
    shapes = {f"{name}.lora_{part}.weight": (4, 4, 1, 1) for part in ("up", "down", "mid")}
    assert inspect(header_only(tmp_path / "l.safetensors", shapes)).extras == ("tucker",)


@pytest.mark.parametrize(
    ("name", "shape", "metadata", "family"),
    [
        ("lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", (4, 768), {}, "sd1"),
        ("lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", (4, 1024), {}, "sd2"),
        ("lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", (4, 2048), {}, "sdxl"),
        ("lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", (4, 96), {"ss_base_model_version": "sd_v2_v"}, "sd2"),
        ("lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", (4, 96), {"modelspec.architecture": "stable-diffusion-v1/lora"}, "sd1"),
        ("lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", (4, 96), {}, None),
        ("lora_unet_input_blocks_4_1_proj_in", (4, 96), {}, "sdxl"),
        ("lora_te2_text_model_encoder_layers_0_mlp_fc1", (4, 96), {}, "sdxl"),
        ("lora_te_text_model_encoder_layers_0_self_attn_q_proj", (4, 768), {}, "sd1"),
        ("lora_unet_double_blocks_0_img_attn_qkv", (4, 3072), {}, None),
    ],
)  # fmt: skip
def test_family(
    tmp_path: Path, name: str, shape: tuple[int, ...], metadata: dict[str, str], family: Family | None
) -> None:
    shapes = {f"{name}.lora_down.weight": shape, f"{name}.lora_up.weight": (8, 4)}
    found = detect(header_only(tmp_path / "l.safetensors", shapes, metadata))
    assert (found.kind, found.family, found.layout) == ("lora", family, "kohya")


def test_peft_folder(tmp_path: Path) -> None:
    name = "base_model.model.model.layers.0.self_attn.q_proj"
    header_only(
        tmp_path / "adapter_model.safetensors", {f"{name}.lora_A.weight": (8, 64), f"{name}.lora_B.weight": (64, 8)}
    )
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 8, "lora_alpha": 16}))
    found = inspect(tmp_path)
    assert (found.kind, found.layout, found.rank, found.alpha) == ("lora", "peft", (8,), (16.0,))
    assert found.metadata["peft_type"] == "LORA"
    assert found.targets == ("attention",)


def test_adapter_folder_without_usable_weights(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(LoomError) as caught:
        inspect(tmp_path)
    assert caught.value.code == "weights_unreadable"
    (tmp_path / "adapter_model.bin").write_bytes(b"")
    with pytest.raises(LoomError) as caught:
        inspect(tmp_path)
    assert caught.value.code == "pickle_refused"


def test_diffusers_layout(tmp_path: Path) -> None:
    names = ("unet.down_blocks.0.attentions.0.proj_in", "text_encoder.text_model.encoder.layers.0.mlp.fc1")
    shapes = {f"{name}.lora_{half}.weight": (4, 4) for name in names for half in "AB"}
    said = {"lora_adapter_metadata": json.dumps({"unet.lora_alpha": 8, "text_encoder.alpha_pattern": {"fc1": 2.5}})}
    found = inspect(header_only(tmp_path / "l.safetensors", shapes, said))
    assert (found.layout, found.alpha, found.modules) == ("diffusers", (2.5, 8.0), {"unet": 1, "text_encoder": 1})


def test_damaged_adapter_metadata_is_ignored(tmp_path: Path) -> None:
    shapes = {f"unet.conv_in.lora_{half}.weight": (4, 4) for half in "AB"}
    for said in ("{", "[]", "3"):
        assert inspect(header_only(tmp_path / "l.safetensors", shapes, {"lora_adapter_metadata": said})).alpha == ()


def test_names_taken_apart() -> None:
    key = split_key("lora_unet_conv_in.lora_down.weight")
    assert key is not None
    assert (key.module, key.part) == ("lora_unet_conv_in", ".lora_down.weight")
    assert split_key("first_stage_model.decoder.conv_in.weight") is None
    assert locate("unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_out", "diffusers") == (
        "unet",
        "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0",
    )
    assert locate("lora_unet_nonsense", "kohya") is None
    assert not is_lora([])
    assert not is_lora(["a.alpha", "b.weight"])
    assert find_layout(["x"]) == "unknown"


@pytest.mark.parametrize(
    ("dtype", "data", "value"),
    [
        ("F16", b"\x00\x3c", 1),
        ("BF16", b"\x80\x3f", 1),
        ("F32", b"\x00\x00\x80\x3f", 1),
        ("I64", b"\x08" + b"\0" * 7, 8),
    ],
)
def test_scalars(dtype: str, data: bytes, value: float) -> None:
    assert scalar(dtype, data) == value
    assert math.isnan(scalar("F8_E4M3", b"\0"))


def test_base_models(tmp_path: Path, base_folder: Path) -> None:
    found = inspect(header_only(tmp_path / "m.safetensors", original_base("sd1"), {"a": "b"}))
    assert (found.kind, found.family, found.layout) == ("base_model", "sd1", "original")
    assert found.metadata == {"a": "b", "model": "Stable Diffusion 1.x", "prediction": "epsilon", "resolution": 512}
    found = inspect(base_folder)
    assert (found.kind, found.family, found.layout, found.metadata["resolution"]) == (
        "base_model",
        "sd1",
        "diffusers",
        512,
    )
    found = inspect(header_only(tmp_path / "flux.safetensors", {"double_blocks.0.img_attn.qkv.weight": (2, 2)}))
    assert (found.kind, found.family, found.metadata["model"]) == ("base_model", None, "FLUX.1")
    assert "cannot train" in found.metadata["note"]


def test_a_base_of_true_size_is_told_at_once(tmp_path: Path) -> None:
    layers = unet_layers(true_config("sdxl", "unet"))
    shapes = {f"{UNET}{to_original(layer.path)}.weight": layer.shape for layer in layers}
    shapes |= {f"{UNET}{to_original(layer.path)}.bias": layer.shape[:1] for layer in layers}
    file = header_only(tmp_path / "sdxl.safetensors", original_base("sdxl") | shapes)
    assert file.stat().st_size > 5e9
    seconds = timeit.repeat(lambda: inspect(file), number=1, repeat=3, timer=time.process_time)
    assert min(seconds) < 0.3  # timed without the search for garbage, which goes through what other tests left
    found = inspect(file)
    assert (found.family, found.parameters > 2.5e9) == ("sdxl", True)


def test_foreign_loras(tmp_path: Path) -> None:
    names = ("lora_unet_double_blocks_0_img_attn_qkv", "lora_te3_encoder_block_0_layer_0_SelfAttention_q")
    shapes = {f"{name}.lora_{half}.weight": (4, 4) for name in names for half in ("up", "down")}
    found = inspect(header_only(tmp_path / "flux.safetensors", shapes))
    assert (found.kind, found.family, found.modules) == ("lora", None, {"unet": 1, "text_encoder_3": 1})
    shapes = {f"transformer.transformer_blocks.0.attn.to_q.lora_{half}.weight": (4, 4) for half in "AB"}
    found = inspect(header_only(tmp_path / "flux.safetensors", shapes))
    assert (found.family, found.layout, found.modules) == (None, "diffusers", {"transformer": 1})


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        inspect(tmp_path / "none")
    assert caught.value.code == "file_not_found"
    assert inspect(tmp_path).kind == "unknown"
