"""From pictures to a folder or a zip in one of the formats."""

from __future__ import annotations

import errno
import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from loraloom.data.exporting import flat, imagefolder, kohya, lora_scripts
from loraloom.data.exporting.picture import Entry, Format, Picture
from loraloom.data.kohya import HELD_OUT, looks_like_concept
from loraloom.data.zipping import BLOCK, Growing
from loraloom.spec.errors import LoomError


class _Entries(Protocol):
    def __call__(self, pictures: Sequence[Picture], words: str, crop: bool) -> Iterator[Entry]: ...


_WRITERS: dict[Format, _Entries] = {
    "kohya": kohya.entries,
    "imagefolder": imagefolder.entries,
    "lora-scripts": lora_scripts.entries,
    "flat": flat.entries,
}
SAYS_CROPS = frozenset[Format](("imagefolder", "flat"))
"""Formats that can say which part of a picture is meant; for the others pictures are cut."""


def entries(pictures: Sequence[Picture], form: Format, words: str = "", crop: bool | None = None) -> Iterator[Entry]:
    """The files of `pictures` in `form`, made one after the other; two runs over the same pictures give the same.

    `crop`: whether pictures are cut to their crops (None: where the format cannot say them). `words` name kohya's folders of
    pictures that lie in none. Raises LoomError `dataset_empty`, `dataset_unreadable`.
    """
    if not pictures:
        raise LoomError("dataset_empty", "There are no pictures to export.", "Add some, or choose others.")
    return _WRITERS[form](pictures, words, form not in SAYS_CROPS if crop is None else crop)


def to_folder(files: Iterator[Entry], target: Path) -> int:
    """Write `files` into `target`, which must be empty or not there. Returns how many there were.

    Raises LoomError `not_writable`, `disk_full`, `dataset_unreadable`.
    """
    count = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise LoomError("not_writable", f"{target} is not empty.", "Name a new folder, or empty it first.")
        for file in files:
            place = target.joinpath(*file.name.split("/"))
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as out:
                if isinstance(file.content, bytes):
                    out.write(file.content)
                else:
                    with file.content.open("rb") as source:
                        shutil.copyfileobj(source, out, BLOCK)
            count += 1
    except OSError as error:
        raise _disk_error(error, target) from error
    return count


def to_zip(files: Iterator[Entry], inside: str = "") -> Iterator[bytes]:
    """A zip with `files`, in blocks, while it is made: never more than a block of it in memory. `inside` names a folder
    around them. Stored, not packed: pictures do not get smaller."""
    growing = Growing()
    moment = time.localtime()[:6]
    if looks_like_concept(inside) or inside == HELD_OUT:
        inside = f"set {inside}"  # or the folder would say repeats of all the pictures in it
    prefix = f"{inside}/" if inside else ""
    for file in files:
        info = zipfile.ZipInfo(prefix + file.name, (max(1980, moment[0]), *moment[1:]))
        info.external_attr = 0o644 << 16
        if isinstance(file.content, bytes):
            yield from growing.add(info, file.content)
        else:
            info.file_size = file.content.stat().st_size
            with file.content.open("rb") as source:
                yield from growing.copy(info, source)
    yield from growing.end()


def zip_to(files: Iterator[Entry], target: Path) -> None:
    """Write the zip `target`, which must not be there. Raises what `to_folder` raises."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            try:
                for block in to_zip(files):
                    out.write(block)
            except BaseException:
                out.close()
                target.unlink(missing_ok=True)
                raise
    except FileExistsError as error:
        raise LoomError("not_writable", f"{target} exists already.", "Choose another name, or remove it.") from error
    except OSError as error:
        raise _disk_error(error, target) from error


def _disk_error(error: OSError, target: Path) -> LoomError:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return LoomError("disk_full", f"The disk is full: {target} cannot be written.", "Free some space.")
    return LoomError("not_writable", f"{target} cannot be written ({error.strerror}).", "Choose another place.")
