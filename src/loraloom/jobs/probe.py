"""A few real steps of a run, on its device, in a child like any other: what they cost is what the forecast is made of."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path

import psutil

from loraloom.forecast.ladder import applied
from loraloom.jobs import devices, folder, probe_pictures, probe_texts, yaml_file
from loraloom.jobs.follow import Wish, follow
from loraloom.jobs.laid import STEPS, Laid
from loraloom.jobs.plans import AnyReport
from loraloom.jobs.runners import FINISHED, Runner
from loraloom.jobs.runners.local import LocalRunner
from loraloom.jobs.took import stages
from loraloom.spec.dataset import DatasetReport
from loraloom.spec.errors import LoomError
from loraloom.spec.event import Event, RunFinished, SampleSaved, StageProgressed, StageStarted, StepLogged
from loraloom.spec.example import TextReport
from loraloom.spec.forecast import Measured
from loraloom.spec.run import Run
from loraloom.spec.text import TextRun

__all__ = ["STEPS", "Start", "measured", "probe"]
LOOK = 0.3
"""Seconds for which the processor's load is looked at."""
Start = Callable[[], Runner]
"""Makes what carries the child."""


def probe(
    run: Run,
    report: AnyReport,
    wish: Wish,
    *,
    steps: int = STEPS,
    start: Start = LocalRunner,
    parent: Path | None = None,
) -> Measured:
    """What `run` costs, measured; in a folder of its own, in `parent`, that is gone afterwards. Raises LoomError: what stops
    this stops the run too (`out_of_memory`); `interrupted` when wished for."""
    run = _alone(run)
    with tempfile.TemporaryDirectory(prefix="loraloom-", dir=parent) as place:
        run_dir = Path(place)
        laid = _lay_out(run, report, run_dir / "data", steps)
        yaml_file.write(run_dir / folder.CONFIG, laid.config, "A few steps, to measure.")
        events: list[Event] = []
        busy = psutil.cpu_percent(LOOK) / 100
        runner = start()
        runner.start(run_dir)
        ended = follow(runner, run_dir, wish, events.append)
        if ended.code != FINISHED:
            raise LoomError("interrupted", "The measurement was stopped.", "Nothing was changed.")
        found = measured(events, laid.sampling_steps, run_dir)
        return found.model_copy(
            update={
                "pixels": laid.pixels,
                "busy": busy if found.device == devices.CPU else 0.0,  # a card is ours alone while it is measured
            }
        )


def _alone(run: Run) -> Run:
    """What one of the processes of `run` does: which of them it is makes no difference to what it costs."""
    training = run.training
    if training.processes == 1:
        return run
    here = devices.cores() if training.threads is None else training.threads
    return applied(
        run,
        {
            "training.micro_batch": training.at_once(training.batch_size),
            "training.batch_size": ceil(training.batch_size / training.processes),
            "training.threads": max(1, here // training.processes),
            "training.processes": 1,
        },
    )


def _lay_out(run: Run, report: AnyReport, data: Path, steps: int) -> Laid:
    """The data of the measurement in the folder `data`, and its config."""
    data.mkdir()
    if isinstance(run, TextRun):
        assert isinstance(report, TextReport)
        return probe_texts.lay_out(run, report, data, steps)
    assert isinstance(report, DatasetReport)
    return probe_pictures.lay_out(run, report, data, steps)


def measured(events: Sequence[Event], sampling_steps: int, run_dir: Path) -> Measured:
    """What the events of a trimmed run tell. Latents and captions are made in one stage; it counts by latents. Texts have no
    such stage."""
    caching = (e.payload for e in events if isinstance(e.payload, StageProgressed) and e.payload.stage == "caching")
    latents = next((payload.total for payload in caching), 0)
    steps = [event.payload for event in events if isinstance(event.payload, StepLogged)]
    seconds = [step.step_seconds for step in steps]
    done = [event.payload for event in events if isinstance(event.payload, RunFinished)]
    took = stages(events)
    return Measured(
        loading=took["loading"],
        caching_latent=took["caching"] / max(1, latents),
        steps=tuple(seconds[1:] or seconds),
        sampling_round=_last_round(events),
        sampling_steps=sampling_steps,
        exporting=took["exporting"],
        peak_memory_bytes=max(said.peak_memory_bytes for said in (*steps, *done)),
        checkpoint_bytes=_size(run_dir / "checkpoints"),
        lora_bytes=_size(run_dir / "lora"),
        device=steps[-1].device,
        latents=latents,
    )


def _last_round(events: Sequence[Event]) -> float:
    """Seconds of the last samples; the first ones warm up."""
    began, took = None, 0.0
    for event in events:
        if isinstance(event.payload, StageStarted) and event.payload.stage == "sampling":
            began = event.time
        elif isinstance(event.payload, SampleSaved) and began is not None:
            took = (event.time - began).total_seconds()
    return took


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
