"""From the path in the config to a folder that can be walked: a folder as it is, a zip unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from loraloom.data.archive import digest, unpack
from loraloom.data.home import cache
from loraloom.data.names import printable
from loraloom.spec.dataset import FileNote
from loraloom.spec.errors import LoomError

_OTHER_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")


def open_source(path: str, unpack_to: Path | None) -> tuple[Path, list[FileNote]]:
    """The folder to walk, absolute, and notes on what was left out of a zip.

    Raises LoomError `dataset_not_found`, `dataset_unreadable`, and what `archive.unpack` raises.
    """
    place = Path(path).expanduser()
    try:
        place = place.resolve()
        if place.is_dir():
            return place, []
        exists, is_file = place.exists(), place.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise LoomError(
            "dataset_unreadable",
            f"{printable(path)} cannot be opened ({error}).",
            "Check the path and its permissions.",
        ) from error
    if not exists:
        hint = "Check dataset.path; a relative path starts from the folder the command runs in."
        raise LoomError("dataset_not_found", f"There is no folder or zip at {printable(str(place))}.", hint)
    if not is_file or not zipfile.is_zipfile(place):
        raise LoomError(
            "dataset_unreadable", f"{printable(place.name)} is neither a folder nor a zip.", _way_out(place)
        )
    return unpack(place, unpack_to or cache() / "unpacked", digest(place))


def _way_out(place: Path) -> str:
    if place.suffix.lower() in _OTHER_ARCHIVES:
        return "Of archives only zip is read: unpack it and give the folder."
    if place.suffix.lower() == ".zip":
        return "The zip is damaged: zip the folder again."
    return "Give the folder that holds the pictures."
