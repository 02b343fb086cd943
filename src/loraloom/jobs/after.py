"""Experiments that wait for other runs: those of a sweep."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs.states import ENDED
from loraloom.store.tables import Run


def held_back(session: Session, waiting: Sequence[Run]) -> set[str]:
    """Ids of those among `waiting` that have to wait for the end of other runs."""
    after = {
        run.id: set(map(str, run.config["experiment"].get("after", ()))) for run in waiting if run.kind == "experiment"
    }
    named = {run_id for ids in after.values() for run_id in ids}
    if not named:
        return set()
    going = set(session.scalars(select(Run.id).where(Run.id.in_(named), Run.state.not_in(ENDED))))
    return {run_id for run_id, ids in after.items() if ids & going}
