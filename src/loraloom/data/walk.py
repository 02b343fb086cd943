"""Walking a data set folder: every regular file in a fixed natural order, and a note for whatever is not looked at."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from loraloom.data.limits import MAX_FOLDER_FILES
from loraloom.data.names import printable
from loraloom.data.refusal import Refused
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError

_SYSTEM_NAMES = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "icon\r"))
_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file: where it lies, its label (forward slashes, printable), and the parts of its path in the data set."""

    path: Path
    name: str
    parts: tuple[str, ...]


def walk(root: Path) -> tuple[list[Found], list[FileNote]]:
    """Regular files under `root` in natural order (img2 before img10), and notes for everything else.

    Links out of the folder, pipes, devices, hidden and system files, and folders that cannot be listed become notes; links
    to folders are never followed. Raises LoomError `dataset_unreadable` when `root` cannot be listed or holds more than
    `MAX_FOLDER_FILES` files.
    """
    root = root.resolve()
    found: list[Found] = []
    notes: list[FileNote] = []
    waiting: list[tuple[Path, tuple[str, ...]]] = [(root, ())]
    while waiting:
        folder, above = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError as error:
            if folder == root:
                raise LoomError(
                    "dataset_unreadable",
                    f"The folder {root} cannot be listed ({error.strerror}).",
                    "Check its permissions.",
                ) from error
            notes.append(
                Refused("unreadable", "This folder cannot be listed; check its permissions.").note(_label(above) + "/")
            )
            continue
        for entry in entries:
            parts = (*above, entry.name)
            try:
                path = _look(entry, root)
                if path is None:
                    waiting.append((Path(entry.path), parts))
                else:
                    found.append(Found(path, _label(parts), parts))
            except Refused as refused:
                notes.append(refused.note(_label(parts)))
        if len(found) + len(notes) > MAX_FOLDER_FILES:
            raise LoomError(
                "dataset_unreadable",
                f"{root} holds more than {MAX_FOLDER_FILES:,} files.",
                "Point at the folder of the data set itself, or split it.",
            )
    found.sort(key=lambda file: natural_key(file.parts))
    found = _one_of_each_label(found, notes)
    notes.sort(key=lambda note: natural_key(tuple(note.file.split("/"))))
    return found, notes


def natural_key(parts: tuple[str, ...]) -> tuple[object, ...]:
    """Sorting key of a path: part by part, numbers by value, letters without case."""
    keys = [tuple((int(t), "") if t.isdecimal() else (-1, t.casefold()) for t in _NUMBER.split(part)) for part in parts]
    return tuple(keys), parts


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is hidden or left by the system."""
    return name.startswith(".") or name.casefold() in _SYSTEM_NAMES


def _look(entry: os.DirEntry[str], root: Path) -> Path | None:
    """The path to open for a file, None for a folder to go into. Raises Refused for everything else."""
    if is_hidden(entry.name):
        raise Refused("hidden", "Hidden or left by the system; not looked at.")
    try:
        entry.name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Refused("unsafe_name", "Its name is not valid UTF-8; rename it.") from error
    try:
        if entry.is_symlink():
            return _target(Path(entry.path), root)
        if entry.is_dir(follow_symlinks=False):
            return None
        regular = entry.is_file(follow_symlinks=False)
    except OSError as error:
        raise Refused("unreadable", f"Cannot be looked at ({error.strerror}); check its permissions.") from error
    if not regular:
        raise Refused("unsupported", "A pipe, socket or device, not a file; it was not opened. Remove it.")
    return Path(entry.path)


def _one_of_each_label(found: list[Found], notes: list[FileNote]) -> list[Found]:
    """Labels are keys: of two names that differ only in how accents or control characters are written, one stays."""
    labels: dict[str, Found] = {}
    for file in found:
        if labels.setdefault(file.name, file) is not file:
            notes.append(
                Refused("unsafe_name", "Another file's name reads the same; rename one of them.").note(file.name)
            )
    return list(labels.values())


def _target(link: Path, root: Path) -> Path:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop, before Python 3.13
        raise Refused("unreadable", "A link that leads nowhere; put the file itself in its place.") from error
    if target.is_dir():
        raise Refused("unsafe_name", "A link to a folder, not followed; move the folder itself here.")
    if not target.is_relative_to(root):
        raise Refused("unsafe_name", "A link out of the data set, not followed; copy the file itself here.")
    if not target.is_file():
        raise Refused("unsupported", "A link to a pipe, socket or device; it was not opened. Remove it.")
    return target


def _label(parts: tuple[str, ...]) -> str:
    return printable(
        "/".join(unicodedata.normalize("NFC", part.encode("utf-8", "backslashreplace").decode()) for part in parts)
    )
