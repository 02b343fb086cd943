"""Which members of a zip are unpacked, under which names; hostile archives are refused as a whole."""

from __future__ import annotations

import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

from loraloom.data.formats import PICTURE_EXTENSIONS
from loraloom.data.layout import CAPTION_EXTENSIONS, CONFIG_EXTENSION, METADATA_EXTENSIONS, is_cache, plain
from loraloom.data.limits import MAX_PICTURE_BYTES, ArchiveLimits
from loraloom.data.names import printable, safe_component
from loraloom.data.refusal import Refused
from loraloom.data.texts import decode_text
from loraloom.data.walk import is_hidden
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".cbz", ".jar")
_DRIVE = re.compile(r"[A-Za-z]:")
_ENCRYPTED, _UTF8 = 0x1, 0x800
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_DEPTH = 16


@dataclass(frozen=True)
class Member:
    """A file of an archive: its name as a label, and the parts of the path it is written to."""

    info: zipfile.ZipInfo
    name: str
    parts: tuple[str, ...]


def choose(zipped: zipfile.ZipFile, archive: Path, limits: ArchiveLimits) -> tuple[list[Member], list[FileNote]]:
    """The members to unpack, and notes on the rest. Raises LoomError `archive_refused`."""
    infos = [info for info in zipped.infolist() if not info.is_dir()]
    _check_counts(infos, archive, limits)
    _check_overlap(infos, archive)
    members: list[Member] = []
    notes: list[FileNote] = []
    taken: set[str] = set()
    for info in infos:
        name = _name(info)
        try:
            parts = _parts(name, archive)
            _check_member(info, parts)
            safe = tuple(safe_component(part) for part in parts)
            place = plain("/".join(safe))
            if place in taken:
                raise Refused("unsafe_name", "Another file of the archive has the same name; rename one of them.")
            taken.add(place)
            members.append(Member(info, name, safe))
        except Refused as refused:
            notes.append(refused.note(printable(name)))
    return members, notes


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name. Zips made by Windows tools often hold GBK where the format says code page 437."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        decoded = decode_text(info.orig_filename.split("\x00", 1)[0].encode("cp437"))
    except UnicodeEncodeError:
        return info.filename
    return decoded.text if decoded is not None else info.filename


def _parts(name: str, archive: Path) -> tuple[str, ...]:
    path = name.replace("\\", "/")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if path.startswith("/") or _DRIVE.match(path) or ".." in parts or not parts or "\x00" in name:
        raise _refuse(
            archive, f"a name in it leads outside of it ({printable(name[:120])!r})", "Do not trust this archive."
        )
    return parts


def _check_member(info: zipfile.ZipInfo, parts: tuple[str, ...]) -> None:
    name = parts[-1].lower()
    kind = stat.S_IFMT(info.external_attr >> 16)
    if any(is_hidden(part) for part in parts):
        raise Refused("hidden", "Hidden or left by the system; not unpacked.")
    if kind == stat.S_IFLNK:
        raise Refused("unsafe_name", "A link, not unpacked; put the file itself into the archive.")
    if kind not in (0, stat.S_IFREG):
        raise Refused("unsupported", "A pipe, socket or device, not a file; not unpacked.")
    if len(parts) > _DEPTH:
        raise Refused("unsafe_name", f"Lies more than {_DEPTH} folders deep; move it up.")
    if name.endswith(_ARCHIVES):
        raise Refused("unsupported", "An archive inside the archive, not unpacked; put its files in directly.")
    if info.flag_bits & _ENCRYPTED:
        raise Refused("unreadable", "Locked with a password; zip it without one.")
    if info.compress_type not in _METHODS:
        raise Refused("unsupported", "Packed by a method that is not read; zip it the usual way (deflate).")
    if info.file_size > MAX_PICTURE_BYTES:
        raise Refused("too_large", f"Larger than the limit of {MAX_PICTURE_BYTES // 2**20} MiB for one file.")
    if is_cache(name):
        raise Refused("cache", "A cache of another trainer; not needed.")
    if not name.endswith((*PICTURE_EXTENSIONS, *CAPTION_EXTENSIONS, *METADATA_EXTENSIONS, CONFIG_EXTENSION)):
        raise Refused("not_a_picture", "Neither picture nor caption by its name; not unpacked.")


def _check_counts(infos: list[zipfile.ZipInfo], archive: Path, limits: ArchiveLimits) -> None:
    packed, total = archive.stat().st_size, sum(info.file_size for info in infos)
    if len(infos) > limits.files:
        raise _refuse(archive, f"it holds {len(infos):,} files, above the limit of {limits.files:,}", "Split it.")
    if total > limits.total:
        raise _refuse(archive, f"it unpacks to {_size(total)}, above the limit of {_size(limits.total)}", "Split it.")
    if total > limits.ratio_free and total > limits.ratio * packed:
        says = f"it unpacks to {total // max(packed, 1)} times its size, above the limit of {limits.ratio:g} times"
        raise _refuse(archive, says, "If it really holds pictures, unpack it yourself and give the folder.")


def _check_overlap(infos: list[zipfile.ZipInfo], archive: Path) -> None:
    """Members that share bytes are how a small zip claims to hold petabytes (Fifield, "A better zip bomb", 2019)."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise _refuse(archive, "files in it overlap", "Do not trust this archive, or zip the folder again.")
        end = info.header_offset + info.compress_size


def _refuse(archive: Path, says: str, hint: str) -> LoomError:
    return LoomError("archive_refused", f"{printable(archive.name)} was not unpacked: {says}.", hint)


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"
