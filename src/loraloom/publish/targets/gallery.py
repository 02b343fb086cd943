"""The gallery as a place: what is published is kept beside it, and the whole of it is made anew each time."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from loraloom.publish.bundle import Bundle
from loraloom.publish.gallery.build import build, slug_of
from loraloom.publish.gallery.entry import ENTRY, keep
from loraloom.publish.hashes import sha256_of
from loraloom.publish.targets.target import Put
from loraloom.publish.writing import refusal


@dataclass(frozen=True)
class GalleryTarget:
    """`out` is the gallery, `kept` the new folder of this version, `others` those of everything else that is published."""

    out: Path
    kept: Path
    others: tuple[Path, ...] = ()

    def put(self, bundle: Bundle) -> Put:
        """Keep `bundle` and make the gallery with it. Raises LoomError `disk_full`, `not_writable`."""
        done = False
        try:
            keep(bundle, self.kept)
            build(self.out, (*self.others, self.kept))
            done = True
        except OSError as error:
            raise refusal(self.kept, error) from error
        finally:
            if not done:
                shutil.rmtree(self.kept, ignore_errors=True)
        files = sorted(file for file in self.kept.iterdir() if file.name != ENTRY)
        return Put({file.name: sha256_of(file) for file in files}, f"{slug_of(bundle.label)}/index.html")

    def take(self, put: Put) -> None:
        """Make the gallery without it. Raises LoomError `disk_full`, `not_writable`."""
        build(self.out, self.others)
        shutil.rmtree(self.kept, ignore_errors=True)
