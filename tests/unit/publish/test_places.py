"""Folders of WebUI, Forge and ComfyUI are found where people have them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loraloom.publish.places import places


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def found(environment: dict[str, str], *roots: Path) -> list[tuple[str, str]]:
    return [(place.program, place.path) for place in places(environment, roots)]


def test_usual_names_in_usual_places(tmp_path: Path) -> None:
    webui = folder(tmp_path / "home" / "stable-diffusion-webui" / "models" / "Lora")
    forge = folder(tmp_path / "home" / "webui_forge" / "webui" / "models" / "Lora")
    comfy = folder(tmp_path / "home" / "ComfyUI" / "models" / "loras")
    portable = folder(tmp_path / "beside" / "ComfyUI_windows_portable" / "ComfyUI" / "models" / "loras")
    folder(tmp_path / "home" / "other" / "models" / "Lora")
    folder(tmp_path / "home" / "forge")
    assert found({}, tmp_path / "home", tmp_path / "beside", tmp_path / "none", tmp_path / "home") == [
        ("comfyui", str(comfy)),
        ("webui", str(webui)),
        ("forge", str(forge)),
        ("comfyui", str(portable)),
    ]


def test_variables_name_a_program_or_its_folder(tmp_path: Path) -> None:
    one = folder(tmp_path / "my-forge" / "models" / "Lora")
    two = folder(tmp_path / "b" / "models" / "Lora")
    three = folder(tmp_path / "shared" / "loras")
    environment = {
        "LORALOOM_WEBUI": os.pathsep.join((str(tmp_path / "my-forge"), str(two), str(tmp_path / "none"))),
        "LORALOOM_COMFYUI": str(three),
    }
    assert found(environment) == [("forge", str(one)), ("webui", str(two)), ("comfyui", str(three))]


def test_a_folder_is_told_once(tmp_path: Path) -> None:
    comfy = folder(tmp_path / "ComfyUI" / "models" / "loras")
    (tmp_path / "link").symlink_to(tmp_path / "ComfyUI")
    assert found({"LORALOOM_COMFYUI": str(tmp_path / "link")}, tmp_path) == [
        ("comfyui", str(tmp_path / "link" / "models" / "loras"))
    ]
    assert found({}, tmp_path) == [("comfyui", str(comfy))]


def test_whether_it_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lying = folder(tmp_path / "ComfyUI" / "models" / "loras")
    assert [place.writable for place in places({}, (tmp_path,))] == [True]
    monkeypatch.setattr(os, "access", lambda path, mode: path != lying)  # whoever runs this may be root
    assert [place.writable for place in places({}, (tmp_path,))] == [False]
