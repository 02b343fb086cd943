"""Files under the hash of their bytes: written once, never changed, shared by everything that names them."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

KEY = re.compile(r"[0-9a-f]{64}")
_CHUNK = 2**20


class Blobs(Protocol):
    """Where files lie by content. A key is the SHA-256 of a file's bytes, hex."""

    def put(self, content: bytes | Path) -> str:
        """Store `content`; what is there already is left alone. Returns its key."""
        ...

    def has(self, key: str) -> bool:
        """Whether there is such a file."""
        ...

    def path(self, key: str) -> Path:
        """The file on this machine, to be read and never written. Raises ValueError for what is no key."""
        ...

    def size(self, key: str) -> int:
        """Its bytes. Raises FileNotFoundError."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The file, for reading. Raises FileNotFoundError."""
        ...

    def delete(self, key: str) -> None:
        """Remove the file and what was made from it; one that is gone already is no error."""
        ...

    def keys(self) -> Iterator[str]:
        """Every key."""
        ...

    def keep_thumbnail(self, key: str, data: bytes) -> None:
        """Remember the small picture of `key`."""
        ...

    def thumbnail(self, key: str) -> bytes | None:
        """The small picture of `key`, when it was kept."""
        ...


class FolderBlobs:
    """Blobs in a folder: `ab/cd/abcd...`, thumbnails beside them as `abcd....webp`. Files are read-only, so that a hard
    link in a run folder is not altered by accident."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Where the file lies, or would. Raises ValueError for what is no key."""
        if not KEY.fullmatch(key):
            raise ValueError("not a key of a blob")
        return self.root / key[:2] / key[2:4] / key

    def put(self, content: bytes | Path) -> str:
        """Written beside its place, synced and renamed. See `Blobs.put`."""
        key = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else _digest(content)
        place = self.path(key)
        try:
            os.utime(place)  # young again: `garbage` leaves it alone until whoever puts it here has named it
        except FileNotFoundError:
            _write(place, content)
        except OSError:  # Windows changes no times of a read-only file
            pass
        return key

    def has(self, key: str) -> bool:
        """See `Blobs.has`."""
        return self.path(key).is_file()

    def size(self, key: str) -> int:
        """See `Blobs.size`."""
        return self.path(key).stat().st_size

    def open(self, key: str) -> BinaryIO:
        """See `Blobs.open`."""
        return self.path(key).open("rb")

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        for path in (self.path(key), self._small(key)):
            try:
                path.unlink()
            except FileNotFoundError:
                continue
            except PermissionError:  # Windows does not remove what is read-only
                path.chmod(0o600)
                path.unlink()

    def keys(self) -> Iterator[str]:
        """See `Blobs.keys`."""
        for path in self.root.glob("??/??/*"):
            if KEY.fullmatch(path.name):
                yield path.name

    def keep_thumbnail(self, key: str, data: bytes) -> None:
        """See `Blobs.keep_thumbnail`."""
        if not self._small(key).is_file():
            _write(self._small(key), data, sync=False)

    def thumbnail(self, key: str) -> bytes | None:
        """See `Blobs.thumbnail`."""
        try:
            return self._small(key).read_bytes()
        except FileNotFoundError:
            return None

    def garbage(self, used: Collection[str], older_than: float = 3600.0) -> Iterator[str]:
        """Keys that are not in `used` and were last put more than `older_than` seconds ago."""
        limit = time.time() - older_than
        for key in self.keys():
            if key not in used and self.path(key).stat().st_mtime < limit:
                yield key

    def sweep(self, used: Collection[str], older_than: float = 3600.0) -> int:
        """Delete the garbage and what interrupted writes left behind. Returns the bytes that were freed."""
        freed = 0
        for key in list(self.garbage(used, older_than)):
            freed += self.size(key) + len(self.thumbnail(key) or b"")
            self.delete(key)
        for half in self.root.glob("??/??/*.partial"):
            if half.stat().st_mtime < time.time() - older_than:
                freed += half.stat().st_size
                half.unlink(missing_ok=True)
        return freed

    def _small(self, key: str) -> Path:
        return self.path(key).with_name(f"{key}.webp")


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` the same file, by a hard link, or a copy where the file system has none. Raises FileExistsError."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        shutil.copyfile(source, target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(place: Path, content: bytes | Path, sync: bool = True) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}.", suffix=".partial")
    half = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                with content.open("rb") as source:
                    shutil.copyfileobj(source, file, _CHUNK)
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


def _sync_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
