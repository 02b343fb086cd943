"""Files that are whole or not there: written beside their place, synced and renamed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_CHUNK = 2**20


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` the same file, by a hard link, or a copy where the file system has none. Raises FileExistsError."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        shutil.copyfile(source, target)


def digest(content: bytes | Path) -> str:
    """SHA-256 of bytes or of a file, hex."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chunks(content: bytes | Path) -> Iterator[bytes]:
    """The bytes, of a file a MiB at a time."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def write(place: Path, content: bytes | Path, sync: bool = True) -> None:
    """Make `place` a read-only file of `content`."""
    with writing(place, sync) as file:
        for chunk in chunks(content):
            file.write(chunk)


@contextmanager
def writing(place: Path, sync: bool = True) -> Generator[BinaryIO]:
    """A file that becomes `place`, read-only, at the end of the block; what the block raises leaves nothing behind."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}.", suffix=".partial")
    half = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        half.chmod(0o444)
        half.replace(place)
        if sync:
            _sync_folder(place.parent)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def remove(path: Path) -> int:
    """Remove a file, read-only or gone as it may be. Returns the bytes it had."""
    size = bytes_of(path)
    try:
        path.unlink(missing_ok=True)
    except PermissionError:  # Windows does not remove what is read-only
        path.chmod(0o600)
        path.unlink(missing_ok=True)
    return size


def bytes_of(path: Path) -> int:
    """Size of a file; 0 for what is gone."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sync_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
