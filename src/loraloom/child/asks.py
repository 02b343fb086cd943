"""What the supervisor asks of this child, through empty files in the run folder: see `loraloom.jobs.asks`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

STOP = "ask"
"""The reason for stopping that `RunInterrupted` names when no signal came."""


class Interrupted(Exception):
    """A stop was asked for before there was anything to save."""


class Asks:
    """Call it with a verb to learn whether that was asked; its file is then gone. Costs some microseconds."""

    def __init__(self, run_dir: Path, stop: Callable[[], str | None] = lambda: None) -> None:
        """`stop` gives other reasons to stop, such as signals."""
        self._folder = str(run_dir / "asks") + os.sep
        self._stop = stop

    def __call__(self, verb: str) -> bool:
        try:
            os.unlink(self._folder + verb)  # noqa: PTH108 - no Path is made at every step
        except OSError:  # not asked; or on Windows still in the hands of who asks: then it is seen at the next look
            return False
        return True

    def reason(self) -> str | None:
        """Why to stop, or None."""
        return self._stop() or (STOP if self("stop") else None)

    def look(self, *_: object) -> None:
        """Raise Interrupted when a stop was asked for; while the run is made ready, at every word that is said."""
        if self("stop"):
            raise Interrupted
