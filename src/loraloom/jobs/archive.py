"""One tar file whose every member has its SHA-256 in the list at the end; `.tar.zst` is compressed besides.

Written and read as a stream. A file that is there already under another name (a picture of a run, which is a hard link to
its blob) is kept once. Nothing is unpacked by its own name: whoever restores takes members one by one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from loraloom.spec.errors import LoomError

LIST = "files.jsonl"
"""The last member: first what the whole is, then a line for every other member."""
SUFFIXES = (".tar", ".tar.zst")
AGAIN = "Copy it again from where it is kept, or take an earlier one."


@dataclass(frozen=True)
class Entry:
    """A member: its bytes and their SHA-256, hex; `same` names the earlier member that holds the bytes."""

    file: str
    bytes: int
    sha256: str
    same: str | None = None


class Archive:
    """An archive that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._places: dict[tuple[int, int, int, int], Entry] = {}
        self.entries: dict[str, Entry] = {}
        self.bytes = 0
        """Of all members so far."""

    def add(self, name: str, stream: BinaryIO) -> Entry:
        """Take in an open file as it is now; what is written to its end meanwhile is left out."""
        stat = os.fstat(stream.fileno())
        place = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)  # numbers of files are used again
        if stat.st_nlink > 1 and place in self._places:
            there = self._places[place]
            return self._keep(Entry(name, there.bytes, there.sha256, there.file))
        entry = self._write(name, stream, stat.st_size, stat.st_mtime)
        if stat.st_nlink > 1:
            self._places[place] = entry
        return entry

    def add_bytes(self, name: str, content: bytes) -> Entry:
        """Take in a member from memory."""
        return self._write(name, io.BytesIO(content), len(content), 0)

    def close(self, about: dict[str, Any]) -> None:
        """Write the list, with `about` at its head."""
        lines = [
            about,
            *({key: value for key, value in vars(e).items() if value is not None} for e in self.entries.values()),
        ]
        self.add_bytes(LIST, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode())

    def _write(self, name: str, stream: IO[bytes], size: int, time: float) -> Entry:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, int(time), 0o600
        reader = _Hashed(stream, size)
        self._tar.addfile(info, reader)  # pyright: ignore[reportArgumentType]
        _forget(self._tar)
        self.bytes += size
        return self._keep(Entry(name, size, reader.sha256))

    def _keep(self, entry: Entry) -> Entry:
        self.entries[entry.file] = entry
        return entry


class _Hashed:
    """Exactly `size` bytes of a file, hashed; zeros where it was cut short meanwhile, so that the rest stays readable."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream, self._left, self._hash = stream, size, hashlib.sha256()

    def read(self, count: int = -1) -> bytes:
        """At most `count` bytes."""
        count = self._left if count < 0 else min(count, self._left)
        block = self._stream.read(count)
        block += b"\0" * (count - len(block))
        self._left -= count
        self._hash.update(block)
        return block

    @property
    def sha256(self) -> str:
        """Of what was read."""
        return self._hash.hexdigest()


@contextmanager
def writing(file: Path) -> Generator[Archive]:
    """An archive at `file`, which is there only when it is whole; nobody else may read it. Raises LoomError `name_taken`,
    `archive_refused`, `extra_missing`."""
    if not file.name.endswith(SUFFIXES):
        raise LoomError(
            "archive_refused", f"{file.name} is no name for a backup.", f"End it with {' or '.join(SUFFIXES)}."
        )
    if file.exists():
        raise LoomError(
            "name_taken", f"{file} is there already.", "Choose another name; a backup is never overwritten."
        )
    half = file.with_name(f".{file.name}.partial")
    half.unlink(missing_ok=True)
    try:
        with ExitStack() as stack:
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            raw: Any = stack.enter_context(os.fdopen(handle, "wb"))
            stream = (
                stack.enter_context(_zstandard().ZstdCompressor(3).stream_writer(raw, closefd=False))
                if _zipped(file)
                else raw
            )
            tar = stack.enter_context(tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT))
            yield Archive(tar)
        with half.open("rb") as written:
            os.fsync(written.fileno())
        half.rename(file)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def members(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and bytes of every member in order. Raises LoomError `archive_refused`, `file_not_found`."""
    with _readable(file), ExitStack() as stack:
        raw: Any = stack.enter_context(file.open("rb"))
        stream = stack.enter_context(_zstandard().ZstdDecompressor().stream_reader(raw)) if _zipped(file) else raw
        tar = stack.enter_context(tarfile.open(fileobj=stream, mode="r|"))
        for info in tar:
            content = tar.extractfile(info) if info.isreg() else None
            if content is None:
                raise LoomError("archive_refused", f"{file.name} holds {info.name}, which is no file.", AGAIN)
            yield info.name, content
            _forget(tar)


def check(file: Path) -> tuple[dict[str, Any], dict[str, Entry]]:
    """What the archive is and what it holds, once every byte of it was read and compared. Raises LoomError
    `archive_refused`, `file_not_found`."""
    found: dict[str, str] = {}
    told: list[dict[str, Any]] = []
    with _readable(file):
        for name, stream in members(file):
            if name == LIST:
                told = [json.loads(line) for line in stream.read().decode().splitlines()]
                break
            found[name] = hashlib.file_digest(stream, "sha256").hexdigest()  # pyright: ignore[reportArgumentType]
        entries = {line["file"]: Entry(**line) for line in told[1:]}
    if not told:
        raise LoomError("archive_refused", f"{file.name} is no whole backup: its list of files is missing.", AGAIN)
    wrong = [name for name, entry in entries.items() if found.get(entry.same or name) != entry.sha256]
    wrong += sorted(found.keys() - entries.keys())
    if wrong:
        raise LoomError("archive_refused", f"{file.name} is damaged: {wrong[0]} is not as it was written.", AGAIN)
    return told[0], entries


@contextmanager
def _readable(file: Path) -> Generator[None]:
    """What goes wrong while a file is read, in the user's words."""
    try:
        yield
    except FileNotFoundError as error:
        raise LoomError("file_not_found", f"There is no file {file}.", "Check the path.") from error
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError, *_broken()) as error:
        raise LoomError("archive_refused", f"{file.name} cannot be read as a backup: {error}.", AGAIN) from error


def _forget(tar: tarfile.TarFile) -> None:
    """Members that are done with: tarfile would keep them all in memory."""
    known: list[tarfile.TarInfo] = vars(tar)["members"]
    known.clear()


def _zipped(file: Path) -> bool:
    return file.name.endswith(".zst")


def _zstandard() -> Any:
    """Raises LoomError `extra_missing`."""
    try:
        import zstandard
    except ImportError as error:
        says = "Reading and writing .tar.zst needs a package."
        raise LoomError("extra_missing", says, "pip install zstandard, or use .tar.") from error
    return zstandard


def _broken() -> tuple[type[Exception], ...]:
    """What is raised for damaged compression."""
    try:
        import zstandard
    except ImportError:
        return ()
    return (zstandard.ZstdError,)
