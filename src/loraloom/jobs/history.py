"""What runs took, kept in `history.jsonl` of the data home: one finished run a line, and how good its forecast was."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from pydantic import BaseModel, ConfigDict, ValidationError

from loraloom.data.home import home
from loraloom.forecast.history import PEAK, total_seconds
from loraloom.jobs import devices
from loraloom.jobs.tail import tail
from loraloom.jobs.took import took
from loraloom.spec.event import RunFinished, RunStarted, SettingsLowered
from loraloom.spec.forecast import Forecast, Outcome, Range, Source
from loraloom.spec.run import Run

FILE = "history.jsonl"
MOST = 2000
"""The newest runs that are kept."""
SLACK = 200
"""So many more may stand in the file before it is written anew."""

_known: dict[Path, tuple[tuple[int, int], tuple[Outcome, ...]]] = {}


class Rating(BaseModel):
    """How good the forecasts of one source were. Errors: median of how far off, in parts of the truth; `within`: share of
    runs inside the range. None where no run tells."""

    model_config = ConfigDict(frozen=True)

    source: Source
    runs: int
    time_error: float | None
    memory_error: float | None
    time_within: float | None
    memory_within: float | None


def read() -> tuple[Outcome, ...]:
    """Finished runs, oldest first; lines that cannot be read are passed over. Read anew only when the file has changed."""
    file = home() / FILE
    try:
        stat = file.stat()
    except OSError:
        return ()
    stamp = (stat.st_mtime_ns, stat.st_size)
    known = _known.get(file)
    if known is None or known[0] != stamp:
        known = _known[file] = (stamp, tuple(_read(file)[-MOST:]))
    return known[1]


def add(outcome: Outcome) -> bool:
    """Keep `outcome` for good; False when its run is there already. Safe from several processes."""
    from filelock import FileLock

    file = home() / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        there = _read(file)
        if any(one.id == outcome.id for one in there):
            return False
        if len(there) >= MOST + SLACK:
            beside = file.with_suffix(".new")
            beside.write_text("".join(_line(one) for one in [*there, outcome][-MOST:]), "utf-8")
            beside.replace(file)
        else:
            with file.open("ab+") as stream:
                stream.write((_torn(file) + _line(outcome)).encode())
    return True


def outcome_of(
    run_dir: Path,
    run: Run,
    features: Mapping[str, float],
    expected: Mapping[str, float],
    told: Forecast | None = None,
    *,
    device: str | None = None,
) -> Outcome | None:
    """What a finished run tells; None when it did not finish. `features` and `expected` are what `forecast.history` takes,
    of `run` as it was asked for; `device` is the name of what it ran on where the caller knows better than the child, which
    sees only its own card. The id is the folder's name and when the run began: the same wherever the folder is moved.

    A run in several pieces (resumed, killed) or with a long pause tells its steps and its memory, but no stages. One whose
    settings were lowered was not the run that was asked for: nothing can be learned of it but what was lowered.
    """
    events = list(tail(run_dir))
    done = next((event for event in reversed(events) if isinstance(event.payload, RunFinished)), None)
    if done is None:
        return None
    started = next((event.payload for event in events if isinstance(event.payload, RunStarted)), None)
    lowered = {e.payload.key: e.payload.new for e in events if isinstance(e.payload, SettingsLowered)}
    return Outcome(
        id=f"{run_dir.name} {events[0].time.isoformat()}",
        name=run.name,
        time=done.time.isoformat(),
        device=device or device_name(started.device if started else devices.CPU, run.training.threads),
        family=run.family,
        base_model=run.base_model,
        features=dict(features),
        expected=dict(expected),
        took={} if lowered else took(events),
        told=told,
        lowered=lowered,
    )


def device_name(device: str, threads: int | None = None) -> str:
    """The name that finished runs are kept under: a card's, or the processor's with the threads it may use (None: as many as
    torch takes by itself). `device` is an id such as `cpu` or `cuda:0`; one that is not there keeps its id."""
    if device == devices.CPU:
        count = threads or int(os.environ.get("OMP_NUM_THREADS", "0").split(",")[0] or 0) or devices.cores()
        return f"{devices.processor().name}, {count} {'thread' if count == 1 else 'threads'}"
    return next((one.name for one in devices.devices() if one.id == device), device)


def ratings(outcomes: Sequence[Outcome]) -> tuple[Rating, ...]:
    """How good forecasts have been, for each source that told any: the probe's, the history's, the model's."""
    sources: tuple[Source, ...] = ("probe", "history", "model")
    found: list[Rating] = []
    for source in sources:
        told = [(one.told, one) for one in outcomes if one.told is not None and one.told.source == source]
        times = [(forecast.seconds, total_seconds(one.took)) for forecast, one in told]
        peaks = [(forecast.peak_memory_bytes, one.took.get(PEAK)) for forecast, one in told]
        if told:
            time_error, time_within = _rate(times)
            memory_error, memory_within = _rate(peaks)
            found.append(
                Rating(
                    source=source,
                    runs=len(told),
                    time_error=time_error,
                    memory_error=memory_error,
                    time_within=time_within,
                    memory_within=memory_within,
                )
            )
    return tuple(found)


def _rate(pairs: Sequence[tuple[Range, float | None]]) -> tuple[float | None, float | None]:
    known = [(told, truth) for told, truth in pairs if truth]
    if not known:
        return None, None
    within = sum(told.p10 <= truth <= told.p90 for told, truth in known)
    return median(abs(told.p50 / truth - 1) for told, truth in known), within / len(known)


def _read(file: Path) -> list[Outcome]:
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError:
        return []
    found: dict[str, Outcome] = {}
    for line in lines:
        try:
            outcome = Outcome.model_validate_json(line)
        except ValidationError:  # torn by a kill, or of another version
            continue
        if all(math.isfinite(number) for number in (*outcome.took.values(), *outcome.expected.values())):
            found.setdefault(outcome.id, outcome)
    return list(found.values())


def _line(outcome: Outcome) -> str:
    return outcome.model_dump_json() + "\n"


def _torn(file: Path) -> str:
    """What ends a line that was cut off, so that the next one stays whole."""
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 1))
        return "" if stream.read(1) in (b"", b"\n") else "\n"
