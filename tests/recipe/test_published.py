"""What was published is loaded by diffusers and PEFT in a fresh process: from the zip, from a hub, from the merged file."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from loraloom.cli.app import run as command
from tests.fake_hub import TOKEN, Hub, running
from tests.runs import make_run, train_here

LOAD = """
import sys, torch
from diffusers import StableDiffusionPipeline
from loraloom.models.resolve import thimble_path

pipeline = StableDiffusionPipeline.from_pretrained(thimble_path(), safety_checker=None, torch_dtype=torch.float32)
pipeline.set_progress_bar_config(disable=True)

def draw():
    return pipeline("a cat", num_inference_steps=2, generator=torch.Generator().manual_seed(1), output_type="latent").images

before = draw()
for folder, name in zip(sys.argv[1::2], sys.argv[2::2]):
    pipeline.load_lora_weights(folder, weight_name=name)
    after = draw()
    layers = sum(hasattr(module, "lora_A") for module in pipeline.unet.modules())
    print("layers", layers, "moved", float((after - before).abs().max()) > 1e-3)
    pipeline.unload_lora_weights()
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = make_run(
        tmp_path_factory.mktemp("runs") / "felt", name="Felt 毛毡", sample={"prompts": ["a cat"], "steps": 2}
    )
    train_here(run_dir)
    return run_dir


def loaded(*folders_and_names: str, environment: dict[str, str] | None = None) -> list[str]:
    """A line for every file: how many layers it is on, and whether the picture is another one."""
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning:peft", "-c", LOAD, *folders_and_names],
        capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "prefix='unet'" not in done.stderr, done.stderr
    return done.stdout.strip().splitlines()


def test_the_bundle_loads_in_diffusers(trained: Path, tmp_path: Path) -> None:
    arguments = ["--format", "kohya", "--format", "diffusers", "--untested", "--place", str(tmp_path)]
    assert command(["publish", str(trained), "--to", "zip", *arguments]) == 0
    with zipfile.ZipFile(tmp_path / "Felt 毛毡-v1.zip") as file:
        file.extractall(tmp_path)
    folder = tmp_path / "Felt 毛毡-v1"
    kohya, diffusers = "Felt 毛毡.safetensors", "pytorch_lora_weights.safetensors"
    adapted = sum(name.endswith("lora_down.weight") for name in load_file(folder / kohya))
    assert adapted > 30
    assert loaded(str(folder), kohya, str(folder / "diffusers"), diffusers) == [f"layers {adapted} moved True"] * 2


def test_the_python_of_the_card_runs_in_the_bundle(trained: Path, tmp_path: Path) -> None:
    assert command(["publish", str(trained), "--to", "zip", "--untested", "--place", str(tmp_path)]) == 0
    found = next(tmp_path.glob("*.zip"))
    with zipfile.ZipFile(found) as file:
        file.extractall(tmp_path)
    folder = tmp_path / found.stem
    code = (folder / "README.md").read_text("utf-8").split("```python\n")[1].split("```")[0]
    short = code.replace(").images[0]", ", num_inference_steps=2).images[0]")
    assert short != code
    done = subprocess.run(
        [sys.executable, "-c", short], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running() as found:
        yield found


def test_from_the_hub_as_others_get_it(trained: Path, hub: Hub, tmp_path: Path) -> None:
    environment = {"HF_ENDPOINT": hub.address, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "loraloom", "publish", str(trained), "--to", "hub", "--place", "loom/felt", "--untested"],
        capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{hub.address}/loom/felt"
    cache = {"HF_HOME": str(tmp_path / "hf")}
    assert loaded("loom/felt", "Felt 毛毡.safetensors", environment=environment | cache)[0].endswith("moved True")
