"""Queries over what was published."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.store.tables import Lora, Publication, Run, Vote


def get_publication(session: Session, publication_id: str) -> Publication:
    """The publication. Raises LoomError `publication_not_found`."""
    found = session.get(Publication, publication_id)
    if found is None:
        raise LoomError("publication_not_found", "There is no such publication.", "Look at the list of publications.")
    return found


def listed(lora_id: str | None = None) -> Select[Publication]:
    """A select of publications, of one LoRA or all."""
    found = select(Publication)
    return found.where(Publication.lora_id == lora_id) if lora_id else found


def versions(session: Session, name: str, target: str, place: str) -> Sequence[Publication]:
    """What was published under `name` at one place, the newest version first, withdrawn ones too."""
    at = select(Publication).where(Publication.name == name, Publication.target == target, Publication.place == place)
    return session.scalars(at.order_by(Publication.version.desc(), Publication.id.desc())).all()


def next_version(session: Session, name: str, target: str, place: str) -> int:
    """The number that comes next; numbers of withdrawn versions are not used again."""
    highest = session.scalar(
        select(func.max(Publication.version)).where(
            Publication.name == name, Publication.target == target, Publication.place == place
        )
    )
    return (highest or 0) + 1


def published(session: Session, target: str) -> Sequence[Publication]:
    """What stands at every place of a kind now, the oldest first."""
    found = select(Publication).where(Publication.target == target, Publication.state == "published")
    return session.scalars(found.order_by(Publication.id)).all()


def experiments(session: Session) -> Sequence[Run]:
    """Finished experiments, the newest first."""
    found = select(Run).where(Run.kind == "experiment", Run.state == "finished")
    return session.scalars(found.order_by(Run.id.desc())).all()


def votes(session: Session, run_id: str) -> Sequence[Vote]:
    """Votes on an experiment, the oldest first."""
    return session.scalars(select(Vote).where(Vote.run_id == run_id).order_by(Vote.id)).all()


def lora_of_run(session: Session, run_id: str) -> Lora | None:
    """The LoRA that a run made."""
    return session.scalar(select(Lora).where(Lora.run_id == run_id))


def lora_by_hash(session: Session, sha256: str) -> Lora | None:
    """The oldest LoRA whose file has these bytes."""
    return session.scalar(select(Lora).where(Lora.sha256 == sha256).order_by(Lora.id).limit(1))
