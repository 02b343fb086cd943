"""Whose a run folder is: for as long as a container works in it, the container's user's, where the server is root."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from loraloom.jobs.asks import ASKS
from loraloom.jobs.folder import LOG
from loraloom.jobs.sandbox import container


def hand_over(run_dir: Path) -> None:
    """Give the folder to who trains in it. To be called while no child works there, and scrubbed. Raises OSError."""
    (run_dir / ASKS).mkdir(exist_ok=True)  # the child takes files away there
    (run_dir / LOG).touch()
    _give(run_dir, *container.owner())


def take_back(run_dir: Path) -> None:
    """Make the folder the server's again. To be called while no child works there, and scrubbed. Raises OSError."""
    _give(run_dir, os.geteuid(), os.getegid())


def _give(run_dir: Path, user: int, group: int) -> None:
    """Files that are blobs of data sets too stay as they are: all may read those."""
    if os.geteuid() != 0:
        return
    for place, folders, files in os.walk(run_dir):
        for entry in (Path(place), *(Path(place, name) for name in (*folders, *files))):
            told = entry.lstat()
            if told.st_uid != user and not (stat.S_ISREG(told.st_mode) and told.st_nlink > 1):
                os.chown(entry, user, group, follow_symlinks=False)
