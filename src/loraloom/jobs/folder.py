"""The run folder: made once under a name that is never used again, and read back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from loraloom.jobs import yaml_file
from loraloom.spec import check
from loraloom.spec.errors import LoomError
from loraloom.spec.run import Run

CONFIG = "run.yaml"
LOG = "log.txt"
LOCK = "lock"
"""Held by the child while it works in the folder."""


def absolute(path: Path | str) -> Path:
    """`path` from the root, `~` and `..` taken out."""
    place = Path(path).expanduser()
    return place.resolve() if ".." in place.parts else place.absolute()


def create(parent: Path, stem: str, stamped: bool) -> Path:
    """A new, empty folder in `parent`, named `stem` (with the time in front when `stamped`). A second of the same
    name gets `-2`. Raises LoomError `not_writable` or `disk_full`."""
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{stem}" if stamped else stem
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, 100_000):
            folder = parent / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise refusal(parent, error) from error
    raise LoomError("not_writable", f"{parent} holds 100,000 runs called {name}.", "Choose another name.")


def refusal(folder: Path, error: OSError) -> LoomError:
    """Why nothing can be written into `folder`, in the user's words."""
    if error.errno == 28:  # ENOSPC, the same number on Windows
        return LoomError("disk_full", f"The disk is full: nothing can be written to {folder}.", "Free some space.")
    reason = error.strerror or str(error)
    return LoomError("not_writable", f"{folder} cannot be written: {reason}.", "Choose another folder with --out.")


def is_run(path: Path) -> bool:
    """Whether `path` is a run folder."""
    return path.is_dir() and (path / CONFIG).is_file()


def await_free(folder: Path, seconds: float = 20) -> None:
    """Wait until no child works in `folder`: one that was just told to stop may still be writing its checkpoint.
    Raises LoomError `run_busy` after `seconds`."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / LOCK, timeout=seconds):
            pass
    except Timeout:
        text = f"{folder.name} is being trained by another process."
        raise LoomError("run_busy", text, "Wait for it to end, or stop that one.") from None


def read(folder: Path) -> Run:
    """The run of `folder`. Raises LoomError `run_not_found`, or what is wrong with its config."""
    if not is_run(folder):
        hint = f"A run folder holds {CONFIG}; to start one, give a config file."
        raise LoomError("run_not_found", f"{folder} is not a run folder.", hint)
    return check.read(yaml_file.read(folder / CONFIG))
