"""Where Loom keeps its own files: the data home and the folders inside it."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The data home: `LORALOOM_HOME`, else `~/.loraloom`. Absolute; not created here."""
    return Path(os.environ.get("LORALOOM_HOME") or "~/.loraloom").expanduser().absolute()


def cache() -> Path:
    """What can be made again: unpacked archives and the like. Safe to delete; not created here."""
    return home() / "cache"


def runs() -> Path:
    """One folder a run, unless `--out` puts it elsewhere. Not created here."""
    return home() / "runs"
