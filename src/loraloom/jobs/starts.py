"""When the runs that wait will start: what is at work ends, and each run takes as long as others like it took."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs.offers import Offer
from loraloom.jobs.states import ACTIVE
from loraloom.store.tables import Run

HEAD = 100
"""Runs at the head of the line for which this is worked out; further behind it would be a guess upon guesses."""
RECENT = 50
"""Finished runs that are looked at for an estimate."""
ALIKE = (
    *(("dataset", "resolution"), ("training", "batch_size"), ("training", "accumulation")),
    *(("training", "processes"), ("lora", "targets")),
)
"""Settings that change how long a step takes."""


def starts_in(session: Session, runs: Sequence[Run], there: Sequence[Offer]) -> dict[str, float]:
    """Run id -> seconds until it starts, of the head of the line on the devices that are `there`, for as long as what is in
    front of it on its devices can be estimated."""
    finished = _finished(session)
    free: dict[str, float | None] = {offer.lease: 0.0 for offer in there}
    for run in session.scalars(select(Run).where(Run.state.in_(ACTIVE))):
        if run.device in free:
            free[run.device] = run.eta_seconds if run.eta_seconds is not None else duration(run, finished)
    found: dict[str, float] = {}
    for run in runs[:HEAD]:
        wishes = run.wanted_device, run.labels, run.needs_bytes, run.cards
        suited = [offer.lease for offer in there if offer.takes(*wishes)]
        known = {lease: seconds for lease in suited if (seconds := free[lease]) is not None}
        if known:
            lease = min(known, key=known.__getitem__)
            found[run.id] = known[lease]
            takes = duration(run, finished)
            free[lease] = known[lease] + takes if takes is not None else None
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


def _of(run: Run, group: str, key: str) -> object:
    part: dict[str, object] = run.config.get(group) or {}
    return part.get(key)
