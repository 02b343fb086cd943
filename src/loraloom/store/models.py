"""Base models that somebody added to the server."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.models.resolve import THIMBLE
from loraloom.models.smollm2 import SMOLLM2, is_installed
from loraloom.spec.errors import LoomError
from loraloom.store.tables import BaseModel


def bases(session: Session) -> dict[str, str]:
    """Everything a config may call a base model -> its source: ids, names and sources, and those that come along."""
    known: dict[str, str] = {}
    for row in session.scalars(select(BaseModel).order_by(BaseModel.id.desc())):
        known |= {row.id: row.source, row.name: row.source, row.source: row.source}
    return known | {name: name for name in (THIMBLE, *((SMOLLM2,) if is_installed() else ()))}


def get_model(session: Session, model_id: str) -> BaseModel:
    """The base model. Raises LoomError `base_model_not_found`."""
    row = session.get(BaseModel, model_id)
    if row is None:
        raise LoomError("base_model_not_found", "There is no such base model.", "Look at the list of models.")
    return row
