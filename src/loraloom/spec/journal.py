"""Writes the events of a run, one JSON line each, numbered without gaps over all children of the run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loraloom.spec.event import decode, encode

Listener = Callable[[Any], None]


class Journal:
    """Appends to `events.jsonl`. A torn last line (a child killed while writing) is cut off first."""

    def __init__(self, run_dir: Path) -> None:
        path = run_dir / "events.jsonl"
        self._seq = _mend(path)
        self._file = path.open("a", encoding="utf-8", newline="\n")
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Also hand every payload to `listener` (TensorBoard)."""
        self._listeners.append(listener)

    def __call__(self, payload: Any) -> None:
        """Write one event; safe from several threads."""
        with self._lock:
            self._file.write(encode(self._seq + 1, datetime.now(UTC), payload))
            self._file.flush()
            self._seq += 1
        for listener in self._listeners:
            listener(payload)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _mend(path: Path) -> int:
    """Cut a torn last line off and return the last whole event's number (0 for a new run)."""
    if not path.exists():
        return 0
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) != len(data):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    lines = whole.splitlines()
    return decode(lines[-1].decode("utf-8")).seq if lines else 0
