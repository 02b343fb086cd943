"""After the child: put the card and the sidecars beside the LoRA, and count up what the run came to."""

from __future__ import annotations

from pathlib import Path

from loraloom.jobs.summary import Summary, summary


def finish(run_dir: Path) -> Summary | None:
    """The summary of a run that has finished, its LoRA packaged; None while it has not. Can be called again."""
    done = summary(run_dir)
    return done
