"""Unpacking a zip of pictures: names, sizes and counts are checked before a byte is written, and again while writing."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from loraloom.data.limits import ARCHIVE, ArchiveLimits
from loraloom.data.members import Member, choose
from loraloom.data.names import printable
from loraloom.data.refusal import Refused
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError

_FILES = "files"
_MARKER = "unpacked.json"
_CHUNK = 2**20
_DAMAGED = (zipfile.BadZipFile, EOFError, ValueError, IndexError, struct.error, OverflowError, NotImplementedError)
"""What `zipfile` raises for a directory that is damaged."""


class Unpacked(BaseModel):
    """What is written beside the files of an unpacked archive: how many there are, and what was left out."""

    files: int
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
    """The folder with the files of `archive`, and notes on those left out. What was unpacked before is used again.

    The folder lies in `into` under the archive's hash, complete or not at all. Raises LoomError `archive_refused` when
    the archive is hostile or above `limits`, `dataset_unreadable` when it is damaged, `disk_full`, `not_writable`.
    """
    place = into / sha256[:32]
    before = _unpacked_before(place)
    if before is not None:
        return place / _FILES, before.skipped
    try:
        with zipfile.ZipFile(archive) as zipped:
            members, notes = choose(zipped, archive, limits)
            _check_room(members, into)
            try:
                notes += _write_all(zipped, members, notes, place)
            except OSError as error:
                raise _disk_error(error, into) from error
    except _DAMAGED as error:
        raise LoomError(
            "dataset_unreadable",
            f"{archive.name} is damaged and cannot be unpacked ({error}).",
            "Zip the folder again.",
        ) from error
    return place / _FILES, notes


def _unpacked_before(place: Path) -> Unpacked | None:
    try:
        before = Unpacked.model_validate_json((place / _MARKER).read_bytes())
    except (OSError, ValidationError):
        return None
    there = sum(len(names) for _, _, names in os.walk(place / _FILES))
    return before if there == before.files else None


def _write_all(zipped: zipfile.ZipFile, members: list[Member], notes: list[FileNote], place: Path) -> list[FileNote]:
    """Write `members` beside `place` and rename, so that half of the files are never taken for the whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(dir=place.parent, prefix=f"{place.name}.", suffix=".partial"))
    refusals: list[FileNote] = []
    try:
        (half / _FILES).mkdir()
        for member in members:
            path = half.joinpath(_FILES, *member.parts)
            try:
                _write(zipped, member, path)
            except Refused as refused:
                path.unlink(missing_ok=True)
                refusals.append(refused.note(printable(member.name)))
        marker = Unpacked(files=len(members) - len(refusals), skipped=notes + refusals)
        (half / _MARKER).write_text(marker.model_dump_json(), encoding="utf-8")
        _move(half, place)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return refusals


def _move(half: Path, place: Path) -> None:
    """Rename, unless another process has unpacked the same archive meanwhile; what is left of an older try goes."""
    if place.exists() and _unpacked_before(place) is None:
        shutil.rmtree(place)
    try:
        half.rename(place)
    except OSError:
        if _unpacked_before(place) is None:
            raise


def _write(zipped: zipfile.ZipFile, member: Member, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as out:
        for chunk in _chunks(zipped, member):
            out.write(chunk)


def _chunks(zipped: zipfile.ZipFile, member: Member) -> Iterator[bytes]:
    """The member's bytes, never more than it declares. Raises Refused `unreadable`."""
    left = member.info.file_size
    try:
        with zipped.open(member.info) as source:
            while chunk := source.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
    except Exception as error:  # zipfile, zlib, bz2 and lzma each raise errors of their own, some of them OSError
        raise Refused("unreadable", f"Cannot be unpacked ({error}); zip it again.") from error
    if left < 0:
        raise Refused("unreadable", "Holds more than the archive says; zip it again.")


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
