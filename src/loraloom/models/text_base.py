"""Where the transformers folder of a language model lies: its own, or the one that a .gguf file was converted to."""

from __future__ import annotations

import hashlib
from pathlib import Path

from loraloom.data.home import cache
from loraloom.models.resolve import BaseModel
from loraloom.spec.errors import LoomError

TOKENIZER = "tokenizer.json"
DONE = ".converted"
"""Written last into a converted folder."""


def folder_of(base: BaseModel) -> Path:
    """The folder with config.json, *.safetensors and tokenizer.json. Raises LoomError `base_not_prepared` for a .gguf file
    that was not converted yet, `base_model_not_found` for a hub id that is not on this machine."""
    if base.path is None:
        raise LoomError(
            "base_model_not_found",
            f"{base.name} has not been downloaded to this machine.",
            f"Run `hf download {base.hub_id}`.",
        )
    if base.layout != "gguf":
        return base.path
    folder = converted(base.path)
    if not (folder / DONE).is_file():
        raise LoomError(
            "base_not_prepared",
            f"{base.name} has not been prepared on this machine yet.",
            "It is done once, in about a minute, before the first run.",
        )
    return folder


def is_ready(base: BaseModel) -> bool:
    """Whether `folder_of` has an answer."""
    return base.path is not None and (base.layout != "gguf" or (converted(base.path) / DONE).is_file())


def converted(file: Path) -> Path:
    """Where the .gguf `file` is converted to, in the cache; another file of the same name has another place."""
    stat = file.stat()
    key = hashlib.sha256(f"{file.resolve()} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:16]
    return cache() / "bases" / f"{file.stem}-{key}"
