"""The checkpoints of a run as they lie in its folder."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from loraloom.spec.errors import LoomError

NAME = re.compile(r"step-(\d{6,})")


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
        found.append(
            Checkpoint(step=int(folder.name[5:]), bytes=sum(file.stat().st_size for file in files), time=moment)
        )
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def folder_of(run_dir: Path, step: int) -> Path:
    """The folder of the checkpoint at `step`. Raises LoomError `checkpoint_not_found`."""
    for folder in _folders(run_dir):
        if int(folder.name[5:]) == step:
            return folder
    text = f"There is no checkpoint of step {step}."
    raise LoomError("checkpoint_not_found", text, "The run's page lists those that were kept.")


def _folders(run_dir: Path) -> list[Path]:
    try:
        inside = list((run_dir / "checkpoints").iterdir())
    except OSError:
        return []
    return [folder for folder in inside if NAME.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink()]
