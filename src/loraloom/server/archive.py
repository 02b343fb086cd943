"""A zip made while it is sent: nothing is written on the disk, whatever its size."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, cast

from fastapi.responses import StreamingResponse

from loraloom.server.reply import attachment, open_inside

BLOCK = 2**20


class _Sink:
    """What the zip writer writes into; emptied block by block."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take in bytes."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do."""

    def take(self) -> bytes:
        """What came since the last call."""
        data, self._parts = b"".join(self._parts), []
        return data


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
    sink = _Sink()
    with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            info = zipfile.ZipInfo.from_file(file, file.relative_to(root).as_posix(), strict_timestamps=False)
            with (
                open_inside(root, file.relative_to(root).as_posix()) as source,
                archive.open(info, "w", force_zip64=True) as target,
            ):
                while block := source.read(BLOCK):
                    target.write(block)
                    yield sink.take()
    yield sink.take()
