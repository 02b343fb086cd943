"""Looks at the head of a GGUF file, without a library: is it one, and of which architecture (ggml-org/ggml docs/gguf.md)."""

from __future__ import annotations

import struct
from pathlib import Path

MAGIC = b"GGUF"
STRING = 8
"""Type of a value, by the format's numbers."""
LONGEST = 200


def is_gguf(path: Path) -> bool:
    """By its first bytes; False where there is no such file."""
    try:
        with path.open("rb") as file:
            return file.read(4) == MAGIC
    except OSError:
        return False


def architecture(path: Path) -> str:
    """`general.architecture`, which the format wants first; empty where it does not stand there."""
    with path.open("rb") as file:
        head = file.read(1024)
    at = 4 + 4 + 8 + 8  # magic, version, number of tensors and of values
    key, at = _string(head, at)
    if key != "general.architecture" or len(head) < at + 4 or struct.unpack_from("<I", head, at)[0] != STRING:
        return ""
    return _string(head, at + 4)[0]


def _string(head: bytes, at: int) -> tuple[str, int]:
    """The string at `at` (a length of 8 bytes, then UTF-8) and where the next value begins."""
    if len(head) < at + 8:
        return "", at
    (length,) = struct.unpack_from("<Q", head, at)
    if length > LONGEST:
        return "", at
    end = at + 8 + length
    return head[at + 8 : end].decode("utf-8", "replace"), end
