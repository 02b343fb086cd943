"""Data files inside a zip, read in memory one at a time: their names are labels, never paths."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

from loraloom.data.examples.sentences import Unfit
from loraloom.data.limits import ARCHIVE
from loraloom.data.names import printable
from loraloom.data.walk import is_hidden
from loraloom.spec.errors import LoomError

Source = tuple[str, Callable[[int], bytes]]
"""A label, and what reads the bytes: at most so many. Raises Unfit."""
MAX_TOTAL = 4 * 2**30
"""Bytes that all files of a zip may unpack to."""
_ENCRYPTED = 0x1
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    NotImplementedError,
    RuntimeError,
)


def is_zip(source: Path | bytes) -> bool:
    """Whether this file, or content, is a zip."""
    try:
        return zipfile.is_zipfile(BytesIO(source) if isinstance(source, bytes) else source)
    except OSError:
        return False


@contextmanager
def members(source: Path | bytes, name: str) -> Generator[list[Source]]:
    """The files of a zip called `name`, to be read inside. Raises LoomError `archive_refused` above the limits,
    `dataset_unreadable` when it is damaged."""
    try:
        zipped = zipfile.ZipFile(BytesIO(source) if isinstance(source, bytes) else source)
        infos = [info for info in zipped.infolist() if not info.is_dir()]
    except _DAMAGED as error:
        says = f"{printable(name)} is damaged and cannot be unpacked ({error})."
        raise LoomError("dataset_unreadable", says, "Zip the folder again.") from error
    if len(infos) > ARCHIVE.files or sum(info.file_size for info in infos) > MAX_TOTAL:
        limit = f"{ARCHIVE.files:,} files or {MAX_TOTAL // 2**30} GiB"
        raise LoomError("archive_refused", f"{printable(name)} holds more than {limit}.", "Split it.")
    with zipped:
        shown = [info for info in infos if not _is_hidden(info.filename)]
        yield [(printable(info.filename), partial(_bytes, zipped, info)) for info in shown]


def _is_hidden(name: str) -> bool:
    return any(is_hidden(part) for part in name.replace("\\", "/").split("/") if part.strip("."))


def _bytes(zipped: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    if info.flag_bits & _ENCRYPTED:
        raise Unfit("file", problem="Locked with a password; zip it without one.")
    if info.file_size > limit:
        raise Unfit("too_large", limit=limit // 2**20)
    try:
        with zipped.open(info) as file:
            data = file.read(limit + 1)
    except _DAMAGED as error:
        raise Unfit("file", problem=f"Cannot be unpacked ({error}); zip it again.") from error
    if len(data) > limit:
        raise Unfit("too_large", limit=limit // 2**20)
    return data
