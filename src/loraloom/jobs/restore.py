"""Brings a backup back, into an empty data home and an empty database, once every byte of it was checked."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from loraloom.jobs import archive, dump
from loraloom.jobs.backup import BLOBS, FORMAT, HOME, TABLES, Made, Say, in_silence
from loraloom.spec.errors import LoomError
from loraloom.store.blobs import Blobs, FolderBlobs, link_or_copy
from loraloom.store.database import Database

SMALL = 2**23
"""Bytes of a blob that is handed on in memory."""


def restore(database: Database, blobs: Blobs, home: Path, file: Path, say: Say = in_silence) -> Made:
    """Fill `home`, `blobs` and `database` from the backup `file`. Nothing that is there is ever overwritten.

    Files first, records last, all of them in one transaction: a restore that was stopped has left no records, and is begun
    again once the data home is empty. Raises LoomError `in_use` for a home or database with something in it,
    `archive_refused`, `file_not_found`, `disk_full`, `database_unusable`.
    """
    _check_home(home, database)
    home.mkdir(parents=True, exist_ok=True)
    dump.check_empty(database)
    say("checking", 0, 0)
    about, entries = archive.check(file)
    if about.get("format") != FORMAT:
        hint = "Update Loom first."
        raise LoomError("archive_refused", f"{file.name} is no backup that this version knows.", hint)
    here = isinstance(blobs, FolderBlobs)
    needed = sum(one.bytes for one in entries.values() if one.same is None and (here or not one.file.startswith(BLOBS)))
    if needed > shutil.disk_usage(home).free:
        raise LoomError("disk_full", f"The backup needs {needed / 1e9:.1f} GB.", "Free some space first.")
    made = Made(file, rows=dict(about["rows"]), missing=list(about["missing"]))
    with tempfile.TemporaryDirectory(dir=home, prefix=".restoring-") as scratch:
        tables = Path(scratch) / "tables"
        tables.mkdir()
        for name, stream in archive.members(file):
            if name != archive.LIST:
                _put(name, stream, entries[name], home, blobs, tables)
                made.files, made.bytes = made.files + 1, made.bytes + entries[name].bytes
                say("files", made.files, made.bytes)
        for entry in entries.values():
            if entry.same is not None:
                _link(entry, home, blobs)
                made.files += 1
        say("records", made.files, made.bytes)
        moved = (str(about["home"]), str(home))
        dump.put_back(database, about["revision"], lambda table: _lines(tables / f"{table}.jsonl"), _gone(about), moved)
    for name, ids in _gone(about).items():
        for one in ids:
            shutil.rmtree(home / name / one, ignore_errors=True)
    return made


def _check_home(home: Path, database: Database) -> None:
    """Raises LoomError `in_use` when a file is there, but for those of the database that was just opened."""
    own = database.engine.url.database
    files = (path for path in ([home] if home.is_file() else home.rglob("*")) if not path.is_dir())
    if any(own is None or not str(path).startswith(own) for path in files):
        hint = "A restore overwrites nothing: move that folder away, or set LORALOOM_HOME to an empty one."
        raise LoomError("in_use", f"The data home {home} is not empty.", hint)


def _put(name: str, stream: IO[bytes], entry: archive.Entry, home: Path, blobs: Blobs, tables: Path) -> None:
    if name.startswith(BLOBS):
        if name != BLOBS + entry.sha256:  # damaged before it was kept, and told then
            return
        _put_blob(stream, entry, blobs, tables.parent)
        return
    if name.startswith(TABLES):
        target = _inside(tables, name.removeprefix(TABLES))
    else:
        target = _inside(home, name.removeprefix(HOME))
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if target.name == "secret.key" else 0o644
    with os.fdopen(
        os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode), "wb"
    ) as out:
        shutil.copyfileobj(stream, out, 2**20)


def _put_blob(stream: IO[bytes], entry: archive.Entry, blobs: Blobs, scratch: Path) -> None:
    if entry.bytes <= SMALL:
        blobs.put(stream.read())
        return
    whole = scratch / "blob"
    with whole.open("wb") as out:
        shutil.copyfileobj(stream, out, 2**20)
    blobs.put(whole)
    whole.unlink()


def _link(entry: archive.Entry, home: Path, blobs: Blobs) -> None:
    """A file that is the same as an earlier member."""
    assert entry.same is not None
    if entry.same.startswith(BLOBS):
        source = blobs.path(entry.same.removeprefix(BLOBS))
    else:
        source = _inside(home, entry.same.removeprefix(HOME))
    target = _inside(home, entry.file.removeprefix(HOME))
    target.parent.mkdir(parents=True, exist_ok=True)
    link_or_copy(source, target)


def _inside(folder: Path, name: str) -> Path:
    """`name` in `folder`. Raises LoomError `archive_refused` for a name that leads out of it."""
    parts = name.split("/")
    if not name or "\\" in name or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
        raise LoomError("archive_refused", f"The backup holds a file with the name {name!r}.", "Loom did not make it.")
    return folder.joinpath(*parts)


def _gone(about: dict[str, Any]) -> dict[str, list[str]]:
    return {name: list(ids) for name, ids in about["gone"].items()}


def _lines(file: Path) -> Iterator[str]:
    if file.exists():
        with file.open(encoding="utf-8") as stream:
            yield from stream
