"""Files written from raw bytes are safetensors' own, whole or not at all, with the hashes other tools compute."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from loraloom.models.clip_vocab import clip_vocabulary
from loraloom.models.raw_file import RawTensor, header_bytes, read_raw, short_hash, split_saved, with_hashes, write_raw
from loraloom.spec.errors import LoomError

TENSORS = {
    "b": RawTensor("F16", (2, 3), bytes(range(12))),
    "a": RawTensor("F16", (1,), b"\x01\x02"),
    "z.alpha": RawTensor("F32", (), b"\0\0\x80\x3f"),
    "c": RawTensor("F16", (0, 4), b""),
}


def test_equals_the_libraries_file(tmp_path: Path) -> None:
    numpy_dtypes = {"F16": np.float16, "F32": np.float32}
    arrays = {
        name: np.frombuffer(tensor.data, numpy_dtypes[tensor.dtype]).reshape(tensor.shape)
        for name, tensor in TENSORS.items()
    }
    theirs = safetensors.numpy.save(arrays, {"key": "wörth"})
    write_raw(tmp_path / "m.safetensors", TENSORS, {"key": "wörth"})
    assert (tmp_path / "m.safetensors").read_bytes() == theirs
    assert split_saved(theirs) == TENSORS
    header, tensors = read_raw(tmp_path / "m.safetensors")
    assert header.metadata == {"key": "wörth"}
    assert {name: bytes(t.data) for name, t in tensors.items()} == {name: bytes(t.data) for name, t in TENSORS.items()}
    assert list(tmp_path.iterdir()) == [tmp_path / "m.safetensors"], "nothing is left beside it"


def test_hashes(tmp_path: Path) -> None:
    big = {"w": RawTensor("F32", (300_000,), bytes(i % 251 for i in range(1_200_000)))}
    said = {"ss_v2": "False", "modelspec.sai_model_spec": "1.0.1"}
    found = with_hashes(big, said)
    data = bytes(big["w"].data)
    assert found["sshs_model_hash"] == hashlib.sha256(data).hexdigest()
    assert found["modelspec.hash_sha256"] == "0x" + found["sshs_model_hash"]
    plain = header_bytes(big, {"ss_v2": "False"}) + data
    assert found["sshs_legacy_hash"] == hashlib.sha256(plain[0x100000:0x110000]).hexdigest()[:8]
    (tmp_path / "plain").write_bytes(plain)
    assert short_hash(tmp_path / "plain") == found["sshs_legacy_hash"]
    assert "modelspec.hash_sha256" not in with_hashes(TENSORS, {})


def test_wrong_sizes_are_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="w has the wrong number"):
        write_raw(tmp_path / "m.safetensors", {"w": RawTensor("F32", (2,), b"1234")}, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EACCES, "not_writable")])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    file = tmp_path / "m.safetensors"
    file.write_bytes(b"old")

    def fail(descriptor: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(LoomError) as caught:
        write_raw(file, TENSORS, {})
    assert caught.value.code == code
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_clip_vocabulary() -> None:
    vocabulary, merges = clip_vocabulary()
    assert (len(vocabulary), len(merges)) == (49408, 48894)
    known = {"!": 0, "a</w>": 320, "photo</w>": 1125, "cat</w>": 2368, "<|startoftext|>": 49406, "<|endoftext|>": 49407}
    assert {token: vocabulary[token] for token in known} == known
    assert merges[0] == ("i", "n")
