"""Latents and embeddings computed once: in memory, or on disk where a restart finds them. Keyed by content and settings."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save
from torch import Tensor

Entry = dict[str, Tensor]


def key_of(*parts: Any) -> str:
    """A name for what these parts say, safe as a file name."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:40]


class Cache:
    """Maps keys to small sets of CPU tensors."""

    def __init__(self, folder: Path | None) -> None:
        """`folder` None keeps everything in memory."""
        self._folder = folder
        self._memory: dict[str, Entry] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def __contains__(self, key: str) -> bool:
        return key in self._memory or (self._folder is not None and self._file(key).exists())

    def __getitem__(self, key: str) -> Entry:
        if key in self._memory:
            return self._memory[key]
        return load_file(self._file(key))

    def __setitem__(self, key: str, entry: Entry) -> None:
        entry = {name: tensor.detach().cpu().contiguous() for name, tensor in entry.items()}
        if self._folder is None:
            self._memory[key] = entry
            return
        beside = self._file(key).with_suffix(f".{os.getpid()}.writing")  # processes of one run may come to the same key
        beside.write_bytes(save({name: tensor.clone() for name, tensor in entry.items()}))
        beside.replace(self._file(key))

    def _file(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{key}.safetensors"
