"""A backup of everything a server keeps, made while it works.

What makes it consistent: rows name blobs, and never the other way round; a blob is written before the row that names it,
and does not change. So blobs are copied first, then the records as of one moment, then the blobs that these records name and
that were not there yet. If one of them is gone by then, its row was deleted after that moment, and the records are taken
again. Blobs that nothing names do no harm; the next clean-up removes them. Files of runs come after the records: events are
only ever appended, so a run's row is never ahead of its events, and a server that starts reads on where the row stands. The
files of a checkpoint are all opened before the first is read: it is whole, even if it is pruned meanwhile, or not there.
Runs that were deleted while their files were copied are listed, and left out when the backup is restored.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from loraloom import __version__
from loraloom.jobs import archive, dump
from loraloom.spec.errors import LoomError
from loraloom.store.blobs import Blobs
from loraloom.store.database import Database

FORMAT = 1
TABLES, BLOBS, HOME = "tables/", "blobs/", "home/"
"""How names of members begin."""
LEFT_OUT = frozenset({"blobs", "cache", "uploads", "models", "drawing"})
"""Folders of the data home: kept otherwise, or can be made again, or asked for (`models`)."""
TRIES = 5

Say = Callable[[str, int, int], None]
"""Told what is being copied, and files and bytes so far."""


def in_silence(what: str, files: int, size: int) -> None:
    """Tells nobody."""


@dataclass
class Made:
    """What a backup holds."""

    file: Path
    files: int = 0
    bytes: int = 0
    rows: dict[str, int] = field(default_factory=dict[str, int])
    missing: list[str] = field(default_factory=list[str])
    """Blobs that rows name and that the store does not have, or not as they were: it was damaged before."""


def backup(
    database: Database,
    blobs: Blobs,
    home: Path,
    file: Path,
    *,
    with_blobs: bool = True,
    with_models: bool = False,
    say: Say = in_silence,
) -> Made:
    """Write everything to `file`. Raises LoomError `name_taken`, `archive_refused`, `extra_missing`, `database_unusable`."""
    file, made = file.absolute(), Made(file)
    with (
        archive.writing(file) as into,
        tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as scratch,
    ):

        def told(what: str) -> None:
            say(what, len(into.entries), into.bytes)

        snapshot, made.missing = _records(database, blobs if with_blobs else None, into, Path(scratch), told)
        for table in snapshot.rows:
            with (snapshot.folder / f"{table}.jsonl").open("rb") as stream:
                into.add(f"{TABLES}{table}.jsonl", stream)
        left_out = LEFT_OUT - ({"models"} if with_models else set())
        for name, stream in _files(home, left_out, file.parent if file.is_relative_to(home) else None):
            into.add(HOME + name, stream)
            told("files")
        about = {
            "format": FORMAT,
            "loom": __version__,
            "made_at": datetime.now(UTC).isoformat(),
            "revision": snapshot.revision,
            "home": str(home),
            "rows": snapshot.rows,
            "gone": dump.gone_since(database, snapshot),
            "blobs": with_blobs,
            "missing": made.missing,
        }
        into.close(about)
        made.files, made.bytes, made.rows = len(into.entries), into.bytes, snapshot.rows
    return made


def _records(
    database: Database, blobs: Blobs | None, into: archive.Archive, scratch: Path, told: Callable[[str], None]
) -> tuple[dump.Snapshot, list[str]]:
    """The records, once every blob that they name is in; and the blobs that are missing whenever one looks."""
    lacking: set[str] | None = None
    for number in range(TRIES):
        folder = scratch / str(number)
        folder.mkdir()
        for key in blobs.keys() if blobs is not None else ():
            if blobs is not None and BLOBS + key not in into.entries:
                _add_blob(into, blobs, key)
                told("blobs")
        snapshot = dump.take(database, folder)
        if blobs is None:
            return snapshot, []
        wanted = {key for key in snapshot.blobs if BLOBS + key not in into.entries}
        missing = {key for key in sorted(wanted) if not _add_blob(into, blobs, key)}
        if not missing or missing == lacking:
            missing |= {key for key in snapshot.blobs - missing if into.entries[BLOBS + key].sha256 != key}
            return snapshot, sorted(missing)
        lacking = missing
    raise LoomError("in_use", "Pictures are being deleted faster than they can be copied.", "Try again in a while.")


def _add_blob(into: archive.Archive, blobs: Blobs, key: str) -> bool:
    """False when it is gone."""
    try:
        with blobs.open(key) as stream:
            into.add(BLOBS + key, stream)
            return True
    except FileNotFoundError:
        return False
    except LoomError as error:
        if error.code == "checksum_mismatch":
            return False
        raise


def _files(home: Path, left_out: frozenset[str] | set[str], own: Path | None) -> Iterator[tuple[str, BinaryIO]]:
    """Files of the data home, open, with their names in it: no links, nothing hidden (which is how things are named that
    are not finished), no database, and no backup beside which this one is written (`own`)."""
    for place, folders, names in os.walk(home):
        folder = Path(place)
        relative = folder.relative_to(home)
        at_top, in_run = relative == Path(), relative.parts[:1] == ("runs",) and len(relative.parts) == 2
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and not (at_top and name in left_out)
            and not (in_run and name in ("cache", "asks"))
        )
        wanted = [folder / name for name in sorted(names) if not _is_passing(name, at_top)]
        if folder == own:
            wanted = [path for path in wanted if not path.name.endswith(archive.SUFFIXES)]
        whole = relative.parts[:1] == ("runs",) and "checkpoints" in relative.parts
        yield from ((path.relative_to(home).as_posix(), stream) for path, stream in _open(wanted, whole))


def _is_passing(name: str, at_top: bool) -> bool:
    if at_top and name.startswith("loraloom.db"):
        return True
    return name.startswith(".") or name == "lock" or name.endswith((".lock", ".partial", ".new"))


def _open(paths: list[Path], whole: bool) -> Iterator[tuple[Path, BinaryIO]]:
    """The files that are there, open. `whole`: all of them at once, or none."""
    if not whole:
        for path in paths:
            try:
                if path.is_file() and not path.is_symlink():
                    with path.open("rb") as stream:
                        yield path, stream
            except FileNotFoundError:  # deleted meanwhile
                continue
        return
    with ExitStack() as stack:
        try:
            opened = [(path, stack.enter_context(path.open("rb"))) for path in paths if not path.is_symlink()]
        except FileNotFoundError:
            return
        yield from opened
