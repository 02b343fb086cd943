"""Queries on experiments and their votes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, String, cast, func, or_, select
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.store.tables import Lora, Run, Vote


def get_experiment(session: Session, experiment_id: str) -> Run:
    """The run of the experiment. Raises LoomError `run_not_found`."""
    run = session.get(Run, experiment_id)
    if run is None or run.kind != "experiment":
        raise LoomError("run_not_found", "There is no such experiment.", "It may have been deleted; look at the list.")
    return run


def matching(session: Session, lora: str | None = None, run: str | None = None) -> Select[Any]:
    """A select of experiments; only those with a LoRA (or the run that made it), or with a run (or its LoRA)."""
    found = select(Run).where(Run.kind == "experiment")
    if lora:
        made_by = session.scalar(select(Lora.run_id).where(Lora.id == lora))
        found = found.where(_names(lora, *([made_by] if made_by else [])))
    if run:
        made = session.scalar(select(Lora.id).where(Lora.run_id == run))
        found = found.where(_names(run, *([made] if made else [])))
    return found


def votes_of(session: Session, experiment_id: str) -> Sequence[Vote]:
    """Every vote, the oldest first."""
    return session.scalars(select(Vote).where(Vote.run_id == experiment_id).order_by(Vote.created_at, Vote.id)).all()


def vote_counts(session: Session, ids: Collection[str]) -> dict[str, int]:
    """Experiment -> how many votes it has."""
    rows = session.execute(select(Vote.run_id, func.count()).where(Vote.run_id.in_(ids)).group_by(Vote.run_id))
    return dict(rows.all())


def cast_vote(session: Session, experiment_id: str, user_id: str, left: int, right: int, winner: str) -> None:
    """Keep a vote. Who judges a pair again changes their mind: it counts once."""
    for vote in session.scalars(select(Vote).where(Vote.run_id == experiment_id, Vote.user_id == user_id)):
        if {vote.left, vote.right} == {left, right}:
            session.delete(vote)
    session.add(Vote(run_id=experiment_id, user_id=user_id, left=left, right=right, winner=winner))
    session.flush()


def _names(*ids: str) -> Any:
    """Whether one of `ids`, which are letters and digits, is compared."""
    text = cast(Run.config, String)
    return or_(*(text.contains(f'"id": "{one}"', autoescape=True) for one in ids))
