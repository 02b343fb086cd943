"""What tuspyserver notes beside an upload, set right after a crash: the file may hold more than was noted, or less."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def align(folder: Path, upload_id: str) -> None:
    """Make the file of an unfinished upload and its noted offset agree, so that going on appends at the right place.

    A killed server has written bytes it did not note, a machine without power noted bytes it did not keep. Called while
    nobody writes to the upload.
    """
    path, info = folder / upload_id, _read(folder, upload_id)
    if info is None or not path.is_file():
        return
    held, offset = path.stat().st_size, int(info["offset"])
    if held > offset:
        os.truncate(path, offset)
    elif held < offset:
        half = folder / f"{upload_id}.info.tmp"
        half.write_text(json.dumps(info | {"offset": held}), encoding="utf-8")
        half.replace(folder / f"{upload_id}.info")


def is_whole(folder: Path, upload_id: str) -> bool:
    """Whether the last byte of an upload is there."""
    path, info = folder / upload_id, _read(folder, upload_id)
    return info is not None and path.is_file() and path.stat().st_size == info["offset"] == info["size"]


def _read(folder: Path, upload_id: str) -> dict[str, Any] | None:
    try:
        return json.loads((folder / f"{upload_id}.info").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
