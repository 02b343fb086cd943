"""Hashes of large model files, computed once in the background: nobody waits for gigabytes to be read."""

from __future__ import annotations

import hashlib
import logging
import threading
from pathlib import Path

LOG = logging.getLogger("loraloom.server")
Key = tuple[str, int, int]


class Hashes:
    """SHA-256 of files by path, size and time of change. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Key, str] = {}

    def of(self, file: Path) -> str:
        """The hash of `file`, hex; empty while it is being computed, for a folder, or when it cannot be read."""
        try:
            stat = file.stat()
        except OSError:
            return ""
        if not file.is_file():
            return ""
        key = (str(file), stat.st_size, stat.st_mtime_ns)
        with self._lock:
            if key in self._known:
                return self._known[key]
            self._known[key] = ""
        threading.Thread(target=self._work, args=(key,), name="hashing", daemon=True).start()
        return ""

    def _work(self, key: Key) -> None:
        try:
            with Path(key[0]).open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            LOG.warning("%s cannot be hashed", key[0])
            return
        with self._lock:
            self._known[key] = found
