"""A run folder was in the hands of a child: before this side opens files in it again, nothing in it may lead elsewhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path

OURS = "data"
"""Read-only for the child."""


def scrub(run_dir: Path) -> list[str]:
    """Remove links, pipes, sockets and devices, which no training makes, and programs that run as their owner; returns their
    names. To be called while no child works in the folder."""
    removed: list[str] = []
    for place, folders, files in os.walk(run_dir):
        here = Path(place)
        if here == run_dir and OURS in folders and not (here / OURS).is_symlink():
            folders.remove(OURS)
        for name in (*folders, *files):
            mode = (here / name).lstat().st_mode
            if not stat.S_ISDIR(mode) and (not stat.S_ISREG(mode) or mode & (stat.S_ISUID | stat.S_ISGID)):
                (here / name).unlink()
                removed.append((here / name).relative_to(run_dir).as_posix())
    return removed
