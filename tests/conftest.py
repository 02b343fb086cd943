"""Markers by folder, a data home of its own for every test, and small inputs that many tests share."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
from PIL import Image

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: tests share their cores with much else
MARKS = ("unit", "structure", "recipe", "e2e", "service", "gpu")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """tests/unit/... is marked `unit`, and so on: nobody has to remember it."""
    here = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(here).parts[0]
        if folder in MARKS:
            item.add_marker(folder)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the developer's own data home, and none goes to the hub."""
    monkeypatch.setenv("LORALOOM_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with a space and an umlaut in its name: five pictures, four with captions."""
    folder = tmp_path / "meine Bilder ü"
    folder.mkdir()
    for number in range(5):
        Image.new("RGB", (96, 64 + 16 * number), (40 * number, 90, 200)).save(folder / f"{number}.png")
        if number:
            (folder / f"{number}.txt").write_text(f"shape {number}, blue", encoding="utf-8")
    return folder


@pytest.fixture
def base_folder(tmp_path: Path) -> Path:
    """A diffusers folder that is Stable Diffusion 1.5 by its configs; its weights are empty files of the right kind."""
    from loraloom.models.configs import true_config

    folder = tmp_path / "base"
    parts = ("unet", "vae", "text_encoder", "scheduler")
    index = {part: ["diffusers", part] for part in parts} | {"_class_name": "StableDiffusionPipeline"}
    folder.mkdir()
    (folder / "model_index.json").write_text(json.dumps(index))
    for part in parts:
        (folder / part).mkdir()
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        (folder / part / name).write_text(json.dumps(true_config("sd1", part)))
    weights = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model"}
    for part, name in weights.items():
        header = b"{}"
        (folder / part / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    return folder
