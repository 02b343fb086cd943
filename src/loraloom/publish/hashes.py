"""The hashes of a LoRA file as others compute and show them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from loraloom.models.raw_file import read_raw, with_hashes
from loraloom.spec.publication import Hashes

AUTOV2 = 10
"""Digits of the SHA-256 that Civitai and AUTOMATIC1111 show."""


def hashes(file: Path, tensors: bool = True) -> Hashes:
    """The hashes of the safetensors file `file`. `tensors`: also kohya's two, which are looked up by programs for pictures;
    they are computed, not read from the header, which may say anything. Raises LoomError of `read_raw`."""
    whole = sha256_of(file)
    found: dict[str, str] = {}
    if tensors:
        header, data = read_raw(file)
        found = with_hashes(data, header.metadata)
    return Hashes(
        sha256=whole,
        autov2=whole[:AUTOV2].upper(),
        sshs_model=found.get("sshs_model_hash", ""),
        sshs_legacy=found.get("sshs_legacy_hash", ""),
    )


def sha256_of(file: Path) -> str:
    """SHA-256 of the bytes of `file`, hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
