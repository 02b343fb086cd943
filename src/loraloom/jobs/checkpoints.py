"""The checkpoints of a run as they lie in its folder."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from loraloom.spec.errors import LoomError
from loraloom.store.blobs import Blobs, link_or_copy

NAME = re.compile(r"step-(\d{6,})")
ELSEWHERE = ".elsewhere.json"
"""In the folder of a checkpoint that a worker sent: its files that lie among the blobs alone, name -> [SHA-256, bytes]."""


class Checkpoint(BaseModel):
    """A whole checkpoint on disk; `bytes` of all its files."""

    step: int
    bytes: int
    time: datetime


def listed(run_dir: Path) -> list[Checkpoint]:
    """Whole checkpoints, the oldest first."""
    found: list[Checkpoint] = []
    for folder in _folders(run_dir):
        files = [file for file in folder.iterdir() if file.is_file() and not file.is_symlink()]
        moment = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        size = sum(file.stat().st_size for file in files) + sum(size for _, size in elsewhere(folder).values())
        found.append(Checkpoint(step=int(folder.name[5:]), bytes=size, time=moment))
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def folder_of(run_dir: Path, step: int, blobs: Blobs | None = None) -> Path:
    """The folder of the checkpoint at `step`; with `blobs`, all its files are in it. Raises LoomError
    `checkpoint_not_found`."""
    for folder in _folders(run_dir):
        if int(folder.name[5:]) == step:
            if blobs is not None:
                bring(folder, blobs)
            return folder
    text = f"There is no checkpoint of step {step}."
    raise LoomError("checkpoint_not_found", text, "The run's page lists those that were kept.")


def elsewhere(folder: Path) -> dict[str, tuple[str, int]]:
    """Files of the checkpoint in `folder` that lie among the blobs: name -> (SHA-256, bytes)."""
    try:
        told = json.loads((folder / ELSEWHERE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {str(name): (str(sha256), int(size)) for name, (sha256, size) in told.items()}


def bring(folder: Path, blobs: Blobs) -> None:
    """Fetch what the checkpoint in `folder` left among the blobs, because somebody wants to read it here."""
    for name, (sha256, _) in elsewhere(folder).items():
        if not (folder / name).exists():
            link_or_copy(blobs.path(sha256), folder / name)
    (folder / ELSEWHERE).unlink(missing_ok=True)


def _folders(run_dir: Path) -> list[Path]:
    try:
        inside = list((run_dir / "checkpoints").iterdir())
    except OSError:
        return []
    return [folder for folder in inside if NAME.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink()]
