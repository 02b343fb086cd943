"""Unpacking a zip of pictures: names, sizes and counts are checked before a byte is written, and again while writing."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import zipfile
import zlib
from pathlib import Path

from pydantic import BaseModel, ValidationError

from loraloom.data.limits import ARCHIVE, ArchiveLimits
from loraloom.data.members import Member, choose
from loraloom.data.names import printable
from loraloom.data.refusal import Refused
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError

_MARKER = "unpacked.json"
_CHUNK = 2**20


class Unpacked(BaseModel):
    """What is written beside an unpacked archive: which archive it was, and what was left out of it."""

    sha256: str
    skipped: list[FileNote]


def digest(archive: Path) -> str:
    """SHA-256 of the archive's bytes, in hexadecimal. Raises LoomError `dataset_unreadable`."""
    try:
        with archive.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise LoomError(
            "dataset_unreadable", f"{archive.name} cannot be read ({error.strerror}).", "Check its permissions."
        ) from error


def unpack(archive: Path, into: Path, sha256: str, limits: ArchiveLimits = ARCHIVE) -> tuple[Path, list[FileNote]]:
    """The folder with the files of `archive`, and notes on those left out. An archive that was unpacked before is reused.

    The files lie in `into / "files"`, complete or not at all. Raises LoomError `archive_refused` when the archive is
    hostile or above `limits`, `dataset_unreadable` when it is damaged, `disk_full`, `not_writable`.
    """
    target = into / "files"
    before = _read_marker(into / _MARKER)
    if before is not None and before.sha256 == sha256 and target.is_dir():
        return target, before.skipped
    try:
        with zipfile.ZipFile(archive) as zipped:
            members, notes = choose(zipped, archive, limits)
            _check_room(members, into)
            try:
                notes += _write_all(zipped, members, into, target)
                marker = Unpacked(sha256=sha256, skipped=notes).model_dump_json()
                (into / _MARKER).write_text(marker, encoding="utf-8")
            except OSError as error:
                raise _disk_error(error, into) from error
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise LoomError(
            "dataset_unreadable",
            f"{archive.name} is damaged and cannot be unpacked ({error}).",
            "Zip the folder again.",
        ) from error
    return target, notes


def _read_marker(path: Path) -> Unpacked | None:
    try:
        return Unpacked.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _write_all(zipped: zipfile.ZipFile, members: list[Member], into: Path, target: Path) -> list[FileNote]:
    """Write `members` beside `target` and rename, so that a folder with half of the files is never taken for the whole."""
    into.mkdir(parents=True, exist_ok=True)
    half = into / f"files.{os.getpid()}.partial"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    notes: list[FileNote] = []
    try:
        for member in members:
            path = half.joinpath(*member.parts)
            try:
                _write(zipped, member, path)
            except Refused as refused:
                path.unlink(missing_ok=True)
                notes.append(refused.note(printable(member.name)))
        shutil.rmtree(target, ignore_errors=True)
        half.rename(target)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return notes


def _write(zipped: zipfile.ZipFile, member: Member, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with path.open("xb") as out:
        try:
            with zipped.open(member.info) as source:
                while chunk := source.read(_CHUNK):
                    written += len(chunk)
                    if written > member.info.file_size:
                        raise Refused("unreadable", "Holds more than the archive says; zip it again.")
                    out.write(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise Refused("unreadable", f"Cannot be unpacked ({error}); zip it again.") from error


def _check_room(members: list[Member], into: Path) -> None:
    needed = sum(member.info.file_size for member in members)
    folder = into
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed > free:
        says = f"The archive unpacks to {needed // 2**20:,} MiB, and {into} has {free // 2**20:,} MiB free."
        raise LoomError("disk_full", says, "Free some space, or move the data home with LORALOOM_HOME.")


def _disk_error(error: OSError, into: Path) -> LoomError:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return LoomError(
            "disk_full", f"The disk is full: the archive cannot be unpacked into {into}.", "Free some space."
        )
    hint = "Unpack it yourself and give the folder, or move the data home with LORALOOM_HOME."
    return LoomError("not_writable", f"The archive cannot be unpacked into {into} ({error.strerror}).", hint)
