"""The card and the file beside a LoRA."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from loraloom.models.raw_file import write_raw
from loraloom.models.resolve import BaseModel
from loraloom.publish.package import package
from loraloom.spec.errors import LoomError
from loraloom.spec.run import RUN, Run


def run_of(family: str = "sd1", **more: Any) -> Run:
    config: dict[str, Any] = {
        "family": family,
        "name": "Felt & wool",
        "dataset": {"path": "/home/someone/pictures"},
        "training": {"epochs": 1},
        "export": {"license": "cc0-1.0", "description": "Looks like felt.", "trigger_phrase": "felt style"},
    }
    return RUN.validate_python(config | more)


FILE = BaseModel("dream", Path("/home/someone/dream.safetensors"), None, "sd1", "single_file", "epsilon", 512)
HUB = BaseModel("owner/name", None, "owner/name", "sdxl", "diffusers", "v_prediction", 1024)
THIMBLE = BaseModel("thimble", Path("/x/thimble"), None, "sd1", "diffusers", "epsilon", 64)


def written(tmp_path: Path, run: Run, base: BaseModel, preview: str | None = None) -> tuple[str, dict[str, Any]]:
    lora = tmp_path / "Felt & wool.safetensors"
    files = package(run, lora, steps=120, base=base, preview=tmp_path / preview if preview else None)
    assert files == [tmp_path / "Felt & wool.json", tmp_path / "README.md"]
    assert sorted(tmp_path.iterdir()) == sorted(files), "nothing else is left"
    return files[1].read_text("utf-8"), json.loads(files[0].read_text("utf-8"))


def front_matter(card: str) -> dict[str, Any]:
    assert card.startswith("---\n")
    return yaml.safe_load(card.split("---\n")[1])


def test_a_card_says_how_to_use_it(tmp_path: Path) -> None:
    card, side = written(tmp_path, run_of(), FILE, "Felt & wool.png")
    front = front_matter(card)
    assert (front["license"], front["library_name"], front["instance_prompt"]) == ("cc0-1.0", "diffusers", "felt style")
    assert {"lora", "text-to-image", "stable-diffusion"} <= set(front["tags"])
    assert "base_model" not in front
    assert front["widget"] == [{"text": "felt style", "output": {"url": "Felt & wool.png"}}]
    for part in ("# Felt & wool", "(Felt%20&%20wool.png)", "Looks like felt.", "`dream.safetensors`", "`felt style`"):
        assert part in card
    assert 'StableDiffusionPipeline.from_single_file("dream.safetensors", torch_dtype=torch.float32)' in card
    assert 'weight_name="Felt & wool.safetensors"' in card
    assert "<lora:Felt & wool:1>" in card
    assert "| Steps | 120 of 1 pictures |" in card
    assert "someone" not in card + json.dumps(side)
    assert side == {
        "description": "Looks like felt.",
        "sd version": "SD1",
        "activation text": "felt style",
        "preferred weight": 1.0,
        "negative text": "",
        "notes": "Trained on dream.safetensors: 120 steps, rank 16, alpha 16.",
    }


def test_bases_of_every_kind(tmp_path: Path) -> None:
    card, side = written(tmp_path, run_of("sdxl", export={}), HUB)
    assert front_matter(card)["base_model"] == "owner/name"
    assert 'StableDiffusionXLPipeline.from_pretrained("owner/name", torch_dtype=torch.float32)' in card
    assert "| Predicts | velocity |" in card
    assert "license" not in front_matter(card)
    assert "The author has not said" in card
    assert (side["sd version"], side["activation text"]) == ("SDXL", "")
    card, _ = written(tmp_path, run_of(), THIMBLE)
    assert "from_pretrained(thimble_path(), torch_dtype=torch.float32)" in card
    card, _ = written(tmp_path, run_of("sd2"), FILE)
    assert "Stable Diffusion 2.x" in card


def test_the_python_of_a_card_is_python(tmp_path: Path) -> None:
    run = run_of(export={"trigger_phrase": 'say "hi"\n`rm`'})
    for base in (FILE, HUB, THIMBLE):
        card, _ = written(tmp_path, run, base)
        compile(card.split("```python\n")[1].split("```")[0], "card", "exec")


def test_the_file_itself_says_what_it_predicts(tmp_path: Path) -> None:
    lora = tmp_path / "a.safetensors"
    write_raw(lora, {}, {"modelspec.prediction_type": "v"})
    card = package(run_of(), lora, steps=1, base=FILE, preview=None)[1].read_text("utf-8")
    assert "| Predicts | velocity |" in card


def test_dora_is_warned_of(tmp_path: Path) -> None:
    card, _ = written(tmp_path, run_of(lora={"dora": True}), FILE)
    assert "loraloom export --to diffusers" in card


def test_names_cannot_change_the_card(tmp_path: Path) -> None:
    card, _ = written(tmp_path, run_of(name="a\n---\nlicense: mit\n[x](http://y) <script> `z`"), FILE)
    assert front_matter(card)["license"] == "cc0-1.0"
    title = next(line for line in card.splitlines() if line.startswith("# "))
    assert not set("<`[]") & set(title)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LoomError) as caught:
        package(run_of(), tmp_path / "file" / "x.safetensors", steps=1, base=FILE, preview=None)
    assert caught.value.code == "not_writable"
