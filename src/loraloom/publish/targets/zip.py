"""A zip with everything in it, kept to be downloaded: the same version makes the same bytes."""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loraloom.data.zipping import Growing
from loraloom.publish.bundle import Bundle
from loraloom.publish.hashes import sha256_of
from loraloom.publish.targets.target import Put
from loraloom.publish.writing import refusal

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can say: the same for everybody."""


@dataclass(frozen=True)
class ZipTarget:
    """Writes `<name>-v<version>.zip` into `folder`, which is made."""

    folder: Path

    def put(self, bundle: Bundle) -> Put:
        """Pack `bundle`, stored and sorted by name. Raises LoomError `not_writable`, `disk_full`."""
        file = self.folder / zip_name(bundle)
        beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                with beside.open("xb") as stream:
                    write_zip(bundle.folder, bundle.files, f"{bundle.stem}-v{bundle.version}", stream.write)
                    stream.flush()
                    os.fsync(stream.fileno())
                beside.replace(file)
            finally:
                beside.unlink(missing_ok=True)
        except OSError as error:
            raise refusal(file, error) from error
        return Put({file.name: sha256_of(file)})

    def take(self, put: Put) -> None:
        """Delete the zip. Raises LoomError `not_writable`."""
        try:
            for name in put.files:
                (self.folder / Path(name).name).unlink(missing_ok=True)
        except OSError as error:
            raise refusal(self.folder, error) from error


def zip_name(bundle: Bundle) -> str:
    """What the zip of `bundle` is called."""
    return f"{bundle.stem}-v{bundle.version}.zip"


def write_zip(folder: Path, names: tuple[str, ...], root: str, write: Callable[[bytes], object]) -> None:
    """Write the files `names` of `folder` as a zip whose members lie under `root`: no times, no owners, no machine in it."""
    growing = Growing()
    for name in sorted(names):
        info = zipfile.ZipInfo(f"{root}/{name}", LONG_AGO)
        info.create_system, info.external_attr = 3, 0o644 << 16
        info.file_size = (folder / name).stat().st_size
        with (folder / name).open("rb") as source:
            for block in growing.copy(info, source):
                write(block)
    for block in growing.end():
        write(block)
