"""Hashes against what others would compute, written out here anew."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

from safetensors.numpy import load_file, save

from loraloom.publish.hashes import hashes
from tests.published import lora_file


def kohya_model_hash(data: bytes) -> str:
    """addnet_hash_safetensors of kohya's scripts: SHA-256 of all behind the header."""
    (length,) = struct.unpack("<Q", data[:8])
    return hashlib.sha256(data[8 + length :]).hexdigest()


def kohya_legacy_hash(data: bytes) -> str:
    """addnet_hash_legacy: 64 KiB at 1 MiB, of the file as it would be with `ss_` keys alone."""
    return hashlib.sha256(data[0x100000 : 0x100000 + 0x10000]).hexdigest()[:8]


def test_they_are_what_others_show(tmp_path: Path) -> None:
    metadata = {"ss_network_dim": "4", "sshs_model_hash": "a lie", "modelspec.title": "x" * 500}
    file = lora_file(tmp_path / "a.safetensors", metadata, width=120_000)
    data = file.read_bytes()
    assert len(data) > 0x110000
    found = hashes(file)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.autov2 == found.sha256[:10].upper()
    again = save(load_file(file), {"ss_network_dim": "4"})  # kohya's scripts write the file anew by the library
    assert found.sshs_model == kohya_model_hash(again) == kohya_model_hash(data)
    assert found.sshs_legacy == kohya_legacy_hash(again) != kohya_legacy_hash(data)


def test_a_language_model_has_no_hashes_of_tensors(tmp_path: Path) -> None:
    found = hashes(lora_file(tmp_path / "a.safetensors"), tensors=False)
    assert found.sha256 and not found.sshs_model and not found.sshs_legacy
    assert json.loads(found.model_dump_json())["autov2"] == found.autov2
