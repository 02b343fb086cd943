"""Base and LoRA as one checkpoint: the merged file, loaded again, draws what base and LoRA drew together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from loraloom.generate.draw import draw, pipeline_for
from loraloom.generate.merge_pictures import merge
from loraloom.generate.parts import load_parts
from loraloom.generate.playground.fitting import Wardrobe
from loraloom.generate.playground.swap import Swap, Use
from loraloom.jobs.publish_files import formats_of, write_weights
from loraloom.models.configs import TEXT_ENCODERS
from loraloom.models.layout import select, text_layers, unet_layers
from loraloom.models.lora_keys import to_kohya
from loraloom.models.resolve import resolve, thimble_path
from loraloom.publish.subject import Subject
from loraloom.spec.errors import LoomError
from loraloom.spec.merged import MergePicturesRequest
from loraloom.spec.publication import Publish
from loraloom.spec.run import Family
from tests.tiny_models import build_folder, build_single_file, tiny_configs

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


def lora(file: Path, family: Family, dora: bool = False) -> Path:
    """A LoRA on every layer of every component, strong enough to be seen."""
    configs = tiny_configs(family, text_layers=3, depth=2)
    torch.manual_seed(3)
    tensors: dict[str, torch.Tensor] = {}
    for component in ("unet", *TEXT_ENCODERS[family]):
        layers = unet_layers(configs[component]) if component == "unet" else text_layers(configs[component])
        for layer in select(layers, "attention+ff+conv"):
            name = to_kohya(component, layer.path, family)  # type: ignore[arg-type]
            outputs, inputs, *kernel = layer.shape
            tensors[f"{name}.lora_down.weight"] = torch.randn(2, inputs, *kernel) * 0.1
            tensors[f"{name}.lora_up.weight"] = torch.randn(outputs, 2, *(1 for _ in kernel)) * 0.1
            tensors[f"{name}.alpha"] = torch.tensor(1.0)
            if dora:
                tensors[f"{name}.dora_scale"] = torch.rand(outputs, *(1,) * (1 + len(kernel))) + 0.5
    save_file(
        tensors, file, {"ss_base_model_version": {"sd1": "sd_v1", "sd2": "sd_v2", "sdxl": "sdxl_base_v1-0"}[family]}
    )
    return file


def drawn(base: Path, family: Family, file: Path | None = None, strength: float = 1.0) -> Any:
    parts = load_parts(resolve(str(base)), family, torch.float32)
    if file is not None:
        fitted = Wardrobe({"unet": parts.unet, **parts.text_encoders}, 1 << 30).fit(file)  # type: ignore[dict-item]
        assert not fitted.warnings
        Swap().put_on([Use(fitted, strength, {})])
    given = [{"prompt": "a cat", "negative_prompt": ""}]
    return draw(pipeline_for(parts), given, seeds=[1], steps=2, guidance=3.0, width=64, height=64)[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_it_draws_what_base_and_lora_drew(
    models: dict[Family, tuple[Path, Path]], family: Family, tmp_path: Path
) -> None:
    file = lora(tmp_path / "lora.safetensors", family)
    for number, base in enumerate(models[family]):
        out = tmp_path / f"{number}.safetensors"
        result = merge(
            MergePicturesRequest(base=str(base), lora=str(file), strength=0.7, out=str(out), title="Both", result="")
        )
        assert result.dtype == "F32" and result.difference < 1e-3
        expected, without = drawn(base, family, file, 0.7), drawn(base, family)
        assert abs(expected - without).max() > 1e-2
        assert abs(drawn(out, family) - expected).max() < 1e-3
        assert list(tmp_path.glob(".*")) == []


def test_dora_and_half_precision(models: dict[Family, tuple[Path, Path]], tmp_path: Path) -> None:
    base = build_single_file(models["sd1"][0], tmp_path / "half.safetensors", {"kept": "yes"}, torch.float16)
    file = lora(tmp_path / "lora.safetensors", "sd1", dora=True)
    out = tmp_path / "out.safetensors"
    result = merge(MergePicturesRequest(base=str(base), lora=str(file), out=str(out), title="Both", result=""))
    assert result.dtype == "F16" and result.difference < 3e-2
    with safe_open(base, "pt") as old, safe_open(out, "pt") as new:
        assert set(old.keys()) == set(new.keys())
        assert new.metadata()["kept"] == "yes" and new.metadata()["modelspec.title"] == "Both"
        for name in old.keys():  # noqa: SIM118
            assert old.get_slice(name).get_shape() == new.get_slice(name).get_shape()
            assert name.startswith(("model.", "cond_stage_model.")) or torch.equal(
                old.get_tensor(name), new.get_tensor(name)
            )


def test_it_goes_into_a_bundle(models: dict[Family, tuple[Path, Path]], tmp_path: Path) -> None:
    file = lora(tmp_path / "lora.safetensors", "sd1")
    subject = Subject("Felt", file, "sd1", "tiny", resolve(str(models["sd1"][1])))
    asked = Publish(target="zip", formats=("merged",))
    names = write_weights(subject, tmp_path, formats_of(subject, "zip", asked.formats), asked, 0.7)
    assert names == ("Felt-merged.safetensors",)
    assert abs(drawn(tmp_path / names[0], "sd1") - drawn(models["sd1"][1], "sd1", file, 0.7)).max() < 1e-3


def test_bases_and_loras_that_cannot_be_merged(models: dict[Family, tuple[Path, Path]], tmp_path: Path) -> None:
    file = lora(tmp_path / "lora.safetensors", "sd1")
    for base, said in ((thimble_path(), "base_model_unknown"), (models["sdxl"][0], "lora_mismatch")):
        with pytest.raises(LoomError) as caught:
            merge(MergePicturesRequest(base=str(base), lora=str(file), out=str(tmp_path / "x.safetensors"), result=""))
        assert caught.value.code == said
    assert not (tmp_path / "x.safetensors").exists()
