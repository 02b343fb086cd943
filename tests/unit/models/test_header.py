"""Headers of safetensors files: what is read, and every way in which a file can be something else."""

from __future__ import annotations

import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from loraloom.models.header import MAX_HEADER, read_header
from loraloom.spec.errors import LoomError


def file_of(path: Path, header: Any, data: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def entry(begin: int = 0, end: int = 8, dtype: str = "F16", shape: Any = (2, 2)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def test_reads_tensors_and_metadata(tmp_path: Path) -> None:
    file = file_of(
        tmp_path / "m.safetensors",
        {"__metadata__": {"a": "é"}, "w": entry(), "s": entry(8, 12, "F32", ())},
        b"\0" * 12,
    )
    header = read_header(file)
    assert header.metadata == {"a": "é"}
    assert header.tensors["w"].shape == (2, 2)
    assert header.tensors["w"].size == 4
    assert header.tensors["s"].size == 1
    assert header.shape("w") == (2, 2)
    assert header.shape("none") is None
    assert header.data_start + 12 == file.stat().st_size


def test_empty_tensors_and_sub_byte_formats(tmp_path: Path) -> None:
    header = {"e": entry(0, 0, "F32", (0, 4)), "q": entry(0, 3, "F6_E2M3", (4,)), "n": entry(3, 5, "F4", (4,))}
    assert set(read_header(file_of(tmp_path / "m.safetensors", header, b"\0" * 5)).tensors) == {"e", "q", "n"}


BROKEN: dict[str, tuple[Any, bytes, str]] = {
    "no JSON": (b"{not json", b"", "header is damaged"),
    "not UTF-8": (b'{"\xff": 1}', b"", "header is damaged"),
    "deep": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", b"", "damaged"),
    "same name twice": (b'{"a":{"dtype":"F16","shape":[0],"data_offsets":[0,0]},"a":1}', b"", "header is damaged"),
    "metadata is a list": ({"__metadata__": []}, b"", "metadata are not texts"),
    "metadata of numbers": ({"__metadata__": {"a": 1}}, b"", "metadata are not texts"),
    "entry is a number": ({"w": 3}, b"", "entry of 'w' is damaged"),
    "no shape": ({"w": {"dtype": "F16", "data_offsets": [0, 8]}}, b"\0" * 8, "is damaged"),
    "negative size": ({"w": entry(shape=(-2, -2))}, b"\0" * 8, "is damaged"),
    "size is true": ({"w": entry(0, 2, shape=(True,))}, b"\0" * 2, "is damaged"),
    "size is a fraction": ({"w": entry(shape=(2.0, 2.0))}, b"\0" * 8, "is damaged"),
    "three offsets": ({"w": {**entry(), "data_offsets": [0, 8, 9]}}, b"\0" * 8, "is damaged"),
    "unknown dtype": ({"w": entry(dtype="F17")}, b"\0" * 8, "unknown number format 'F17'"),
    "shape does not fit": ({"w": entry(shape=(3, 3))}, b"\0" * 8, "does not fit its shape"),
    "backwards": ({"w": entry(8, 0)}, b"\0" * 8, "does not fit its shape"),
    "overlap": ({"w": entry(), "v": entry(4, 12)}, b"\0" * 12, "overlap or leave holes"),
    "hole": ({"w": entry(), "v": entry(16, 24)}, b"\0" * 24, "overlap or leave holes"),
    "late start": ({"w": entry(8, 16)}, b"\0" * 16, "overlap or leave holes"),
    "cut short": ({"w": entry()}, b"\0" * 7, "cut short"),
    "something follows": ({"w": entry()}, b"\0" * 9, "1 bytes follow"),
    "huge shape": ({"w": entry(0, 8, shape=(2**62, 2**62))}, b"\0" * 8, "does not fit its shape"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_headers(tmp_path: Path, kind: str) -> None:
    header, data, message = BROKEN[kind]
    with pytest.raises(LoomError, match=message) as caught:
        read_header(file_of(tmp_path / "m.safetensors", header, data))
    assert caught.value.code == "weights_unreadable"
    assert caught.value.hint


FOREIGN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "five bytes": (b"12345", "only 5 bytes"),
    "web page": (b"\n<!DOCTYPE html><html><body>Sign in</body></html>" + b" " * 600, "this is a web page"),
    "web page in small letters": (b"<html lang='en'>" + b" " * 600, "this is a web page"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
    "error as JSON": (b'{"error": "Unauthorized"}', "JSON text"),
    "GGUF": (b"GGUF\x03\0\0\0" + b"\0" * 20, "a GGUF file"),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 20, "compressed archive"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "a picture"),
    "noise": (bytes(range(1, 200)), "not a safetensors file"),
    "length beyond the limit": (struct.pack("<Q", MAX_HEADER + 1) + b"{" + b" " * 50, "not a safetensors file"),
    "length beyond the file": (struct.pack("<Q", 5000) + b'{"a":' + b" " * 50, "cut short"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_files(tmp_path: Path, kind: str) -> None:
    data, message = FOREIGN[kind]
    file = tmp_path / "model.safetensors"
    file.write_bytes(data)
    with pytest.raises(LoomError, match=message) as caught:
        read_header(file)
    assert caught.value.code == "weights_unreadable"
    assert caught.value.hint


def test_pickles_are_refused_by_name_and_by_content(tmp_path: Path) -> None:
    zipped = tmp_path / "zip.safetensors"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    bare = tmp_path / "bare.safetensors"
    bare.write_bytes(pickle.dumps({"state_dict": [1.0] * 99}, protocol=2))
    named = [tmp_path / f"model{suffix}" for suffix in (".ckpt", ".pt", ".PTH", ".bin", ".pkl")]
    for file in named:
        file.write_bytes(b"whatever")
    assert len(named) == 5
    for file in (zipped, bare, *named):
        with pytest.raises(LoomError) as caught:
            read_header(file)
        assert caught.value.code == "pickle_refused", file
        assert ".safetensors edition" in caught.value.hint


def test_a_length_that_looks_like_a_pickle_is_read(tmp_path: Path) -> None:
    """A header of 0x0280 bytes opens with the bytes of pickle protocol 2."""
    text = json.dumps({"w": entry()}).encode()
    file = file_of(tmp_path / "m.safetensors", text + b" " * (0x0280 - len(text)), b"\0" * 8)
    assert file.read_bytes()[:2] == b"\x80\x02"
    assert "w" in read_header(file).tensors


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        read_header(tmp_path / "none.safetensors")
    assert caught.value.code == "file_not_found"
    with pytest.raises(LoomError) as caught:
        read_header(tmp_path)
    assert caught.value.code == "weights_unreadable"
