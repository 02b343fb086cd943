"""One captioning from its folder to its captions: pictures in `data/`, a line for each in `captions.jsonl` as it is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from loraloom.caption.engine import Engine, Made, Picture
from loraloom.caption.engines import load
from loraloom.caption.record import Record
from loraloom.child.asks import Asks
from loraloom.data.compose import check_template, fill
from loraloom.data.formats import PICTURE_EXTENSIONS
from loraloom.data.texts import decode_text
from loraloom.spec.captioning import CAPTION_JOB, CaptionJob, ClipJob
from loraloom.spec.engines import ENGINES
from loraloom.spec.errors import LoomError
from loraloom.spec.event import (
    CaptionsFinished,
    RunInterrupted,
    SettingsLowered,
    StageProgressed,
    StageStarted,
    WarningRaised,
)

Emit = Callable[[Any], None]
JOB, DATA = "job.yaml", "data"
NAMED = 20
"""Failures that are named one by one."""
HOPELESS = 12
"""Failures in a row from the start after which nothing else is tried."""


def read_job(job_dir: Path) -> CaptionJob:
    """The frozen config of a job folder. Raises LoomError `run_not_found` or `config_invalid`."""
    try:
        return CAPTION_JOB.validate_python(yaml.safe_load((job_dir / JOB).read_text("utf-8")))
    except OSError as error:
        raise LoomError(
            "run_not_found", f"{job_dir} holds no readable {JOB}.", "Start with `loraloom caption`."
        ) from error
    except (ValidationError, yaml.YAMLError) as error:
        raise LoomError("config_invalid", f"{JOB} is not a captioning: {error}", "Start a new one.") from error


@dataclass
class Counts:
    """What this child did."""

    done: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    last_problem: str = ""

    def add(self, made: Made) -> None:
        """Count one picture."""
        self.tokens_in += made.tokens_in
        self.tokens_out += made.tokens_out
        if made.problem:
            self.failed += 1
            self.last_problem = made.problem
        else:
            self.done += 1


@dataclass
class _Work:
    job: CaptionJob
    record: Record
    emit: Emit
    asks: Asks
    counts: Counts


def run_job(job_dir: Path, job: CaptionJob, emit: Emit, stop: Callable[[], str | None], began: float) -> str | None:
    """Caption what has no line yet. Returns the signal that ended it early, None when it finished. Raises LoomError."""
    asks = Asks(job_dir, stop)
    check_template(job.template, dict.fromkeys(_groups(job)))
    pictures = _pictures(job_dir / DATA)
    if not pictures:
        raise LoomError(
            "dataset_empty", f"There are no pictures in {job_dir / DATA}.", "Put PNG, JPEG or WebP files there."
        )
    kept = job.existing == "keep" and not isinstance(job, ClipJob)  # CLIP looks at all of them, for their embeddings
    wanted = {file: picture for file, picture in pictures.items() if not (kept and picture.existing)}
    with Record(job_dir) as record:
        todo = {file: picture for file, picture in wanted.items() if file not in record.files}
        counts = Counts()
        if todo and (reason := _do(_Work(job, record, emit, asks, counts), todo, len(wanted))) is not None:
            emit(RunInterrupted(step=len(record.files), signal=reason))
            return reason
        if counts.failed and not record.files:
            raise _hopeless(counts)
        record.finish()
        emit(_finished(job, counts, len(record.files), time.time() - began))
    return None


def _do(work: _Work, todo: dict[str, Picture], total: int) -> str | None:
    """Load the engine and caption `todo`. Returns the reason for stopping, or None."""
    emit = work.emit
    emit(StageStarted(stage="loading", total=1))
    engine = load(work.job)
    for doubt in engine.warnings:
        emit(WarningRaised(code=doubt.code, message=doubt.message, hint=doubt.hint))
    emit(StageProgressed(stage="loading", done=1, total=1))
    emit(StageStarted(stage="captioning", total=total))
    return work.asks.reason() or _caption_all(work, engine, todo, total)


def _caption_all(work: _Work, engine: Engine, todo: dict[str, Picture], total: int) -> str | None:
    """Batch after batch; a batch that does not fit into memory is halved. Returns the reason for stopping, or None."""
    emit, counts = work.emit, work.counts
    size = engine.batch_size
    files = list(todo)
    while files:
        batch = files[:size]
        try:
            for file in _batch(work, engine, {file: todo[file] for file in batch}):
                files.remove(file)
                emit(StageProgressed(stage="captioning", done=total - len(files), total=total))
                if not counts.done and counts.failed >= HOPELESS:
                    raise _hopeless(counts)
                if (reason := work.asks.reason()) is not None:
                    return reason
        except _Stopped as stopped:
            return stopped.reason
        except (RuntimeError, MemoryError) as error:
            if size == 1 or not ("out of memory" in str(error).lower() or isinstance(error, MemoryError)):
                raise
            emit(SettingsLowered(key="batch_size", old=size, new=size // 2, reason="Memory ran out."))
            size //= 2
    if counts.failed > NAMED:
        text = f"And {counts.failed - NAMED} more pictures could not be captioned."
        emit(WarningRaised(code="picture_failed", message=text, hint="The same command tries them again."))
    return None


class _Stopped(Exception):
    """A stop was asked for while the engine waited."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _batch(work: _Work, engine: Engine, batch: dict[str, Picture]) -> Iterator[str]:
    """Caption `batch`, write what was made, and name each file once it is on disk or has failed."""
    files, groups = list(batch), _groups(work.job)
    version = f"{ENGINES[work.job.engine].version} {engine.model}"
    for item in engine.caption(list(batch.values())):
        if item is None:
            if (reason := work.asks.reason()) is not None:
                raise _Stopped(reason)
            continue
        file, made = files[item[0]], item[1]
        work.counts.add(made)
        if not made.problem:
            work.record.write(file, made, _text(made, work.job.template, groups), work.job.engine, version)
        elif work.counts.failed <= NAMED:
            text = f"{file} has no caption: {made.problem}"
            work.emit(WarningRaised(code="picture_failed", message=text, hint="The same command tries it again."))
        yield file


