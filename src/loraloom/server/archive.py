"""A zip made while it is sent: nothing is written on the disk, whatever its size."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from fastapi.responses import StreamingResponse

from loraloom.data.zipping import Growing
from loraloom.server.reply import attachment, open_inside


def stream(root: Path, parts: Sequence[Path], filename: str) -> StreamingResponse:
    """A zip of files and folders under `root`, named as they lie in it. Stored, not packed: weights and pictures do not
    get smaller."""
    blocks = _blocks(root, list(_files(parts)))
    return StreamingResponse(blocks, media_type="application/zip", headers=attachment(filename))


def _files(parts: Sequence[Path]) -> Iterator[Path]:
    for part in parts:
        if part.is_symlink():
            continue
        if part.is_file():
            yield part
        elif part.is_dir():
            yield from _files(sorted(part.iterdir()))


def _blocks(root: Path, files: Sequence[Path]) -> Iterator[bytes]:
    growing = Growing()
    for file in files:
        name = file.relative_to(root).as_posix()
        info = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
        info.file_size = 0  # it may grow while it is read
        with open_inside(root, name) as source:
            yield from growing.copy(info, source)
    yield from growing.end()
