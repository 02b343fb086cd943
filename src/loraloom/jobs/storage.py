"""What the data home holds, and what of it may go."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import String, cast, delete, select
from sqlalchemy.orm import Session

from loraloom.jobs.states import ENDED
from loraloom.store.blobs import Blobs
from loraloom.store.tables import Artifact, ChangeItem, Drawing, Image, Run, Upload

Cleanable = Literal["cache", "run_caches", "checkpoints", "blobs", "uploads"]
"""cache: converted LoRAs, unpacked archives, converted language models that no run needs now; run_caches: latents of runs
that ended; checkpoints: of runs that finished; blobs: pictures that no data set holds, or that were removed from it, and
that are no kept drawing; uploads: what was never finished."""
BASES = "bases"
"""As in `models.text_base`: language models converted from .gguf files, in the cache."""
COPIES = "blobs"
"""As in `store.blobs.s3`: copies of blobs that lie elsewhere, in the cache."""
_MANY = (BASES, "exports", "unpacked")
"""Folders of the cache in which each entry can go alone."""
STALE = 2 * 86400
"""Seconds after which an upload that stands still is given up."""


class Part(BaseModel):
    """`bytes` in all, `removable` of them by a clean-up of that name (0 for what is never cleaned)."""

    name: str
    bytes: int
    files: int
    removable: int


def usage(session: Session, home: Path, blobs: Blobs) -> list[Part]:
    """Every part of the data home."""
    places = {
        "cache": _cached(session, home),
        "run_caches": _caches(session, home),
        "checkpoints": _checkpoints(session, home),
        "uploads": _stale(session, home),
    }
    whole = {"cache": "cache", "blobs": "blobs", "uploads": "uploads", "runs": "runs", "models": "models"}
    parts: list[Part] = []
    for name, folder in whole.items():
        size, files = blobs.total() if name == "blobs" else size_of(home / folder)
        removable = _unused(session, blobs) if name == "blobs" else _sum(places.get(name, []))
        parts.append(Part(name=name, bytes=size, files=files, removable=removable))
    for name in ("run_caches", "checkpoints"):
        size = _sum(places[name])
        parts.append(Part(name=name, bytes=size, files=sum(size_of(p)[1] for p in places[name]), removable=size))
    return parts


def clean(session: Session, home: Path, blobs: Blobs, parts: Sequence[Cleanable]) -> None:
    """Remove what `usage` called removable in `parts`."""
    for name in parts:
        if name == "cache":
            targets = _cached(session, home)
        elif name == "run_caches":
            targets = _caches(session, home)
        elif name == "checkpoints":
            targets = _checkpoints(session, home)
        elif name == "blobs":
            session.execute(delete(Image).where(Image.removed))
            session.commit()  # else the rows could come back, but not their blobs
            named = references(session)
            session.commit()
            blobs.sweep(named)
            continue
        else:
            targets = _stale(session, home)
        for target in targets:
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target, ignore_errors=True)
            else:
                target.unlink(missing_ok=True)


def cache_entries(session: Session, home: Path) -> list[Path]:
    """What lies in the cache, thing by thing, but for converted language models while a run on texts may still read one, and
    for copies of blobs, which have a bound of their own."""
    return [
        path
        for place in _cached(session, home)
        for path in (place.iterdir() if place.is_dir() and place.name in _MANY else [place])
    ]


def _cached(session: Session, home: Path) -> list[Path]:
    waits = select(Run.id).where(Run.family == "causal_lm", Run.state.not_in(ENDED)).limit(1)
    kept = {COPIES, BASES} if session.scalar(waits) is not None else {COPIES}
    folder = home / "cache"
    return [path for path in folder.iterdir() if path.name not in kept] if folder.is_dir() else []


def _caches(session: Session, home: Path) -> list[Path]:
    ended = session.scalars(select(Run.id).where(Run.state.in_(ENDED)))
    return [folder for run_id in ended if (folder := home / "runs" / run_id / "cache").is_dir()]


def _checkpoints(session: Session, home: Path) -> list[Path]:
    finished = session.scalars(select(Run.id).where(Run.state == "finished"))
    return [folder for run_id in finished if (folder := home / "runs" / run_id / "checkpoints").is_dir()]


def references(session: Session, removed: bool = True) -> set[str]:
    """Blobs that records name: of pictures (also of `removed` ones, which may come back), every mask that an undo may bring
    back, kept drawings, files of runs.

    Masks go from pictures to changes, so changes are read later: what moves meanwhile is seen in one of both.
    """
    used = set(session.scalars(select(Drawing.blob)))
    used.update(session.scalars(select(Artifact.sha256)))
    which = () if removed else (Image.removed.is_(False),)
    for blob, mask in session.execute(select(Image.blob, Image.mask).where(*which)):
        used.update((blob, mask) if mask else (blob,))
    with_masks = cast(ChangeItem.before, String).contains('"mask"')
    kept = select(ChangeItem.before).join(Image, Image.id == ChangeItem.image_id)
    for before in session.scalars(kept.where(*which, with_masks)):
        used.update((before["mask"],) if before.get("mask") else ())
    return used


def _unused(session: Session, blobs: Blobs) -> int:
    return sum(blobs.size(key) for key in blobs.garbage(references(session, removed=False)))


def _stale(session: Session, home: Path) -> list[Path]:
    busy = set(session.scalars(select(Upload.id).where(Upload.state.in_(("checking",)))))
    folder = home / "uploads"
    files = [file for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
    old = time.time() - STALE
    return [file for file in files if file.name.split(".")[0] not in busy and file.stat().st_mtime < old]


def size_of(path: Path) -> tuple[int, int]:
    """Bytes and files."""
    if path.is_file():
        return path.stat().st_size, 1
    size = files = 0
    for file in path.rglob("*"):
        try:
            if file.is_file() and not file.is_symlink():
                size, files = size + file.stat().st_size, files + 1
        except OSError:
            continue
    return size, files


def _sum(paths: Sequence[Path]) -> int:
    return sum(size_of(path)[0] for path in paths)
