"""What becomes of a run whose child is gone: finished, paused, cancelled, failed, or lost and queued again."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from loraloom.jobs import captioning, compared, ladder, notify
from loraloom.jobs.collect import collect
from loraloom.jobs.foretold import learn_from
from loraloom.jobs.runners import Exit
from loraloom.jobs.states import move
from loraloom.spec.errors import LoomError
from loraloom.spec.event import CaptionsFinished, ExperimentFinished, RunFailed, RunFinished, RunInterrupted, RunLost
from loraloom.spec.journal import Journal
from loraloom.store.tables import Run

LOG = logging.getLogger("loraloom.jobs")
MOST_LOSSES = 3
"""How often a run is started again by itself after its child vanished."""
HUNG = LoomError(
    "run_hung",
    "The training process stood still: no word and no work for a long time.",
    "It goes on from its newest checkpoint. If it happens again, look at the log and update the card's driver.",
)
GONE = LoomError(
    "run_lost",
    "The training process is gone.",
    "It goes on from its newest checkpoint.",
)
VANISHED = LoomError(
    "run_lost",
    "The worker that carried it out was not heard of any more.",
    "It goes on from its newest checkpoint, on another worker if there is one.",
)
OVER_TIME = LoomError(
    "time_limit",
    "The run took longer than runs may take on this server.",
    "Resume it to go on from its checkpoint, or ask an administrator for more time.",
)


def settle(session: Session, run_id: str, run_dir: Path, word: Any, ended: Exit, home: Path) -> None:
    """Bring the run into the state that follows from its child's end; `word` is what that said last, if anything."""
    run = session.get_one(Run, run_id)
    interrupted = isinstance(word, RunInterrupted) or (isinstance(word, RunFailed) and word.code == "interrupted")
    if isinstance(word, RunFinished | CaptionsFinished | ExperimentFinished):
        _finish(session, run, run_dir, home)
    elif run.wish == "pause":
        move(session, run.id, "paused", error=None)
    elif run.wish in ("cancel", "kill"):
        move(session, run.id, "cancelled", error=None)
    elif run.wish == "limit":
        fail(session, run, OVER_TIME)
    elif isinstance(word, RunFailed) and not interrupted:
        _lower_or_fail(session, run, run_dir, LoomError(word.code, word.message, word.hint))
    elif interrupted or run.wish == "preempt":  # pushed aside, stopped by somebody, or the machine is going down
        requeue(session, run)
    elif ended.died is not None and ended.died.code == "out_of_memory":
        _lower_or_fail(session, run, run_dir, ended.died)
    else:
        _lose(session, run, run_dir, ended.died or GONE)


def requeue(session: Session, run: Run) -> None:
    """It goes on from its newest checkpoint, in front of those that wait with the same priority; one that was pushed aside
    keeps its place."""
    kept: dict[str, Any] = {} if run.wish == "preempt" else {"place": 0.0}
    move(session, run.id, "lost")
    move(session, run.id, "queued", error=None, worker=None, **kept)


def vanish(session: Session, run: Run, run_dir: Path) -> None:
    """The worker of a run was not heard of for too long."""
    if run.wish == "pause":
        move(session, run.id, "paused", error=None)
    elif run.wish in ("cancel", "kill"):
        move(session, run.id, "cancelled", error=None)
    else:
        _lose(session, run, run_dir, VANISHED)


def fail(session: Session, run: Run, error: LoomError) -> None:
    """The run cannot go on."""
    move(session, run.id, "failed", error={"code": error.code, "message": error.message, "hint": error.hint})
    notify.ended(session, run, "failed", error.message)


def _finish(session: Session, run: Run, run_dir: Path, home: Path) -> None:
    try:
        if run.kind == "caption":
            captioning.collect(session, run, run_dir)
        elif run.kind == "experiment":
            compared.tidy(run_dir)
        else:
            collect(session, run, run_dir, home)
            learn_from(run_dir)
    except LoomError as error:
        LOG.error("run %s: %s", run.id, error.message)
        fail(session, run, error)
        return
    move(session, run.id, "finished", error=None, stage=None)
    notify.ended(session, run, "finished", "")


def _lower_or_fail(session: Session, run: Run, run_dir: Path, error: LoomError) -> None:
    """Where memory ran out, the run goes on with a setting lowered."""
    if run.kind != "train":
        fail(session, run, error)
        return
    try:
        said = ladder.lower(run_dir, error)
    except LoomError as final:
        fail(session, run, final)
        return
    LOG.info("run %s: %s", run.id, ladder.words(said))
    requeue(session, run)


def _lose(session: Session, run: Run, run_dir: Path, error: LoomError) -> None:
    """The child vanished: again from its newest checkpoint, but not for ever."""
    resumes = run.losses < MOST_LOSSES
    try:
        journal = Journal(run_dir)
        journal(RunLost(code=error.code, message=error.message, hint=error.hint, resumes=resumes))
        journal.close()
    except OSError as fault:
        LOG.error("run %s: %s", run.id, fault)
    move(session, run.id, "lost", losses=run.losses + 1)
    if resumes:
        move(session, run.id, "queued", place=0.0, worker=None)
    else:
        fail(session, run, error)
