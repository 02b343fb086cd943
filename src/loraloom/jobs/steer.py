"""What a person may do with a run: pause, resume, cancel, kill, ask for samples or a checkpoint, forget."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.orm import Session

from loraloom.jobs import asks
from loraloom.jobs.quotas import check_queue
from loraloom.jobs.runners import detached
from loraloom.jobs.states import ACTIVE, move
from loraloom.spec.errors import LoomError
from loraloom.store.tables import Lora, Run, User

Steer = Callable[[Session, Run, Path], None]


def pause(session: Session, run: Run, run_dir: Path) -> None:
    """Hold a run; one at work writes a checkpoint first."""
    _stop(session, run, run_dir, "pause", "paused")


def cancel(session: Session, run: Run, run_dir: Path) -> None:
    """End a run; one at work writes a checkpoint first."""
    _stop(session, run, run_dir, "cancel", "cancelled")


def kill(session: Session, run: Run, run_dir: Path) -> None:
    """End a run at once; what came after its newest checkpoint is lost."""
    if run.state in ACTIVE and run.worker is not None:
        run.wish = "kill"
        session.flush()
    elif run.state in ACTIVE and run.pid is not None and run.pid_started is not None:
        run.wish = "cancel"
        session.commit()
        detached.kill(detached.Child(run.pid, run.pid_started, run.pid_mark))
    else:
        cancel(session, run, run_dir)


def resume(session: Session, run: Run, run_dir: Path) -> None:
    """Queue a run that is paused, failed or cancelled again: it goes on from its newest checkpoint. Raises LoomError
    `run_not_ready`, and `quota_reached` by the quota of its owner, whoever asks."""
    del run_dir
    if run.state not in ("paused", "failed", "cancelled"):
        raise _not_ready(run, "resumed")
    owner = session.get_one(User, run.user_id)
    check_queue(session, owner, says=f"{owner.name} has")
    if not move(session, run.id, "queued", losses=0):
        raise _not_ready(run, "resumed")
    session.refresh(run)


def sample(session: Session, run: Run, run_dir: Path) -> None:
    """Draw samples between two steps."""
    if not run.config.get("sample", {}).get("prompts"):
        hint = "Give sample.prompts when you start a run."
        raise LoomError("run_not_ready", "This run has no prompts to draw.", hint)
    _ask(run, run_dir, "sample")


def checkpoint(session: Session, run: Run, run_dir: Path) -> None:
    """Write a checkpoint after this step."""
    if run.kind != "train":
        raise LoomError(
            "run_not_ready", "This writes no checkpoints: it goes on from what it has.", "Pause it instead."
        )
    _ask(run, run_dir, "checkpoint")


STEER: dict[str, Steer] = {
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "kill": kill,
    "sample": sample,
    "checkpoint": checkpoint,
}


def forget(session: Session, run: Run) -> None:
    """Take a run that is not at work out of the records. Raises LoomError `run_not_ready`."""
    if run.state in (*ACTIVE, "lost"):
        raise LoomError("run_not_ready", "This run is at work.", "Cancel it first, then delete it.")
    session.execute(delete(Lora).where(Lora.run_id == run.id))
    session.delete(run)


def _stop(session: Session, run: Run, run_dir: Path, wish: str, state: str) -> None:
    if run.state in ACTIVE:
        run.wish = wish
        session.flush()
        with contextlib.suppress(FileNotFoundError):  # no folder yet: the supervisor asks once the child is there
            asks.ask(run_dir, "stop")
    elif not move(session, run.id, "paused" if state == "paused" else "cancelled"):
        raise _not_ready(run, state)
    session.refresh(run)


def _ask(run: Run, run_dir: Path, verb: asks.Verb) -> None:
    if run.state != "running":
        raise _not_ready(run, "asked")
    asks.ask(run_dir, verb)


def _not_ready(run: Run, done: str) -> LoomError:
    return LoomError("run_not_ready", f"A run that is {run.state} cannot be {done}.", "Look at the run again.")
