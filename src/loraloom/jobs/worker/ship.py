"""What a child makes, on its way to the server: events in order, each once; files by their content, checkpoints whole."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from loraloom.jobs.event_log import HEAD
from loraloom.jobs.tail import EVENTS
from loraloom.jobs.worker.client import Away, Server
from loraloom.spec.work import MOST_FILES, MOST_LINES, FileRef

MOST_BYTES = 600_000
"""Of events in one message."""
SMALL = 8 * 2**20
"""Bytes of a file that is read whole before it is sent."""
EVENTS_FIRST = 3.0
"""Seconds that a checkpoint waits for the events before it; then it is tried again."""
OURS = ("data", "cache", "asks", "lock", "run.yaml", EVENTS)
"""Of the run folder: what is not sent."""
NAMED = re.compile(r'"type":"SampleSaved".*?"file":"([^"]+)"')
CHECKPOINT = re.compile(r"checkpoints/step-\d+")


class EventQueue:
    """Lines of events.jsonl that the server has not confirmed. A line that names a picture waits until that was sent. Safe
    from several threads: one sends all the time, another makes sure at the end that all was read."""

    def __init__(self, run_dir: Path, confirmed: int) -> None:
        self._run_dir, self._path = run_dir, run_dir / EVENTS
        self._waiting: deque[tuple[int, str]] = deque()
        self._offset = 0
        self._lock = threading.Lock()
        self.confirmed = confirmed
        """Number of the last event that the server has."""
        self.last_seq = confirmed
        """Number of the last event that was read here."""

    def read(self) -> None:
        """Take in what was written since."""
        with self._lock:
            try:
                with self._path.open("rb") as stream:
                    stream.seek(self._offset)
                    block = stream.read()
            except FileNotFoundError:
                return
            *lines, _torn = block.split(b"\n")
            for line in lines:
                self._offset += len(line) + 1
                head = HEAD.match(line)
                if head is not None and int(head[1]) == self.last_seq + 1:
                    self.last_seq += 1
                    self._waiting.append((self.last_seq, line.decode("utf-8", "replace")))

    def next(self, sent: FileSet, most: int = MOST_BYTES) -> list[str]:
        """The lines for the next message, of `most` bytes unless the first is longer by itself."""
        chosen: list[str] = []
        size = 0
        with self._lock:
            waiting = list(islice(self._waiting, MOST_LINES))
        for _, line in waiting:
            named = NAMED.search(line)
            size += len(line) * 2
            waits = named and not sent.has(named[1]) and (self._run_dir / named[1]).exists()
            if (chosen and size > most) or waits:
                break
            chosen.append(line)
        return chosen

    def confirm(self, last_seq: int) -> None:
        """The server has everything up to `last_seq`; if that is less than it had, it is sent again."""
        with self._lock:
            if last_seq < self.confirmed:
                self._waiting.clear()
                self._offset, self.last_seq = 0, last_seq
            self.confirmed = last_seq
            while self._waiting and self._waiting[0][0] <= last_seq:
                self._waiting.popleft()

    @property
    def done(self) -> bool:
        """Whether the server has all that was read."""
        return self.confirmed >= self.last_seq


@dataclass(frozen=True)
class _Seen:
    size: int
    time: int
    ref: FileRef


class FileSet:
    """The files of a run folder as the server knows them."""

    def __init__(self, run_dir: Path, known: list[FileRef], stubs: list[str], events: EventQueue | None = None) -> None:
        """`known`: files that came from the server; `stubs`: checkpoints that it has besides; `events` of the run."""
        self._run_dir, self._events = run_dir, events
        self._sent: dict[str, _Seen] = {}
        self._unsure: set[str] = set()
        """Files that the server may have: its answer was lost."""
        self._stubs = {f"checkpoints/{name}" for name in stubs}
        for ref in known:
            file = run_dir / ref.path
            if not ref.path.startswith(tuple(f"{name}/" for name in OURS)) and ref.path not in OURS and file.exists():
                stat = file.stat()
                self._sent[ref.path] = _Seen(stat.st_size, stat.st_mtime_ns, ref)

    def has(self, path: str) -> bool:
        """Whether the server has this file."""
        return path in self._sent

    def sync(self, server: Server) -> None:
        """Send what is new or changed, then say what is gone. Raises Away, LoomError `stale_lease`, OSError."""
        there: dict[str, tuple[int, int]] = {}
        for file in self._files():
            try:
                stat = file.stat()
            except OSError:
                continue
            there[file.relative_to(self._run_dir).as_posix()] = (stat.st_size, stat.st_mtime_ns)
        fresh = [path for path, now in there.items() if path not in self._sent or now != self._known(path)]
        for group in _groups(fresh):
            self._send(server, group, there)
        self._remove(server, set(there))

    def _send(self, server: Server, group: list[str], there: dict[str, tuple[int, int]]) -> None:
        refs: list[FileRef] = []
        mark = self._mark()
        for path in group:
            try:
                source = self._run_dir / path
                content = source.read_bytes() if there[path][0] <= SMALL else source  # a log grows while it is sent
                sha256, size = _digest(content)
                server.send(content, sha256, size)
            except FileNotFoundError:  # a checkpoint that was pruned meanwhile
                if CHECKPOINT.match(path):
                    return
                continue
            refs.append(FileRef(path=path, sha256=sha256, bytes=size))
        if refs and CHECKPOINT.match(refs[0].path):
            self._await(mark)
        paths = {ref.path for ref in refs}
        self._unsure |= paths
        if refs:
            server.files(refs, [])
        for ref in refs:
            size, changed = there[ref.path]
            self._sent[ref.path] = _Seen(size, changed, ref)
        self._unsure -= paths

    def _mark(self) -> int:
        """Number of the newest event."""
        if self._events is None:
            return 0
        self._events.read()
        return self._events.last_seq

    def _await(self, mark: int) -> None:
        """Wait until the server has the events up to `mark`: whoever goes on from a checkpoint does not say again what came
        before it. Raises Away when that takes longer."""
        until = time.monotonic() + EVENTS_FIRST
        while self._events is not None and self._events.confirmed < mark:
            if time.monotonic() > until:
                raise Away("the events before it come first")
            time.sleep(0.02)

    def _remove(self, server: Server, there: set[str]) -> None:
        gone = {path for path in (*self._sent, *self._unsure) if path not in there}
        stubs = {stub for stub in self._stubs if not (self._run_dir / stub).is_dir()}
        whole = {found[0] for path in gone if (found := CHECKPOINT.match(path))}
        whole = {folder for folder in whole if not (self._run_dir / folder).is_dir()} | stubs
        names = sorted(whole | {path for path in gone if not path.startswith(tuple(f"{one}/" for one in whole))})
        for start in range(0, len(names), MOST_FILES):
            server.files([], names[start : start + MOST_FILES])
        for path in gone:
            self._sent.pop(path, None)
        self._unsure -= gone
        self._stubs -= stubs

    def _known(self, path: str) -> tuple[int, int]:
        seen = self._sent[path]
        return seen.size, seen.time

    def _files(self) -> Iterator[Path]:
        for path in sorted(self._run_dir.rglob("*")):
            parts = path.relative_to(self._run_dir).parts
            if parts[0] in OURS or any(part.startswith(".") or part.endswith(".partial") for part in parts):
                continue
            if path.is_file() and not path.is_symlink():
                yield path


def _groups(paths: list[str]) -> Iterator[list[str]]:
    """Files that are told together: a checkpoint is whole or not there."""
    checkpoints: dict[str, list[str]] = {}
    rest: list[str] = []
    for path in paths:
        found = CHECKPOINT.match(path)
        if found:
            checkpoints.setdefault(found[0], []).append(path)
        else:
            rest.append(path)
    for start in range(0, len(rest), MOST_FILES):
        yield rest[start : start + MOST_FILES]
    yield from checkpoints.values()


def _digest(content: bytes | Path) -> tuple[str, int]:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    with content.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return sha256, stream.tell()
