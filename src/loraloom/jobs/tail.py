"""Read `events.jsonl` while it is being written: whole lines only, each once, in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from loraloom.spec.event import Event, decode

EVENTS = "events.jsonl"


class Tail:
    """Where a reader stands in a run's events. `read` hands out what came since the last call.

    A last line without its newline is left until it is complete. A line that is complete but cannot be read (a child
    was killed while writing, and the next one went on behind it) is passed over.
    """

    def __init__(self, run_dir: Path, after_seq: int = 0, only: str | None = None) -> None:
        self._mark = f'"type":"{only}"'.encode() if only else b""
        self._file = run_dir / EVENTS
        self._offset = 0
        self.seq = after_seq
        """Sequence number of the last event handed out."""

    def read(self) -> Iterator[Event]:
        """Events after `seq` that are whole on disk."""
        try:
            with self._file.open("rb") as stream:
                stream.seek(self._offset)
                block = stream.read()
        except FileNotFoundError:
            return
        *lines, _torn = block.split(b"\n")
        for line in lines:
            self._offset += len(line) + 1
            if self._mark not in line:
                continue
            event = _event(line)
            if event is not None and event.seq > self.seq:
                self.seq = event.seq
                yield event


def tail(run_dir: Path, after_seq: int = 0, only: str | None = None) -> Iterator[Event]:
    """The events of `run_dir` after `after_seq` that are on disk now; those of the type `only` alone are found quickly."""
    return Tail(run_dir, after_seq, only).read()


def _event(line: bytes) -> Event | None:
    try:
        return decode(line.decode("utf-8"))
    except (ValidationError, UnicodeDecodeError):
        return None
