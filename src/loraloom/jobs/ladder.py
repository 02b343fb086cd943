"""The ladder: when memory runs out in a run, one setting is lowered and the run goes on from its newest state."""

from __future__ import annotations

from pathlib import Path

from loraloom.forecast.ladder import next_rung
from loraloom.jobs import folder
from loraloom.jobs.tail import tail
from loraloom.spec.errors import LoomError
from loraloom.spec.event import SettingsLowered, Stage, StageStarted, StepLogged
from loraloom.spec.journal import Journal
from loraloom.spec.lowered import changed, lowered
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

MOST = 3
"""Rungs in a row without a step of training between them; then the run ends."""


def lower(run_dir: Path, error: LoomError) -> SettingsLowered:
    """Lower one setting of the run that ended with `error`, and say so in its events; its next child reads it there.

    Raises `error` when that was not about memory, and LoomError `out_of_memory` when nothing is left to lower.
    """
    if error.code != "out_of_memory":
        raise error
    run = changed(folder.read(run_dir), lowered(run_dir))
    stage, device, tried = _so_far(run_dir)
    rung = next_rung(run, device.partition(":")[0], stage, hard=bool(tried)) if tried < MOST else None
    if rung is None:
        raise _ended(run, run_dir, stage, error)
    key, old, new = rung
    said = SettingsLowered(key=key, old=old, new=new, reason=f"Memory ran out while {stage}.")
    journal = Journal(run_dir)
    journal(said)
    journal.close()
    return said


def words(said: SettingsLowered) -> str:
    """One line about it."""
    return f"{said.reason} {said.key} goes from {said.old} to {said.new}; the run goes on."


def _so_far(run_dir: Path) -> tuple[Stage, str, int]:
    """The stage that was begun last, the device of the steps, and how many rungs were taken since the last step."""
    stage: Stage = "loading"
    device, tried = "cpu", 0
    for event in tail(run_dir):
        match event.payload:
            case StageStarted():
                stage = event.payload.stage
            case StepLogged():
                device, tried, stage = event.payload.device, 0, "training"
            case SettingsLowered():
                tried += 1
            case _:
                pass
    return stage, device, tried


def _ended(run: Run, run_dir: Path, stage: Stage, error: LoomError) -> LoomError:
    done = lowered(run_dir)
    if not done:
        return error
    what = ", ".join(f"{key} {value}" for key, value in done.items())
    key = "dataset.max_length" if isinstance(run, TextRun) else "dataset.resolution"
    hint = f"Lower {key} or lora.rank, close other programs, or use a smaller base model."
    return LoomError("out_of_memory", f"Memory ran out while {stage}, even with {what}.", hint)
