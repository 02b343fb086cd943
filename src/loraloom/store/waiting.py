"""Captions that were uploaded before their pictures: kept beside the uploads until the picture comes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kept:
    """A caption, and the label of the file it stood in."""

    file: str
    caption: str


class Waiting:
    """A small file for each caption: `<data set>/<hash of the key>.json`. Keys are whatever callers compare by."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, dataset_id: str, key: str, kept: Kept) -> None:
        """Keep it; a later caption of the same key takes its place."""
        place = self._place(dataset_id, key)
        place.parent.mkdir(parents=True, exist_ok=True)
        half = place.with_suffix(".partial")
        half.write_text(json.dumps(asdict(kept)), encoding="utf-8")
        half.replace(place)

    def find(self, dataset_id: str, keys: Iterable[str]) -> tuple[str, Kept] | None:
        """The first of `keys` under which something waits, and what."""
        for key in keys:
            try:
                return key, Kept(**json.loads(self._place(dataset_id, key).read_text(encoding="utf-8")))
            except (FileNotFoundError, ValueError, TypeError):
                continue
        return None

    def drop(self, dataset_id: str, key: str) -> None:
        """What waits under `key` has found its picture."""
        self._place(dataset_id, key).unlink(missing_ok=True)

    def forget(self, dataset_id: str) -> None:
        """Drop everything that waits for pictures of this data set."""
        shutil.rmtree(self._root / dataset_id, ignore_errors=True)

    def _place(self, dataset_id: str, key: str) -> Path:
        return self._root / dataset_id / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
