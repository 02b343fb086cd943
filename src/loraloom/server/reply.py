"""Answers that are not JSON: texts, files of a run that must not lead elsewhere, archives made while they are sent."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from fastapi.responses import FileResponse, PlainTextResponse

from loraloom.spec.errors import LoomError

FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
"""For what never changes under its address."""
KINDS = {".png": "image/png", ".webp": "image/webp", ".safetensors": "application/octet-stream"}


class Text(PlainTextResponse):
    """UTF-8 text."""


def text_of(kind: str) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route that answers in text and fails in JSON; its `response_class` is then plain `Response`."""
    return {200: {"content": {kind: {"schema": {"type": "string"}}}}}


def inside(folder: Path, name: str) -> Path:
    """The file `name` in `folder`. Raises LoomError `file_not_found` when it is not one, or lies elsewhere: what a child
    wrote is not trusted, links least of all."""
    root = folder.resolve()
    file = root / name
    if "\0" in name or not _plain(root, file):
        raise LoomError("file_not_found", "There is no such file.", "It may have been deleted.")
    return file


def _plain(root: Path, file: Path) -> bool:
    try:
        return file.resolve() == file and file.is_relative_to(root) and file.is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def open_inside(folder: Path, name: str) -> BinaryIO:
    """Open the file `name` in `folder` while a child may be exchanging it for a link: no part of the way is followed
    if it is one. Raises LoomError `file_not_found`."""
    if not hasattr(os, "O_NOFOLLOW"):  # Windows: there a child makes no links without rights that it lacks
        return inside(folder, name).open("rb")
    *way, last = Path(name).parts
    here = -1
    try:
        here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        for part in way:
            here, above = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here), here
            os.close(above)
        found = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
        if not stat.S_ISREG(os.fstat(found).st_mode):
            os.close(found)
            raise OSError
        return os.fdopen(found, "rb")
    except (OSError, ValueError) as error:
        raise LoomError("file_not_found", "There is no such file.", "It may have been deleted.") from error
    finally:
        if here >= 0:
            os.close(here)


def attachment(filename: str) -> dict[str, str]:
    """Headers that make an answer a download under that name."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}"}


def send(file: Path, filename: str | None = None, forever: bool = False) -> FileResponse:
    """A file; `filename` makes it a download under that name, `forever` lets browsers keep it."""
    headers = dict(FOREVER if forever else {}) | (attachment(filename) if filename else {})
    kind = KINDS.get(file.suffix.lower(), "application/octet-stream")
    return FileResponse(file, media_type=kind, headers=headers)
