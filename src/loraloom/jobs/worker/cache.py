"""Files by their content on this worker, fetched once, within a bound. What a run uses is a hard link to one of them."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from loraloom.spec.work import FileRef

Fetch = Callable[[FileRef, Path], None]


class Cache:
    """A folder `ab/<sha256>`. The least recently used go first; what has another name somewhere is in use and stays."""

    def __init__(self, root: Path, most_bytes: int) -> None:
        self._root, self._most = root, most_bytes
        self._lock = threading.Lock()

    def get(self, ref: FileRef, fetch: Fetch) -> Path:
        """The file; fetched with `fetch(ref, target)` if it is not there. Raises what that raises, and OSError."""
        place = self._root / ref.sha256[:2] / ref.sha256
        with contextlib.suppress(OSError):
            os.utime(place)
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        half = place.with_name(f"{place.name}.{threading.get_ident()}.partial")
        self.make_room(ref.bytes)
        try:
            try:
                fetch(ref, half)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                self._evict(0)
                fetch(ref, half)
            half.chmod(0o444)
            half.replace(place)
        finally:
            half.unlink(missing_ok=True)
        return place

    def put(self, ref: FileRef, target: Path, fetch: Fetch) -> None:
        """Make `target` this file: a link to it, or a copy where the disk has none."""
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        place = self.get(ref, fetch)
        try:
            os.link(place, target)
        except OSError:
            shutil.copyfile(place, target)

    def make_room(self, size: int) -> None:
        """Keep the bound with `size` bytes more."""
        self._evict(max(0, self._most - size))

    def _evict(self, most: int) -> None:
        with self._lock:
            found: list[tuple[float, int, Path]] = []
            total = 0
            for file in self._root.glob("??/*"):
                with contextlib.suppress(OSError):
                    stat = file.stat()
                    total += stat.st_size
                    if stat.st_nlink == 1 and file.suffix != ".partial":
                        found.append((stat.st_mtime, stat.st_size, file))
            for _, size, file in sorted(found):
                if total <= most:
                    return
                file.unlink(missing_ok=True)
                total -= size
