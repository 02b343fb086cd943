"""A zip made while it is sent or written: nothing of it stays in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

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


class Growing:
    """A zip without packing. Each method gives the bytes that come next."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(cast(IO[bytes], self._sink), "w", zipfile.ZIP_STORED)

    def add(self, info: zipfile.ZipInfo, data: bytes) -> Iterator[bytes]:
        """A member with this content."""
        self._zip.writestr(info, data)
        yield self._sink.take()

    def copy(self, info: zipfile.ZipInfo, source: BinaryIO) -> Iterator[bytes]:
        """A member with what is left of `source`; whoever does not know its size before leaves that out of `info`."""
        with self._zip.open(info, "w", force_zip64=not info.file_size) as target:
            while block := source.read(BLOCK):
                target.write(block)
                yield self._sink.take()

    def end(self) -> Iterator[bytes]:
        """The table of contents."""
        self._zip.close()
        yield self._sink.take()
