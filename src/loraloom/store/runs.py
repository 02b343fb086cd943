"""Queries over runs and LoRAs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.store.tables import Lora, Run, User


def get_run(session: Session, run_id: str) -> Run:
    """The run. Raises LoomError `run_not_found`."""
    run = session.get(Run, run_id)
    if run is None:
        raise LoomError("run_not_found", "There is no such run.", "It may have been deleted; look at the list of runs.")
    return run


def get_lora(session: Session, lora_id: str) -> Lora:
    """The LoRA. Raises LoomError `lora_not_found`."""
    lora = session.get(Lora, lora_id)
    if lora is None:
        raise LoomError("lora_not_found", "There is no such LoRA.", "It may have been deleted; look at the gallery.")
    return lora


def own(user: User, owner: str) -> None:
    """Raises LoomError `not_allowed` unless `user` may change what belongs to `owner`."""
    if not user.admin and user.id != owner:
        raise LoomError("not_allowed", "This belongs to somebody else.", "Ask them, or an administrator.")


def matching(
    states: Sequence[str], search: str | None, tag: str | None, kind: str = "train", dataset: str | None = None
) -> Any:
    """A select of the runs of `kind` in one of `states` (empty: all), on `dataset`, whose name or notes hold `search` and
    that bear `tag`."""
    statement = select(Run).where(Run.kind == kind)
    if dataset:
        statement = statement.where(Run.dataset_id == dataset)
    if states:
        statement = statement.where(Run.state.in_(states))
    if search:
        like = f"%{_escape(search)}%"
        statement = statement.where(or_(Run.name.ilike(like, escape="\\"), Run.notes.ilike(like, escape="\\")))
    if tag:
        import json

        quoted = _escape(json.dumps(tag))
        statement = statement.where(cast(Run.tags, String).like(f"%{quoted}%", escape="\\"))
    return statement


def names_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """User id -> name."""
    rows = session.execute(select(User.id, User.name).where(User.id.in_(set(ids))))
    return dict(rows.all())


def loras_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Run id -> id of its LoRA."""
    rows = session.execute(select(Lora.run_id, Lora.id).where(Lora.run_id.in_(set(ids))))
    return {run_id: lora_id for run_id, lora_id in rows if run_id is not None}


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
