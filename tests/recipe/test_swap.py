"""A LoRA swapped in does what diffusers and PEFT make of the same file, in every layout and kind."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoHaConfig, LoKrConfig, get_peft_model, inject_adapter_in_model
from safetensors.torch import save_file

from loraloom.generate.playground.fitting import Wardrobe
from loraloom.generate.playground.swap import Swap, Use
from loraloom.models.lora_keys import to_kohya
from loraloom.publish.formats import convert
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Family, Lora
from tests.fake_weights import kohya_lora
from tests.recipe.test_exports import LORAS, components, effect, family_of, kohya_tensors, trained
from tests.tiny_models import tiny_pipeline

ALL = Lora(rank=4, alpha=8, targets="attention+ff+conv", text_encoder=True)
DORA = ALL.model_copy(update={"dora": True})
CLOSE = 1e-8
"""In float64, where a random network does not make much of rounding."""


@pytest.fixture(scope="module", autouse=True)
def _one_thread_in_double() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pipelines() -> dict[Family, Any]:
    families: tuple[Family, ...] = ("sd1", "sd2", "sdxl")
    return {family: tiny_pipeline(family, text_layers=3, depth=2).to(torch.float64) for family in families}


def swapped(pipeline: Any, *uses: tuple[Path, float, Mapping[str, float]]) -> torch.Tensor:
    """The effect with these LoRAs on. The base comes back bitwise, which every test thereby claims."""
    models, family = components(pipeline), family_of(pipeline)
    base = effect(models, family)
    wardrobe, swap = Wardrobe(models, 1 << 30), Swap()
    on = [Use(wardrobe.fit(path), strength, blocks) for path, strength, blocks in uses]
    assert not any(use.lora.warnings for use in on)
    swap.put_on(on)
    found = effect(models, family)
    swap.put_on([])
    assert torch.equal(effect(models, family), base)
    assert not any("forward" in vars(module) for model in models.values() for module in model.modules())
    return found


def by_diffusers(pipeline: Any, *uses: tuple[Path, float]) -> torch.Tensor:
    names = [f"lora_{index}" for index in range(len(uses))]
    try:
        for name, (file, _) in zip(names, uses, strict=True):
            pipeline.load_lora_weights(file.parent, weight_name=file.name, adapter_name=name)
        pipeline.set_adapters(names, adapter_weights=[strength for _, strength in uses])
        return effect(components(pipeline), family_of(pipeline))
    finally:
        pipeline.unload_lora_weights()


def written(pipeline: Any, lora: Lora, file: Path) -> Path:
    family = family_of(pipeline)
    save_file(kohya_tensors(trained(pipeline, lora), family, lora), file, {"ss_base_model_version": "test"})
    return file


@pytest.mark.parametrize(
    ("family", "kind"),
    [*(("sd1", kind) for kind in LORAS), ("sd2", "conv"), ("sdxl", "conv"), ("sdxl", "rslora"), ("sdxl", "unet_only")],
)
def test_as_diffusers_does_it(pipelines: dict[Family, Any], family: Family, kind: str, tmp_path: Path) -> None:
    pipeline = pipelines[family]
    kohya = written(pipeline, LORAS[kind], tmp_path / "kohya.safetensors")
    base = effect(components(pipeline), family)
    file = convert(kohya, tmp_path / "folder", "diffusers")
    for file, strength in ((kohya, 1.0), (file, -0.7)):
        wanted = by_diffusers(pipeline, (file, strength))
        assert (wanted - base).abs().max() > 1e-3, "the LoRA does nothing: the comparison would prove nothing"
        assert (swapped(pipeline, (file, strength, {})) - wanted).abs().max() < CLOSE, file.name
    assert torch.equal(swapped(pipeline, (tmp_path / "folder", 1.0, {})), swapped(pipeline, (file, 1.0, {})))


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_dora(pipelines: dict[Family, Any], family: Family, tmp_path: Path) -> None:
    """As diffusers does it in its own layout, but for text encoders, whose magnitudes it loses; in both layouts as it was
    trained. Half the strength is half the difference."""
    pipeline = pipelines[family]
    alone = written(pipeline, DORA.model_copy(update={"text_encoder": False}), tmp_path / "alone.safetensors")
    alone = convert(alone, tmp_path / "alone", "diffusers")
    assert (swapped(pipeline, (alone, 1.0, {})) - by_diffusers(pipeline, (alone, 1.0))).abs().max() < CLOSE
    kohya = written(pipeline, DORA, tmp_path / "kohya.safetensors")
    wanted = effect(trained(pipeline, DORA), family)
    for file in (kohya, convert(kohya, tmp_path / "folder", "diffusers")):
        assert (swapped(pipeline, (file, 1.0, {})) - wanted).abs().max() < CLOSE, file.name

    layer = pipeline.unet.mid_block.attentions[0].transformer_blocks[0].attn1.to_q
    x = torch.randn(3, layer.in_features, generator=torch.Generator().manual_seed(1))
    wardrobe, swap = Wardrobe({"unet": pipeline.unet}, 1 << 30), Swap()
    outputs: dict[float, torch.Tensor] = {}
    for strength in (0.0, 0.5, 1.0):
        swap.put_on([Use(wardrobe.fit(kohya), strength, {})])
        outputs[strength] = layer(x).detach()
    swap.put_on([])
    assert torch.equal(outputs[0.0], layer(x)) and not torch.allclose(outputs[0.0], outputs[1.0], atol=1e-2)
    assert torch.allclose(outputs[0.5], (outputs[0.0] + outputs[1.0]) / 2, atol=1e-6)


def test_several_at_once(pipelines: dict[Family, Any], tmp_path: Path) -> None:
    pipeline = pipelines["sd1"]
    first = written(pipeline, LORAS["conv"], tmp_path / "first.safetensors")
    second = written(pipeline, LORAS["attention"], tmp_path / "second.safetensors")
    wanted = by_diffusers(pipeline, (first, 0.6), (second, -0.9))
    assert (swapped(pipeline, (first, 0.6, {}), (second, -0.9, {})) - wanted).abs().max() < CLOSE
    both = swapped(pipeline, (first, 0.6, {}), (second, 0.0, {}))
    assert torch.equal(both, swapped(pipeline, (first, 0.6, {})))


def test_blocks(pipelines: dict[Family, Any], tmp_path: Path) -> None:
    """The longest start counts, between dots: `text_encoder` is not `text_encoder_2`, `down_blocks.1` not `.10`."""
    pipeline = pipelines["sdxl"]
    file = written(pipeline, ALL, tmp_path / "all.safetensors")
    full, base = swapped(pipeline, (file, 1.0, {})), effect(components(pipeline), "sdxl")
    parts = {"unet": 0.0, "text_encoder": 0.0, "text_encoder_2": 0.0}
    assert torch.equal(swapped(pipeline, (file, 1.0, parts)), base)
    only = {part: swapped(pipeline, (file, 1.0, parts | {part: 1.0})) for part in parts}
    for part, got in only.items():
        assert not torch.equal(got, base) and not torch.equal(got, full), part
    named = {**parts, "unet.down_blocks.1": 1.0, "unet.down_blocks.1.resnets": 0.0, "unet.down": 1.0}
    fitted = Use(Wardrobe(components(pipeline), 1 << 30).fit(file), 2.0, named)
    at = {layer.name: fitted.at(layer.name) for layer in fitted.lora.layers}
    on = {name for name, strength in at.items() if strength}
    assert on == {name for name in at if name.startswith("unet.down_blocks.1.attentions")} | {
        name for name in at if name.startswith("unet.down_blocks.1.downsamplers")
    }
    assert {at[name] for name in on} == {2.0}
    deep = Use(fitted.lora, 1.0, {"text_encoder.text_model.encoder.layers.0": 0.0})
    assert {name for name in at if not deep.at(name)} == {
        n for n in at if n.startswith("text_encoder.encoder.layers.0.")
    }


def lycoris(pipeline: Any, config: Any) -> tuple[Any, dict[str, torch.Tensor], float]:
    """(UNet with a LoHa or LoKr of PEFT as training leaves it, its tensors by module and part, its scale)."""
    torch.manual_seed(5)
    unet = inject_adapter_in_model(config, copy.deepcopy(pipeline.unet), "default").eval()
    tensors: dict[str, torch.Tensor] = {}
    for path, module in unet.named_modules():
        held = getattr(module, "adapter_layer_names", ())
        for name in held:
            if hasattr(module, name) and "default" in getattr(module, name):
                value = getattr(module, name)["default"]
                torch.nn.init.normal_(value, std=0.2)
                tensors[f"{path}.{name}"] = value.detach().clone()
    return unet, tensors, config.alpha / config.r


TARGETS = ["to_q", "to_v", "ff.net.2", "conv1", "conv_shortcut", "proj_in"]
LYCORIS = {
    "loha": LoHaConfig(r=4, alpha=2, target_modules=TARGETS),
    "loha, Tucker": LoHaConfig(r=4, alpha=2, target_modules=TARGETS, use_effective_conv2d=True),
    "lokr": LoKrConfig(r=2, alpha=3, target_modules=TARGETS),
    "lokr, two halves": LoKrConfig(r=2, alpha=3, target_modules=TARGETS, decompose_both=True),
    "lokr, Tucker": LoKrConfig(r=2, alpha=3, target_modules=TARGETS, use_effective_conv2d=True),
    "lokr, whole": LoKrConfig(r=64, alpha=64, target_modules=TARGETS),
}


@pytest.mark.parametrize("kind", LYCORIS)
def test_loha_and_lokr(pipelines: dict[Family, Any], kind: str, tmp_path: Path) -> None:
    """As PEFT computes them: under the names that LyCORIS gives, and out of a folder of PEFT."""
    pipeline, config = pipelines["sd1"], LYCORIS[kind]
    unet, tensors, _ = lycoris(pipeline, copy.deepcopy(config))
    wanted = effect({**components(pipeline), "unet": unet}, "sd1")
    assert (wanted - effect(components(pipeline), "sd1")).abs().max() > 1e-3
    named: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        path, _, part = name.rpartition(".")
        kohya = to_kohya("unet", path, "sd1")
        named |= {f"{kohya}.{part}": tensor, f"{kohya}.alpha": torch.tensor(float(config.alpha))}
    save_file(named, tmp_path / "lycoris.safetensors")
    scale = (wanted - effect(components(pipeline), "sd1")).abs().max()
    assert (swapped(pipeline, (tmp_path / "lycoris.safetensors", 1.0, {})) - wanted).abs().max() < CLOSE * max(1, scale)

    model = get_peft_model(copy.deepcopy(pipeline.unet), copy.deepcopy(config))
    own = model.state_dict()
    for name, tensor in tensors.items():
        own[f"base_model.model.{name}.default"].copy_(tensor)
    model.save_pretrained(str(tmp_path / "run" / "unet"))
    for folder in (tmp_path / "run" / "unet", tmp_path / "run"):
        assert (swapped(pipeline, (folder, 1.0, {})) - wanted).abs().max() < CLOSE * max(1, scale), folder.name


def test_whole_differences_and_tucker(pipelines: dict[Family, Any], tmp_path: Path) -> None:
    """`.diff`, `.diff_b` and `lora_mid` against the weights themselves, changed by the plain formula."""
    pipeline = pipelines["sd1"]
    draw = torch.Generator().manual_seed(2)
    conv, linear = "down_blocks.0.resnets.0.conv1", "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
    unet = copy.deepcopy(pipeline.unet)
    weight, down, mid, up = (
        unet.get_submodule(conv).weight,
        torch.randn(4, 32, 1, 1, generator=draw),
        torch.randn(4, 4, 3, 3, generator=draw) * 0.1,
        torch.randn(32, 4, 1, 1, generator=draw),
    )
    weight.data += 0.5 * torch.einsum("orxy,rskl,sizw->oikl", up, mid, down)
    diff, diff_b = (
        torch.randn(unet.get_submodule(linear).weight.shape, generator=draw) * 0.1,
        torch.randn(64, generator=draw) * 0.1,
    )
    unet.get_submodule(linear).weight.data += diff
    unet.get_submodule("mid_block.resnets.0.conv1").bias.data += diff_b
    wanted = effect({**components(pipeline), "unet": unet}, "sd1")
    names = [to_kohya("unet", path, "sd1") for path in (conv, linear, "mid_block.resnets.0.conv1")]
    save_file(
        {
            f"{names[0]}.lora_down.weight": down,
            f"{names[0]}.lora_mid.weight": mid,
            f"{names[0]}.lora_up.weight": up,
            f"{names[0]}.alpha": torch.tensor(2.0),
            f"{names[1]}.diff": diff,
            f"{names[2]}.diff_b": diff_b,
        },
        tmp_path / "mixed.safetensors",
    )
    got = swapped(pipeline, (tmp_path / "mixed.safetensors", 1.0, {}))
    assert (wanted - effect(components(pipeline), "sd1")).abs().max() > 1e-2
    assert (got - wanted).abs().max() < CLOSE


def test_without_alpha_the_scale_is_one(pipelines: dict[Family, Any], tmp_path: Path) -> None:
    pipeline, lora = pipelines["sd1"], Lora(rank=4, alpha=4)
    tensors = kohya_tensors(trained(pipeline, lora), "sd1", lora)
    save_file(tensors, tmp_path / "with.safetensors")
    save_file({k: v for k, v in tensors.items() if not k.endswith(".alpha")}, tmp_path / "without.safetensors")
    files = (tmp_path / "with.safetensors", tmp_path / "without.safetensors")
    assert torch.equal(*(swapped(pipeline, (file, 1.0, {})) for file in files))


def test_what_does_not_fit(pipelines: dict[Family, Any], tmp_path: Path) -> None:
    models = components(pipelines["sd1"])
    wardrobe = Wardrobe(models, 1 << 30)

    def code(path: Path) -> str:
        with pytest.raises(LoomError) as caught:
            wardrobe.fit(path)
        return caught.value.code

    assert code(kohya_lora(tmp_path / "sdxl.safetensors", "sdxl")) == "lora_mismatch"
    torch.save({"a": torch.ones(1)}, tmp_path / "lora.pt")
    assert code(tmp_path / "lora.pt") == "pickle_refused"
    torch.save({"a": torch.ones(1)}, tmp_path / "lora.safetensors")
    assert code(tmp_path / "lora.safetensors") == "pickle_refused"
    assert code(tmp_path / "none.safetensors") == "file_not_found"
    save_file({"weight": torch.ones(2, 2)}, tmp_path / "weights.safetensors")
    assert code(tmp_path / "weights.safetensors") == "lora_unreadable"
    name = to_kohya("unet", "mid_block.attentions.0.transformer_blocks.0.attn1.to_q", "sd1")
    save_file({f"{name}.oft_blocks": torch.ones(2, 2, 2)}, tmp_path / "oft.safetensors")
    assert code(tmp_path / "oft.safetensors") == "lora_mismatch"
    (tmp_path / "empty").mkdir()
    assert code(tmp_path / "empty") == "lora_unreadable"

    fine = {f"{name}.lora_down.weight": torch.ones(2, 64), f"{name}.lora_up.weight": torch.ones(64, 2)}
    other = name.replace("to_q", "to_k")
    wrong = {f"{other}.lora_down.weight": torch.ones(2, 99), f"{other}.lora_up.weight": torch.ones(64, 2)}
    halved = {f"{name.replace('to_q', 'to_v')}.lora_up.weight": torch.ones(64, 2)}
    save_file(fine | wrong | halved | {"lora_te3_x.lora_up.weight": torch.ones(2, 2)}, tmp_path / "partly.safetensors")
    fitted = wardrobe.fit(tmp_path / "partly.safetensors")
    assert len(fitted.layers) == 1
    assert fitted.warnings == ("3 of the 4 layers of partly.safetensors do not fit this base.",)


def test_a_file_is_read_once_until_it_changes(
    pipelines: dict[Family, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loraloom.generate.playground import fitting

    read: list[str] = []
    original = fitting.read_lora

    def reading(path: Path, order: list[str]) -> Any:
        read.append(path.name)
        return original(path, order)

    monkeypatch.setattr(fitting, "read_lora", reading)
    pipeline = pipelines["sd1"]
    files = [written(pipeline, Lora(rank=4, alpha=4), tmp_path / f"{n}.safetensors") for n in "ab"]
    wardrobe = Wardrobe(components(pipeline), 1 << 30)
    first = wardrobe.fit(files[0])
    assert wardrobe.fit(files[0]) is first and read == ["a.safetensors"]
    written(pipeline, Lora(rank=8, alpha=4), files[0])
    assert wardrobe.fit(files[0]) is not first and read == ["a.safetensors"] * 2

    read.clear()
    small = Wardrobe(components(pipeline), first.size * 3 // 2)  # room for one
    for file in (files[1], files[1], files[0], files[1]):
        small.fit(file)
    assert read == ["b.safetensors", "a.safetensors", "b.safetensors"]