def _text(made: Made, template: str, groups: list[str]) -> str:
    chosen = set(made.caption.split(", "))
    words = {name: [x.label for x in made.labels if x.group == name and x.label in chosen] for name in groups}
    return fill(template, made.caption, words)


def _groups(job: CaptionJob) -> list[str]:
    if not isinstance(job, ClipJob):
        return []
    from loraloom.caption.clip_labels import group_names

    return group_names(job)


def _pictures(folder: Path) -> dict[str, Picture]:
    """Every picture below `folder` by its path there, with the caption in the `.txt` beside it."""
    found: dict[str, Picture] = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.suffix.lower() in PICTURE_EXTENSIONS and path.is_file():
            sidecar = path.with_suffix(".txt")
            text = decode_text(sidecar.read_bytes()) if sidecar.is_file() else None
            found[path.relative_to(folder).as_posix()] = Picture(path, text.text.strip() if text else "")
    return found


def _finished(job: CaptionJob, counts: Counts, images: int, seconds: float) -> CaptionsFinished:
    price_in, price_out = getattr(job, "price_in", 0.0), getattr(job, "price_out", 0.0)
    cost = (counts.tokens_in * price_in + counts.tokens_out * price_out) / 1e6
    return CaptionsFinished(
        images=images,
        seconds=round(seconds, 3),
        cost=cost,
        failed=counts.failed,
        tokens_in=counts.tokens_in,
        tokens_out=counts.tokens_out,
    )


def _hopeless(counts: Counts) -> LoomError:
    text = f"No picture could be captioned ({counts.failed} tried). The last one: {counts.last_problem}"
    return LoomError("captions_failed", text, "Correct what it says, then start it again.")
