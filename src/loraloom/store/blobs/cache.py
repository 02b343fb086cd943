"""Copies on this machine of blobs that lie elsewhere: fetched once, checked, and bounded in bytes."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from loraloom.store.blobs.contract import KEY
from loraloom.store.blobs.files import remove, writing
from loraloom.store.blobs.folder import FolderBlobs
from loraloom.store.blobs.uploads import mismatch

HELD = 3600.0
"""Seconds for which a file stays after it was handed out, whatever the bound."""
BETWEEN = 10.0
"""Seconds at least between two counts of the folder, which may hold many thousand files."""


class Checked:
    """Where a download is written to: counts the hash on the way. Has no `seek`, so that parts come in order."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._hash.update(data)
        return self._file.write(data)

    @property
    def key(self) -> str:
        """SHA-256 of what was written, hex."""
        return self._hash.hexdigest()


class LocalCopies:
    """A folder of at most `most_bytes`; what was not handed out for longest goes first, and nothing that was handed out
    within `held` seconds. Several processes may share it."""

    def __init__(self, root: Path, most_bytes: int, held: float = HELD) -> None:
        self.folder, self.most_bytes, self._held = FolderBlobs(root), most_bytes, held
        self.between = BETWEEN
        self._bytes = 0
        self._counted_at = float("-inf")
        self._lock = threading.Lock()

    def get(self, key: str, fetch: Callable[[Checked], None]) -> Path:
        """The copy of `key`; `fetch` writes it when it is not here, once however many ask.

        Raises LoomError `checksum_mismatch` when it wrote something else, and whatever `fetch` raises.
        """
        place = self.folder.path(key)
        if self._is_here(key):
            return place
        locks = self.folder.root / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"{key[:3]}.lock"):  # few enough files, and different blobs seldom wait for each other
            if self._is_here(key):
                return place
            with writing(place) as file:
                checked = Checked(file)
                fetch(checked)
                if checked.key != key:
                    raise mismatch(key)
        self._added(self.folder.size(key))
        return place

    def keep(self, content: bytes | Path) -> None:
        """Keep a copy of what was just put elsewhere."""
        key = self.folder.put(content)
        self._added(self.folder.size(key))

    def trim(self, most_bytes: int | None = None) -> int:
        """Delete until `most_bytes` (by default the bound) are not exceeded. Returns the bytes that were freed."""
        most_bytes = self.most_bytes if most_bytes is None else most_bytes
        limit = time.time() - self._held
        files = sorted(_files(self.folder.root))
        total, freed = sum(size for _, size, _ in files), 0
        for put_at, _, path in files:
            if total - freed <= most_bytes or put_at >= limit:
                break
            freed += self.folder.delete_unless_young(path.name, limit) if KEY.fullmatch(path.name) else remove(path)
        with self._lock:
            self._bytes, self._counted_at = total - freed, time.monotonic()
        return freed

    def _is_here(self, key: str) -> bool:
        """Also notes that it is handed out, once a minute: its time is that of every hard link to it."""
        try:
            young = self.folder.path(key).stat().st_mtime > time.time() - 60
        except FileNotFoundError:
            return False
        return young or self.folder.renew(key)

    def _added(self, size: int) -> None:
        with self._lock:
            self._bytes += size
            full = self._bytes > self.most_bytes or self._counted_at < 0
            due = full and time.monotonic() > self._counted_at + self.between
        if due:
            self.trim(int(self.most_bytes * 0.9))


def _files(root: Path) -> Iterator[tuple[float, int, Path]]:
    for path in root.glob("??/??/*"):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        yield found.st_mtime, found.st_size, path
