"""An uploaded file that should be a base model: looked at by its header alone, under tighter limits than one's own files."""

from __future__ import annotations

from pathlib import Path

from loraloom.data.labels import label
from loraloom.models.family import Detected, detect_header, require_base
from loraloom.models.header import read_header
from loraloom.models.sniff import refuse_pickle
from loraloom.spec.errors import LoomError

MAX_HEADER = 32 * 2**20
"""Bytes of a header. The largest base models known need less than one MiB; parsing takes ten times as much memory."""


def check_received(path: Path, filename: str) -> Detected:
    """What the uploaded file at `path` is; a person called it `filename`.

    Raises LoomError: `pickle_refused`, `weights_unreadable`, `base_model_unknown` for anything that is not a base model
    Loom can train on, saying what it is.
    """
    name = label(filename).rsplit("/", 1)[-1]
    refuse_pickle(Path(name))
    if not name.lower().endswith(".safetensors"):
        raise LoomError(
            "base_model_unknown",
            f"{name} is not a .safetensors file.",
            "Upload a base model as one .safetensors file; other formats are not read.",
        )
    try:
        check_length(path, name)
        found = detect_header(read_header(path), Path(name).stem)
        require_base(found, name)
    except LoomError as error:
        raise LoomError(error.code, error.message.replace(path.name, name), error.hint) from error
    return found


def check_length(path: Path, name: str) -> None:
    """Raises LoomError `weights_unreadable` when the file at `path`, called `name`, claims too long a header."""
    with path.open("rb") as file:
        head = file.read(9)
    if len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") > MAX_HEADER:
        says = f"{name} cannot be read: its header claims more than the limit of {MAX_HEADER // 2**20} MiB."
        raise LoomError("weights_unreadable", says, "No known model needs as much; get the file from its source again.")
