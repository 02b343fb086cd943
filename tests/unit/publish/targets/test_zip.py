"""The zip: everything in it, the same bytes each time."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from loraloom.publish.targets.zip import ZipTarget
from loraloom.spec.publication import Publish
from tests.bundles import bundle_of


def test_the_same_version_is_the_same_bytes(tmp_path: Path) -> None:
    first = ZipTarget(tmp_path / "1").put(bundle_of(tmp_path / "a"))
    bundle = bundle_of(tmp_path / "b")
    for file in bundle.folder.iterdir():
        os.utime(file, (1_000_000_000, 1_000_000_000))
        file.chmod(0o600)
    second = ZipTarget(tmp_path / "2").put(bundle)
    assert first.files == second.files and list(first.files) == ["Felt-v1.zip"]
    assert (tmp_path / "1" / "Felt-v1.zip").read_bytes() == (tmp_path / "2" / "Felt-v1.zip").read_bytes()
    other = ZipTarget(tmp_path / "3").put(bundle_of(tmp_path / "c", Publish(target="zip", changes="new")))
    assert other.files != first.files


def test_it_holds_the_bundle_and_nothing_of_the_machine(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "a", Publish(target="zip", formats=("kohya", "diffusers")))
    ZipTarget(tmp_path / "1").put(bundle)
    with zipfile.ZipFile(tmp_path / "1" / "Felt-v1.zip") as file:
        assert file.testzip() is None
        names = file.namelist()
        assert names == sorted(f"Felt-v1/{name}" for name in bundle.files)
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        whole = b"".join(file.read(name) for name in names)
    assert "Felt-v1/diffusers/pytorch_lora_weights.safetensors" in names
    assert {"Felt-v1/README.md", "Felt-v1/sample-grid.png", "Felt-v1/Felt.json", "Felt-v1/Felt.png"} <= set(names)
    assert b"agatha" not in whole and str(tmp_path).encode() not in whole


def test_it_is_taken_back(tmp_path: Path) -> None:
    target = ZipTarget(tmp_path / "1")
    put = target.put(bundle_of(tmp_path / "a"))
    target.take(put)
    assert list((tmp_path / "1").iterdir()) == []
    target.take(put)
