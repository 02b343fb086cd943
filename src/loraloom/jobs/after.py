"""Experiments that wait for other runs: those of a sweep."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs.states import ENDED
from loraloom.store.tables import Run

AFTER = Run.config[("experiment", "after")]


def held_back(session: Session) -> set[str]:
    """Ids of queued experiments that have to wait for the end of other runs. Of a config only the list of those is read."""
    queued = select(Run.id, AFTER).where(Run.state == "queued", Run.kind == "experiment")
    after = {run_id: set(map(str, ids or ())) for run_id, ids in session.execute(queued)}
    named = {run_id for ids in after.values() for run_id in ids}
    if not named:
        return set()
    going = set(session.scalars(select(Run.id).where(Run.id.in_(named), Run.state.not_in(ENDED))))
    return {run_id for run_id, ids in after.items() if ids & going}
