"""Where a base model named in a config is found, and what is said when it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from loraloom.models.resolve import hub_snapshot, resolve, thimble_path
from loraloom.spec.errors import LoomError
from tests.fake_weights import header_only, original_base


def test_a_folder_and_a_single_file(tmp_path: Path, base_folder: Path) -> None:
    base = resolve(str(base_folder))
    assert (base.family, base.layout, base.prediction, base.resolution) == ("sd1", "diffusers", "epsilon", 512)
    assert (base.path, base.hub_id, base.name) == (base_folder, None, "base")
    file = header_only(tmp_path / "我的 model.safetensors", original_base("sdxl"))
    base = resolve(str(file))
    assert (base.family, base.layout, base.resolution, base.name) == ("sdxl", "single_file", 1024, "我的 model")


def test_hub_ids_without_a_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    base = resolve("stabilityai/stable-diffusion-xl-base-1.0")
    assert (base.path, base.hub_id, base.family) == (None, "stabilityai/stable-diffusion-xl-base-1.0", "sdxl")
    base = resolve("someone/thing")
    assert (base.family, base.prediction, base.resolution) == (None, None, None)


def test_hub_ids_that_were_downloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, base_folder: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--someone--thing"
    (repository / "refs").mkdir(parents=True)
    (repository / "snapshots").mkdir()
    assert hub_snapshot("someone/thing") is None
    (repository / "refs" / "main").write_text("abc")
    assert hub_snapshot("someone/thing") is None
    base_folder.rename(repository / "snapshots" / "abc")
    base = resolve("someone/thing")
    assert (base.path, base.hub_id) == (repository / "snapshots" / "abc", "someone/thing")
    assert (base.family, base.name) == ("sd1", "someone/thing")


def test_the_cache_follows_hf_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, base_folder: Path) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    snapshots = tmp_path / "home" / "hub" / "models--a--b" / "snapshots"
    snapshots.mkdir(parents=True)
    (snapshots.parent / "refs").mkdir()
    (snapshots.parent / "refs" / "main").write_text("../../abc\n")
    base_folder.rename(snapshots / "abc")
    assert hub_snapshot("a/b") == snapshots / "abc", "the commit is a name, never a path"


@pytest.mark.parametrize("name", ["thimbel", "Thimble", "models/none", "a/b/c", "x.safetensors", "", "owner/", "../x"])
def test_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    with pytest.raises(LoomError) as caught:
        resolve(name)
    assert caught.value.code in ("base_model_not_found", "base_model_unknown")
    assert caught.value.hint


def test_near_names_are_offered(tmp_path: Path) -> None:
    header_only(tmp_path / "dreamlike.safetensors", original_base("sd1"))
    with pytest.raises(LoomError) as caught:
        resolve(str(tmp_path / "dreamlke.safetensors"))
    assert "dreamlike.safetensors" in caught.value.hint
    with pytest.raises(LoomError) as caught:
        resolve("thimbel")
    assert "'thimble'" in caught.value.hint


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "nowhere/model.bin"])
def test_pickles_are_refused_even_when_missing(name: str) -> None:
    with pytest.raises(LoomError) as caught:
        resolve(name)
    assert caught.value.code == "pickle_refused"


def test_what_is_no_base_model(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        resolve(str(tmp_path))
    assert caught.value.code == "base_model_unknown"
    lora = header_only(
        tmp_path / "lora.safetensors", {"lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 768)}
    )
    with pytest.raises(LoomError, match="a LoRA for Stable Diffusion XL, not a base model"):
        resolve(str(lora))


@pytest.mark.skipif(not (thimble_path() / "model_index.json").is_file(), reason="the embedded base is not built")
def test_thimble() -> None:
    base = resolve("thimble")
    assert (base.family, base.layout, base.name, base.resolution) == ("sd1", "diffusers", "thimble", 64)


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import pkgutil, importlib, sys, loraloom.models as m, loraloom.publish as p\n"
        "names = [f'{k.__name__}.{i.name}' for k in (m, p) for i in pkgutil.iter_modules(k.__path__)]\n"
        "assert len(names) > 20, names\n"
        "[importlib.import_module(n) for n in names]\n"
        "bad = {'torch', 'diffusers', 'transformers', 'peft', 'accelerate', 'safetensors'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
