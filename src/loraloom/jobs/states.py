"""The states of a run and the ways between them. Nothing else writes `runs.state`."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from loraloom.store.tables import Run, State, now

ACTIVE: tuple[State, ...] = ("preparing", "running")
"""A child is, or soon will be, at work."""
ENDED: tuple[State, ...] = ("finished", "failed", "cancelled")
BEFORE: dict[State, tuple[State, ...]] = {
    "queued": ("preparing", "lost", "paused", "failed", "cancelled"),
    "preparing": ("queued",),
    "running": ("preparing", "running"),
    "paused": ("queued", "preparing", "running"),
    "finished": ("preparing", "running"),
    "failed": ("queued", "preparing", "running", "lost"),
    "cancelled": ("queued", "preparing", "running", "paused", "lost"),
    "lost": ("preparing", "running"),
}
"""State -> the states from which a run may come into it."""

NOBODY = dict.fromkeys(("wish", "pid", "pid_started", "pid_mark"))
"""Columns of a run that has no child."""


def move(session: Session, run_id: str, to: State, **changes: Any) -> bool:
    """Bring a run into the state `to` with other columns changed beside it. False, and nothing is changed, when it
    cannot come there from where it is."""
    if to in ENDED or to == "paused":
        changes = {**NOBODY, "ended_at": now()} | changes
    if to == "queued":
        changes = {**NOBODY, "queued_at": now(), "ended_at": None} | changes
    statement = update(Run).where(Run.id == run_id, Run.state.in_(BEFORE[to])).values(state=to, **changes)
    return cast(CursorResult[Any], session.execute(statement)).rowcount == 1
