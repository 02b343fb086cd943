"""Into a folder of other people's files: whole or not at all, and nothing of theirs is touched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from loraloom.publish.targets import folder as module
from loraloom.publish.targets.folder import FolderTarget
from loraloom.spec.errors import LoomError
from tests.bundles import bundle_of


@pytest.fixture
def loras(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "Lora"
    folder.mkdir(parents=True)
    return folder


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_what_programs_look_for(loras: Path, tmp_path: Path) -> None:
    put = FolderTarget(loras).put(bundle_of(tmp_path / "b"))
    assert names(loras) == set(put.files) == {"Felt.safetensors", "Felt.png", "Felt.json"}
    assert json.loads((loras / "Felt.json").read_text("utf-8"))["preferred weight"] == 1.0
    assert b"agatha" not in (loras / "Felt.safetensors").read_bytes()


@pytest.mark.parametrize("theirs", ["Felt.safetensors", "Felt.png", "Felt.json"])
def test_files_of_others_are_never_overwritten(loras: Path, tmp_path: Path, theirs: str) -> None:
    (loras / theirs).write_text("theirs")
    put = FolderTarget(loras).put(bundle_of(tmp_path / "b"))
    assert (loras / theirs).read_text() == "theirs"
    assert set(put.files) == {"Felt-v2.safetensors", "Felt-v2.png", "Felt-v2.json"}


def test_a_dangling_link_is_somebody_elses(loras: Path, tmp_path: Path) -> None:
    (loras / "Felt.safetensors").symlink_to(tmp_path / "outside")
    put = FolderTarget(loras).put(bundle_of(tmp_path / "b"))
    assert "Felt-v2.safetensors" in put.files and not (tmp_path / "outside").exists()


def test_versions_stand_beside_each_other_and_a_withdrawn_name_is_free(loras: Path, tmp_path: Path) -> None:
    target = FolderTarget(loras)
    first = target.put(bundle_of(tmp_path / "1"))
    third = target.put(bundle_of(tmp_path / "3", version=3))
    assert "Felt-v3.safetensors" in third.files
    target.take(first)
    assert names(loras) == set(third.files)
    assert "Felt.safetensors" in target.put(bundle_of(tmp_path / "4", version=4)).files


def test_what_somebody_changed_stays(loras: Path, tmp_path: Path) -> None:
    target = FolderTarget(loras)
    put = target.put(bundle_of(tmp_path / "b"))
    (loras / "Felt.json").write_text("mine now")
    target.take(put)
    assert names(loras) == {"Felt.json"}
    target.take(put)


def test_a_name_that_is_taken_meanwhile(loras: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def racing(source: Any, target: Any) -> None:
        if str(target).endswith("Felt.safetensors"):
            Path(target).write_text("theirs")
        link(source, target)

    monkeypatch.setattr(os, "link", racing)
    put = FolderTarget(loras).put(bundle_of(tmp_path / "b"))
    assert (loras / "Felt.safetensors").read_text() == "theirs"
    assert set(put.files) == {"Felt-v2.safetensors", "Felt-v2.png", "Felt-v2.json"}
    assert names(loras) == {*put.files, "Felt.safetensors"}, "nothing of the first try is left"


def test_a_disk_without_hard_links(loras: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(source: Any, target: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refusing)
    (loras / "Felt.safetensors").write_text("theirs")
    put = FolderTarget(loras).put(bundle_of(tmp_path / "b"))
    assert set(put.files) | {"Felt.safetensors"} == names(loras)
    assert (loras / "Felt.safetensors").read_text() == "theirs"


def test_a_full_disk_leaves_nothing(loras: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[Path] = []

    def filling(source: Any, target: Path) -> None:
        copied.append(target)
        target.write_bytes(b"half")
        if len(copied) == 2:
            raise OSError(28, "No space left on device")

    bundle = bundle_of(tmp_path / "b")
    monkeypatch.setattr(module.shutil, "copyfile", filling)
    with pytest.raises(LoomError) as caught:
        FolderTarget(loras).put(bundle)
    assert caught.value.code == "disk_full" and names(loras) == set()


@pytest.mark.parametrize(
    ("label", "stem"),
    [("../../etc/passwd", "etc-passwd"), ("a/b\\c", "a-b-c"), ("CON", "_CON"), (".hidden", "hidden"), ("毛毡", "毛毡")],
)
def test_names_are_labels(loras: Path, tmp_path: Path, label: str, stem: str) -> None:
    put = FolderTarget(loras).put(bundle_of(tmp_path / "b", label=label))
    assert {name.rpartition(".")[0] for name in put.files} == {stem}
    assert names(loras) == set(put.files)
    assert {entry.name for entry in tmp_path.iterdir()} == {"models", "b", "b source"}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        FolderTarget(tmp_path / "none").put(bundle_of(tmp_path / "b"))
    assert caught.value.code == "file_not_found" and not (tmp_path / "none").exists()
