"""The order in which runs start: priority, then fair turns between users, then place (age, or where it was dragged)."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from loraloom.jobs.after import held_back
from loraloom.jobs.states import ACTIVE, move
from loraloom.spec.errors import LoomError
from loraloom.store.tables import Lease, Run, now


def waiting(session: Session) -> list[Run]:
    """Queued runs, the next one first. A user's n-th run waits for the other users' n-th; what they run now counts. What
    compares runs that have not ended yet is not among them."""
    active = Counter(session.scalars(select(Run.user_id).where(Run.state.in_(ACTIVE))))
    wanted = select(Run).where(Run.state == "queued").order_by(Run.priority.desc(), Run.place, Run.id)
    queued = session.scalars(wanted).all()
    held = held_back(session, queued)
    turns: dict[str, int] = defaultdict(int, active)
    order: list[tuple[tuple[int, int, float, str], Run]] = []
    for run in queued:
        if run.id in held:
            continue
        order.append(((-run.priority, turns[run.user_id], run.place, run.id), run))
        turns[run.user_id] += 1
    return [run for _, run in sorted(order, key=lambda item: item[0])]


def place_now() -> float:
    """The place of a run that joins the queue now."""
    return time.time()


def reorder(session: Session, run_id: str, before: str | None) -> None:
    """Put a waiting run before another one, or at the end; it takes that place's priority. Raises LoomError
    `run_not_ready` when one of them does not wait (any more)."""
    line = waiting(session)
    run = _find(line, run_id)
    line.remove(run)
    at = line.index(_find(line, before)) if before else len(line)
    behind, ahead = line[at] if at < len(line) else None, line[at - 1] if at else None
    neighbour = behind or ahead
    if neighbour is None:
        return
    run.priority = neighbour.priority
    same = [other for other in (ahead, behind) if other is not None and other.priority == run.priority]
    if len(same) == 2:
        run.place = (same[0].place + same[1].place) / 2
    elif same[0] is behind:
        run.place = same[0].place - 1
    else:
        run.place = max(place_now(), same[0].place + 1)


def claim(session: Session, run_id: str, device: str) -> bool:
    """Take a waiting run for a device. False when another got it, or the device, first."""
    if session.get(Lease, device) is None:
        session.add(Lease(device=device, token=0))
        session.flush()
    free = update(Lease).where(Lease.device == device, Lease.run_id.is_(None))
    granted = session.execute(free.values(run_id=run_id, token=Lease.token + 1, beat_at=now()))
    if cast(CursorResult[Any], granted).rowcount != 1:
        return False
    if move(session, run_id, "preparing", device=device, stage=None, stage_done=None, stage_total=None, error=None):
        return True
    release(session, run_id)
    return False


def release(session: Session, run_id: str) -> None:
    """Give back whatever device the run held."""
    session.execute(update(Lease).where(Lease.run_id == run_id).values(run_id=None, beat_at=None))


def starts_in(session: Session, line: Sequence[Run], devices: Sequence[str]) -> dict[str, float]:
    """Run id -> seconds until it starts, for as long as every run before it can be estimated."""
    finished = _finished(session)
    free: dict[str, float | None] = dict.fromkeys(devices, 0.0)
    for run in session.scalars(select(Run).where(Run.state.in_(ACTIVE))):
        if run.device in free:
            free[run.device] = run.eta_seconds if run.eta_seconds is not None else duration(run, finished)
    found: dict[str, float] = {}
    for run in line:
        known = {device: seconds for device, seconds in free.items() if seconds is not None}
        if not known:
            break
        device = min(known, key=known.__getitem__)
        found[run.id] = known[device]
        takes = duration(run, finished)
        free[device] = known[device] + takes if takes is not None else None
    return found


def duration(run: Run, finished: Sequence[Run]) -> float | None:
    """Seconds a run will take, by the most similar of the `finished` runs on its base model, the newest first. None
    without one."""
    like = [
        done for done in finished if (done.kind, done.family, done.base_model) == (run.kind, run.family, run.base_model)
    ]
    if run.total_steps is None or not like:
        return None
    best = min(like, key=lambda done: sum(_of(done, *key) != _of(run, *key) for key in ALIKE))
    assert best.started_at is not None and best.ended_at is not None
    return (best.ended_at - best.started_at).total_seconds() / best.step * max(0, run.total_steps - run.step)


def _finished(session: Session) -> Sequence[Run]:
    """Runs that tell how long a step takes: finished in one go, the newest first."""
    whole = select(Run).where(Run.state == "finished", Run.attempts == 1, Run.step > 0)
    timed = whole.where(Run.started_at.is_not(None), Run.ended_at.is_not(None))
    return session.scalars(timed.order_by(Run.id.desc()).limit(RECENT)).all()


RECENT = 50
"""Finished runs that are looked at for an estimate."""
ALIKE = (("dataset", "resolution"), ("training", "batch_size"), ("training", "accumulation"), ("lora", "targets"))
"""Settings that change how long a step takes."""


def _of(run: Run, group: str, key: str) -> object:
    part: dict[str, object] = run.config.get(group) or {}
    return part.get(key)


def _find(line: list[Run], run_id: str) -> Run:
    for run in line:
        if run.id == run_id:
            return run
    raise LoomError("run_not_ready", "That run does not wait in the queue.", "Look at the queue again.")
