"""Removes what runs left behind once it is old enough, and then the blobs that nothing names.

Why garbage collection cannot delete what is named, although others write meanwhile: whoever writes a key into the database
has put the file (or had it put again) less than the grace time before, and a put makes a blob young (`Blobs.renew`). At the
moment when a blob is deleted it is older than the grace time, so nobody has put it lately: whoever put it before that has
committed long ago, and `references` has seen it. Only one thing is asked of everybody else: no transaction may be open for
as long as the grace time, an hour at least.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel
from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from loraloom.jobs.states import ENDED
from loraloom.jobs.storage import cache_entries, references, size_of
from loraloom.store.blobs import Blobs
from loraloom.store.lifecycle import read_lifecycle
from loraloom.store.tables import Artifact, Run

LOG = logging.getLogger("loraloom.jobs")
RECENT = 86400.0
"""Seconds for which nothing goes from the cache that was used."""
_GOING = ".going-"


class Freed(BaseModel):
    """Bytes that were freed, by part."""

    checkpoints: int = 0
    samples: int = 0
    run_caches: int = 0
    cache: int = 0
    blobs: int = 0


def keep_in_bounds(session: Session, home: Path, blobs: Blobs, now: datetime) -> Freed:
    """Remove what has outlived the ages that are set, from the folders and from the records. Commits as it goes.

    Nothing goes of a run that waits, is at work or paused, or that an experiment or a run that has not ended names; no LoRA
    goes, nor the newest sample, which stands for the run in lists.
    """
    lifecycle, freed = read_lifecycle(session), Freed()
    for left in (home / "runs").glob(f"*/{_GOING}*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    ages = {
        "checkpoints": lifecycle.checkpoints_days,
        "samples": lifecycle.samples_days,
        "cache": lifecycle.run_caches_days,
    }
    for inside, days in ages.items():
        if days is not None:
            size = _remove_old(session, home / "runs", inside, now - timedelta(days=days))
            setattr(freed, "run_caches" if inside == "cache" else inside, size)
    if lifecycle.cache_bytes is not None:
        freed.cache = _trim(session, home, lifecycle.cache_bytes)
    if lifecycle.blobs_grace_hours is not None:
        freed.blobs = collect_garbage(session, blobs, lifecycle.blobs_grace_hours * 3600)
    session.commit()
    if any(freed.model_dump().values()):
        LOG.info("freed %s", freed)
    return freed


def collect_garbage(session: Session, blobs: Blobs, older_than: float) -> int:
    """Delete blobs that no record names and that were put more than `older_than` seconds ago. Returns the bytes."""
    session.commit()  # SQLite shows a transaction the records as they were when it began
    named = references(session)
    session.commit()  # a sweep may take long
    return blobs.sweep(named, older_than)


def _remove_old(session: Session, runs: Path, inside: str, before: datetime) -> int:
    """Remove folders `inside` runs that ended before `before`."""
    named = set(_named(session))
    ended = select(Run.id, Run.cover).where(Run.state.in_(ENDED), Run.ended_at < before)
    freed = 0
    for run_id, cover in session.execute(ended).all():
        kept = "/".join(cover.split("/")[:2]) if cover and inside == "samples" else None
        if run_id in named or not _there(session, runs / run_id, inside, kept):
            continue
        going = runs / run_id / f"{_GOING}{secrets.token_hex(4)}"
        if _hold(session, run_id, before):
            freed += _take(session, runs / run_id, inside, kept, going)
        session.commit()
        shutil.rmtree(going, ignore_errors=True)
    return freed


def _named(session: Session) -> Iterator[str]:
    """Everything that could be the id of a run in the config of an experiment, or of a run that has not ended."""
    naming = select(Run.config).where((Run.kind == "experiment") | Run.state.not_in(ENDED))
    for config in session.scalars(naming):
        yield from _strings(config)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in cast("dict[str, Any]", value).values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _strings(one)


def _there(session: Session, run_dir: Path, inside: str, kept: str | None) -> bool:
    folder = run_dir / inside
    if folder.is_dir() and any(f"{inside}/{path.name}" != kept for path in folder.iterdir()):
        return True
    return session.scalar(select(Artifact.path).where(*_rows(run_dir.name, inside, kept)).limit(1)) is not None


def _hold(session: Session, run_id: str, before: datetime) -> bool:
    """Lock the run's row: nobody starts it again before this transaction ends. False: somebody has."""
    still = (Run.id == run_id, Run.state.in_(ENDED), Run.ended_at < before)
    statement = update(Run).where(*still).values(ended_at=Run.ended_at)
    return cast("CursorResult[Any]", session.execute(statement)).rowcount == 1


def _take(session: Session, run_dir: Path, inside: str, kept: str | None, going: Path) -> int:
    """Move what goes out of the way, which takes no time, and forget its records. Returns the bytes."""
    session.execute(delete(Artifact).where(*_rows(run_dir.name, inside, kept)))
    freed, folder = 0, run_dir / inside
    for path in list(folder.iterdir()) if folder.is_dir() else []:
        if f"{inside}/{path.name}" != kept:
            going.mkdir(exist_ok=True)
            freed += size_of(path)[0]
            path.rename(going / path.name)
    return freed


def _rows(run_id: str, inside: str, kept: str | None) -> list[Any]:
    found: list[Any] = [Artifact.run_id == run_id, Artifact.path.startswith(f"{inside}/", autoescape=True)]
    return [*found, Artifact.path.not_like(f"{kept}/%")] if kept else found


def _trim(session: Session, home: Path, most_bytes: int) -> int:
    """Remove from the cache what was not used for longest. Returns the bytes."""
    entries = sorted((_used_at(path), size_of(path)[0], path) for path in cache_entries(session, home))
    total, freed = sum(size for _, size, _ in entries), 0
    for used_at, size, path in entries:
        if total - freed <= most_bytes or used_at > time.time() - RECENT:
            break
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        freed += size
    return freed


def _used_at(path: Path) -> float:
    """When anything of it was last read or written, seconds since 1970; most file systems note reads once a day."""
    newest = 0.0
    for one in (path, *path.rglob("*")):
        try:
            found = one.lstat()
        except OSError:
            continue
        newest = max(newest, found.st_mtime, found.st_atime if not one.is_dir() else 0.0)
    return newest
