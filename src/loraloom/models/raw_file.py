"""Writes safetensors files from raw bytes, whole or not at all, and computes the hashes that go into a LoRA's header."""

from __future__ import annotations

import errno
import hashlib
import json
import mmap
import os
import secrets
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from loraloom.models.header import BITS, Header, read_header
from loraloom.spec.errors import LoomError


@dataclass(frozen=True)
class RawTensor:
    """A tensor as bytes. `dtype` by safetensors' names (F16, BF16, F32); `data` is C-ordered, little-endian, any buffer.

    From torch: `RawTensor("BF16", tuple(t.shape), memoryview(t.contiguous().reshape(-1).view(torch.uint8).numpy()))`.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview

    @property
    def nbytes(self) -> int:
        """Bytes the tensor takes, from dtype and shape."""
        return (prod(self.shape) * BITS[self.dtype] + 7) // 8


def write_raw(path: Path, tensors: Mapping[str, RawTensor], metadata: Mapping[str, str]) -> None:
    """Write `tensors` and `metadata` as a safetensors file: beside `path`, synced, then renamed over it.

    Raises LoomError `disk_full`, `not_writable`; ValueError if a tensor's bytes do not fit its shape.
    """
    for name, tensor in tensors.items():
        if len(memoryview(tensor.data).cast("B")) != tensor.nbytes:
            raise ValueError(f"{name} has the wrong number of bytes")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("xb") as file:
                file.write(header_bytes(tensors, metadata))
                for name in file_order(tensors):
                    file.write(tensors[name].data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            raise LoomError(
                "disk_full", f"There is no room left to write {path.name}.", "Free some space and export again."
            ) from error
        raise LoomError(
            "not_writable", f"{path} cannot be written: {error.strerror}.", "Choose another folder."
        ) from error


def file_order(tensors: Mapping[str, RawTensor]) -> list[str]:
    """Names in the order safetensors writes them: widest elements first (so that all are aligned), then by name."""
    return sorted(tensors, key=lambda name: (-BITS[tensors[name].dtype], tensors[name].dtype, name))


def header_bytes(tensors: Mapping[str, RawTensor], metadata: Mapping[str, str]) -> bytes:
    """Length and JSON header, padded with spaces to a multiple of 8 bytes, as the safetensors library writes it."""
    entries: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name in file_order(tensors):
        tensor = tensors[name]
        entries[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def read_raw(path: Path) -> tuple[Header, dict[str, RawTensor]]:
    """Header and tensors of the safetensors file at `path`, mapped into memory rather than read."""
    header = read_header(path)
    with path.open("rb") as file:
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))[header.data_start :]
    return header, {
        name: RawTensor(info.dtype, info.shape, view[info.begin : info.end]) for name, info in header.tensors.items()
    }


def split_saved(saved: bytes) -> dict[str, RawTensor]:
    """Tensors of a whole safetensors file in memory, such as `safetensors.torch.save` returns; nothing is copied."""
    (length,) = struct.unpack("<Q", saved[:8])
    entries: dict[str, Any] = json.loads(saved[8 : 8 + length])
    entries.pop("__metadata__", None)
    data = memoryview(saved)[8 + length :]
    return {
        name: RawTensor(entry["dtype"], tuple(entry["shape"]), data[slice(*entry["data_offsets"])])
        for name, entry in entries.items()
    }


def short_hash(path: Path) -> str:
    """The short hash by which AUTOMATIC1111 and kohya's scripts name a model file: 64 KiB at 1 MiB, 8 digits."""
    with path.open("rb") as file:
        file.seek(0x100000)
        return hashlib.sha256(file.read(0x10000)).hexdigest()[:8]


def with_hashes(tensors: Mapping[str, RawTensor], metadata: Mapping[str, str]) -> dict[str, str]:
    """`metadata` with the hashes of `tensors` added.

    `sshs_model_hash` and `modelspec.hash_sha256`: SHA-256 of everything after the header (the latter with `0x`).
    `sshs_legacy_hash`: the first 8 digits of SHA-256 over 64 KiB at 1 MiB of the file as it is with `ss_` keys alone,
    which is how kohya's scripts fill it in for sd-webui-additional-networks.
    """
    whole = hashlib.sha256()
    for name in file_order(tensors):
        whole.update(tensors[name].data)
    training = {key: value for key, value in metadata.items() if key.startswith("ss_")}
    legacy = hashlib.sha256(_window(tensors, training, 0x100000, 0x10000)).hexdigest()[:8]
    found = {**metadata, "sshs_model_hash": whole.hexdigest(), "sshs_legacy_hash": legacy}
    if "modelspec.sai_model_spec" in metadata:
        found["modelspec.hash_sha256"] = "0x" + whole.hexdigest()
    return found


def _window(tensors: Mapping[str, RawTensor], metadata: Mapping[str, str], start: int, length: int) -> bytes:
    """Bytes `start` to `start + length` of the file, without building the whole of it."""
    at, kept = 0, b""
    for piece in _pieces(tensors, metadata):
        low, high = max(start - at, 0), min(start + length - at, len(piece))
        if low < high:
            kept += bytes(piece[low:high])
        at += len(piece)
        if at >= start + length:
            break
    return kept


def _pieces(tensors: Mapping[str, RawTensor], metadata: Mapping[str, str]) -> Iterator[memoryview]:
    yield memoryview(header_bytes(tensors, metadata))
    for name in file_order(tensors):
        yield memoryview(tensors[name].data).cast("B")
