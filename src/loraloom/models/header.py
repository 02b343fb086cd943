"""Reads and checks the header of a safetensors file without touching its tensors."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, cast

from loraloom.models.sniff import describe, refuse_pickle
from loraloom.spec.errors import LoomError

MAX_HEADER = 100_000_000
"""Longest header the format allows, in bytes."""

BITS: dict[str, int] = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
"""Bits an element takes, by the dtype names of the format."""


@dataclass(frozen=True)
class TensorInfo:
    """One tensor as the header describes it. `begin` and `end` count from the start of the data part, in bytes."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)


@dataclass(frozen=True)
class Header:
    """Everything a header says: tensors by name in file order, the free metadata, and where the data part starts."""

    tensors: dict[str, TensorInfo]
    metadata: dict[str, str]
    data_start: int

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Shape of the tensor `name`; None if there is no such tensor."""
        info = self.tensors.get(name)
        return info.shape if info else None


def read_header(path: Path) -> Header:
    """Read the header of the safetensors file at `path`.

    Raises LoomError: `pickle_refused` (a pickle by name or content), `file_not_found`, `weights_unreadable` (cut short,
    a web page, a pointer, damaged). Follows the safetensors format: 8 bytes of length, JSON, data without holes.
    """
    refuse_pickle(path)
    if path.is_dir():
        raise LoomError("weights_unreadable", f"{path} is a folder, not a weights file.", "Name the file inside it.")
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            size = file.tell()
            file.seek(0)
            head = file.read(512)
            length = _header_length(path, head, size)
            file.seek(8)
            raw = file.read(length)
    except FileNotFoundError as error:
        raise LoomError("file_not_found", f"There is no file {path}.", "Check the path.") from error
    except OSError as error:
        raise LoomError(
            "weights_unreadable", f"{path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    return _parse(path, raw, 8 + length, size)


def _header_length(path: Path, head: bytes, size: int) -> int:
    refuse_pickle(path, head)
    known = describe(head)
    if known:
        raise LoomError("weights_unreadable", f"{path.name} is not a safetensors file: {known[0]}.", known[1])
    if size == 0:
        raise _unreadable(path, "it is empty", "Download it again.")
    if size < 8:
        raise _unreadable(path, f"it has only {size} bytes", "Download it again.")
    (length,) = struct.unpack("<Q", head[:8])
    if head[8:9] != b"{" or length > MAX_HEADER:
        raise _unreadable(path, "it is not a safetensors file", "Name a .safetensors file; other formats are not read.")
    if 8 + length > size:
        raise _truncated(path)
    return length


def _parse(path: Path, raw: bytes, data_start: int, size: int) -> Header:
    try:
        entries = cast("dict[str, Any]", json.loads(raw.decode("utf-8"), object_pairs_hook=_no_duplicates))
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, "its header is damaged", "Download it again.") from error
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        raise _unreadable(path, "its metadata are not texts", "The program that wrote it made a mistake.")
    tensors = {name: _tensor(path, name, entry) for name, entry in entries.items()}
    end = 0
    for name, info in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if info.begin != end:
            raise _unreadable(path, f"its tensors overlap or leave holes (at {name!r})", "Download it again.")
        end = info.end
    if data_start + end > size:
        raise _truncated(path)
    if data_start + end < size:
        raise _unreadable(path, f"{size - data_start - end} bytes follow its last tensor", "Download it again.")
    return Header(tensors, cast("dict[str, str]", metadata), data_start)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _tensor(path: Path, name: str, entry: Any) -> TensorInfo:
    try:
        dtype, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        numbers = (*shape, begin, end)
        if not isinstance(dtype, str) or any(type(n) is not int or n < 0 for n in numbers):
            raise TypeError
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, f"the header entry of {name[:80]!r} is damaged", "Download it again.") from error
    if dtype not in BITS:
        raise _unreadable(
            path, f"{name!r} has the unknown number format {dtype[:20]!r}", "A newer format; update Loom."
        )
    if (prod(shape) * BITS[dtype] + 7) // 8 != end - begin:
        raise _unreadable(path, f"the size of {name[:80]!r} does not fit its shape", "Download it again.")
    return TensorInfo(dtype, shape, begin, end)


def _truncated(path: Path) -> LoomError:
    return _unreadable(
        path, "it is cut short: fewer bytes than its header announces", "The download stopped early; get it again."
    )


def _unreadable(path: Path, what: str, hint: str) -> LoomError:
    return LoomError("weights_unreadable", f"{path.name} cannot be read: {what}.", hint)
