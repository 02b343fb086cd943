"""What a header tells of captions stays at home, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

from safetensors import safe_open
from safetensors.numpy import load_file

from loraloom.publish.hashes import hashes
from loraloom.publish.unsaid import TELLING as KEYS
from loraloom.publish.unsaid import copy_unsaid, tells
from tests.published import TELLING, lora_file


def test_captions_and_folders_are_left_out(tmp_path: Path) -> None:
    source, target = lora_file(tmp_path / "a.safetensors", TELLING), tmp_path / "b.safetensors"
    assert set(copy_unsaid(source, target)) == {"ss_tag_frequency", "ss_dataset_dirs"}
    assert b"agatha" in source.read_bytes() and b"agatha" not in target.read_bytes()
    with safe_open(target, framework="numpy") as file:
        kept = file.metadata()
    assert kept["ss_base_model_version"] == "sd_v1" and not tells(kept)
    assert kept["sshs_legacy_hash"] == hashes(target).sshs_legacy, "the hash of the header is that of the new one"
    before, after = load_file(source), load_file(target)
    assert {name: a.tobytes() for name, a in before.items()} == {name: a.tobytes() for name, a in after.items()}


def test_a_header_that_tells_nothing_is_copied_byte_for_byte(tmp_path: Path) -> None:
    source, target = lora_file(tmp_path / "a.safetensors"), tmp_path / "b.safetensors"
    assert copy_unsaid(source, target) == []
    assert source.read_bytes() == target.read_bytes()


def test_every_key_is_looked_for() -> None:
    assert len(KEYS) > 5 and tells(dict.fromkeys(KEYS, "x")) == list(KEYS)
    assert tells({"ss_network_dim": "4", "ss_tag_frequency": ""}) == []
