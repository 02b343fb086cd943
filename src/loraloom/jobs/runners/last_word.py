"""What a run's last event says of how its child ended, for children whose exit code nobody was told."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from loraloom.jobs.runners import FAILED, FINISHED, INTERRUPTED
from loraloom.jobs.tail import EVENTS
from loraloom.spec.event import CaptionsFinished, RunFailed, RunFinished, RunInterrupted, decode

END_BYTES = 64 << 10
"""More than one event is long."""


def last_word(run_dir: Path, since: float) -> int | None:
    """The exit code that goes with the last event, if that is the end of a run and was said after `since` (seconds since
    the epoch), not by an earlier child; else None."""
    try:
        with (run_dir / EVENTS).open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - END_BYTES))
            lines = stream.read().splitlines()
        event = decode(lines[-1].decode("utf-8"))
    except (OSError, IndexError, UnicodeDecodeError, ValidationError):
        return None
    said = event.payload
    if event.time.timestamp() < since:
        return None
    if isinstance(said, RunFailed):
        return INTERRUPTED if said.code == "interrupted" else FAILED
    codes = ((RunFinished, FINISHED), (CaptionsFinished, FINISHED), (RunInterrupted, INTERRUPTED))
    return next((code for kind, code in codes if isinstance(said, kind)), None)
