"""Where the seconds of a run went: its events cut into stages that add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

from loraloom.forecast.history import PEAK
from loraloom.spec.event import (
    Event,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunLost,
    RunStarted,
    SampleSaved,
    Stage,
    StageProgressed,
    StageStarted,
    StepLogged,
)

PAUSE = 8.0
"""A step so many times the middle one was a pause: a sleeping laptop, another program. It counts as a usual one."""
MOST_PAUSED = 0.1
"""Part of the training that may be pauses for its whole time to tell something."""


def took(events: Sequence[Event]) -> dict[str, float]:
    """Seconds by stage, of one `step` in the mean without the first, and `peak_memory_bytes`: what is known of them.

    Stages are there when one child did the whole run, without long pauses; they add up to the child's whole time.
    """
    steps = [event.payload for event in events if isinstance(event.payload, StepLogged)]
    if not steps:
        return {}
    done = [event.payload.peak_memory_bytes for event in events if isinstance(event.payload, RunFinished)]
    peak = max([step.peak_memory_bytes for step in steps] + done)
    seconds = [step.step_seconds for step in steps[1:]] or [steps[0].step_seconds]
    middle = median(seconds)
    usual = [one for one in seconds if one <= PAUSE * middle]
    found = {"step": fmean(usual), PEAK: float(peak)}
    paused = sum(seconds) - sum(usual)
    if _in_one_piece(events) and paused <= MOST_PAUSED * sum(seconds):
        found |= stages(events)
    return found


def stages(events: Sequence[Event]) -> dict[Stage, float]:
    """Seconds by stage of a child that finished; they add up to what it says it took in all.

    Loading: from the start of the process, and between caching (of pictures) and the first step. Sampling: each round until
    its last picture or answer is saved. Exporting: to the end. Training: all of its time that is none of these. Raises
    ValueError when the child did not finish.
    """
    began: dict[Stage, Event] = {}
    cached, sampling, last = 0.0, 0.0, events[0].time
    drawing: Event | None = None
    before: float | None = None
    for event in events:
        match event.payload:
            case StageStarted(stage="sampling"):
                drawing = event
            case StageStarted(stage=stage):
                began.setdefault(stage, event)
            case StageProgressed(stage="caching"):
                cached = (event.time - began["caching"].time).total_seconds()
            case SampleSaved() if drawing is not None:
                sampling += (event.time - drawing.time).total_seconds()
                drawing = event
            case RunFinished(seconds=whole):
                before = whole - (event.time - events[0].time).total_seconds()
                last = event.time
            case _:
                pass
    if before is None or not {"training", "exporting"} <= began.keys():
        raise ValueError("the child did not finish")
    ready = (began["training"].time - events[0].time).total_seconds()
    exporting = (last - began["exporting"].time).total_seconds()
    training = (began["exporting"].time - began["training"].time).total_seconds() - sampling
    found: dict[Stage, float] = {
        "loading": max(0.0, before) + ready - cached,
        "caching": cached,
        "training": training,
        "sampling": sampling,
        "exporting": exporting,
    }
    return found


def _in_one_piece(events: Sequence[Event]) -> bool:
    starts = [event.payload for event in events if isinstance(event.payload, RunStarted)]
    loads = sum(isinstance(event.payload, StageStarted) and event.payload.stage == "loading" for event in events)
    broken = any(isinstance(event.payload, RunFailed | RunInterrupted | RunLost) for event in events)
    return len(starts) == 1 and loads == 1 and starts[0].step == 0 and not broken
