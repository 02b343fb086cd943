"""One run at work: reads what its child says, and notices when it is gone or stands still."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loraloom.jobs.fold import columns
from loraloom.jobs.runners import Exit, detached
from loraloom.jobs.summary import ENDS
from loraloom.jobs.tail import Tail
from loraloom.spec.event import RunStarted, StageStarted, StepLogged

PATIENCE = 600.0
"""Seconds without an event and without a second of processor time after which a child counts as hung."""


@dataclass
class Watch:
    """A run and its child. `changes` are columns not yet written to the row."""

    run_id: str
    run_dir: Path
    child: detached.Child
    after_seq: int = 0
    patience: float = PATIENCE
    kind: str = "train"
    changes: dict[str, Any] = field(default_factory=dict[str, Any])
    started: bool = False
    """Whether this child took the run."""
    word: Any = None
    """The child's last word, once it is said."""
    written_at: float = 0.0
    """When the row was written last, on the monotonic clock."""

    def __post_init__(self) -> None:
        self._tail = Tail(self.run_dir, self.after_seq)
        self._moved_at = self._looked_at = time.monotonic()
        self._cpu = detached.cpu_seconds(self.child) or 0.0

    def look(self) -> tuple[bool, Exit | None]:
        """Take in what was said since. Whether there was anything, and how the child ended if it has."""
        ended = detached.ended(self.child, self.run_dir)  # before reading: its last words are then on disk
        spoke = False
        for event in self._tail.read():
            spoke = True
            self.changes |= columns(event.payload) | {"last_seq": event.seq}
            if isinstance(event.payload, RunStarted):
                self.started, self.word = True, None
            elif isinstance(event.payload, StepLogged) or _works(event.payload):
                self.started = True
            elif isinstance(event.payload, ENDS):
                self.word = event.payload
        if spoke:
            self._moved_at = time.monotonic()
        return spoke, ended

    def hangs(self) -> bool:
        """Whether neither event nor processor time has come from the child for longer than patience."""
        moment = time.monotonic()
        if moment - self._looked_at > min(5.0, self.patience / 4):
            self._looked_at = moment
            used = detached.cpu_seconds(self.child)
            if used is not None and used > self._cpu + 1.0:
                self._cpu, self._moved_at = used, moment
        return moment - self._moved_at > self.patience


def _works(payload: Any) -> bool:
    """Whether a captioning or an experiment began with its pictures."""
    return isinstance(payload, StageStarted) and payload.stage in ("captioning", "comparing")
