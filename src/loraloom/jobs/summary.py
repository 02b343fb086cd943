"""What a run came to, counted over all of its children: the object that `--json` prints."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from loraloom.jobs.tail import tail
from loraloom.spec.event import (
    CaptionsFinished,
    Event,
    ExperimentFinished,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    SampleSaved,
    StageStarted,
    StepLogged,
)

ENDS = (RunFinished, CaptionsFinished, ExperimentFinished, RunFailed, RunInterrupted)
"""A child's last word."""


class Summary(BaseModel):
    """Paths are absolute, times in seconds, memory in bytes. A run that was interrupted counts its earlier children."""

    model_config = ConfigDict(frozen=True)

    run_dir: str
    lora: str
    family: str
    steps: int
    loss_first: float
    loss_last: float
    seconds: float
    seconds_per_step: float
    seconds_to_first_step: float
    peak_memory_bytes: int
    samples: list[str]


def summary(run_dir: Path) -> Summary | None:
    """The summary of a finished run, or None when it has not finished."""
    run_dir = run_dir.absolute()
    children = _children(list(tail(run_dir)))
    done = finished(run_dir)
    if done is None:
        return None
    last = children[-1]
    started = next((e.payload for e in last if isinstance(e.payload, RunStarted)), None)
    first = next((e.payload for child in children for e in child if isinstance(e.payload, StepLogged)), None)
    samples = [e.payload.file for child in children for e in child if isinstance(e.payload, SampleSaved)]
    return Summary(
        run_dir=str(run_dir),
        lora=str(run_dir / done.lora),
        family=started.family if started else "",
        steps=done.steps,
        loss_first=first.loss if first and len(children) > 1 else done.loss_first,
        loss_last=done.loss_last,
        seconds=round(done.seconds + sum(_seconds(child) for child in children[:-1]), 3),
        seconds_per_step=done.seconds_per_step,
        seconds_to_first_step=done.seconds_to_first_step,
        peak_memory_bytes=max(done.peak_memory_bytes, *(_peak(child) for child in children)),
        samples=[str(run_dir / name) for name in dict.fromkeys([*samples, *done.samples])],
    )


def finished(run_dir: Path) -> RunFinished | None:
    """The event that ended the run well, if that is its last word."""
    last: RunFinished | None = None
    for event in tail(run_dir):
        if isinstance(event.payload, RunFinished):
            last = event.payload
        elif isinstance(event.payload, (RunStarted, RunFailed, RunInterrupted)):
            last = None  # it was started again
    return last


def _children(events: list[Event]) -> list[list[Event]]:
    """The events of each child. One that was killed said no last word: the next one shows by its own first."""
    children: list[list[Event]] = [[]]
    for event in events:
        current = children[-1]
        ended = bool(current) and isinstance(current[-1].payload, ENDS)
        if current and (ended or _begins(event, current)):
            children.append([])
        children[-1].append(event)
    return children


def _begins(event: Event, current: list[Event]) -> bool:
    if isinstance(event.payload, StageStarted):
        return event.payload.stage == "loading"
    return isinstance(event.payload, RunStarted) and any(isinstance(e.payload, RunStarted) for e in current)


def _seconds(child: list[Event]) -> float:
    times: list[datetime] = [event.time for event in child]
    return (times[-1] - times[0]).total_seconds() if times else 0.0


def _peak(child: list[Event]) -> int:
    return max((e.payload.peak_memory_bytes for e in child if isinstance(e.payload, StepLogged)), default=0)
