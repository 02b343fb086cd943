"""Base models: those that come along, and those that were added by path, hub id or upload."""

from __future__ import annotations

import shutil
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from loraloom.models.resolve import THIMBLE, resolve
from loraloom.models.smollm2 import SMOLLM2
from loraloom.server import present
from loraloom.server.deps import Admin, Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Page
from loraloom.server.views import ModelView
from loraloom.spec.errors import LoomError
from loraloom.store import tables
from loraloom.store.models import get_model

router = APIRouter(tags=["models"], responses=described("request_invalid"))


class ModelCreate(BaseModel):
    """A base model on the server's disk (path) or by hub id."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(min_length=1, max_length=1000, examples=["stabilityai/stable-diffusion-xl-base-1.0"])
    name: str | None = Field(None, min_length=1, max_length=200)


@router.get("/models")
def list_models(context: Ctx, session: Db, user: Me) -> Page[ModelView]:
    """Base models that runs may name."""
    rows = session.scalars(select(tables.BaseModel).order_by(tables.BaseModel.id.desc()))
    added = [present.model(row, context.preparing) for row in rows]
    return Page(items=[*present.embedded(context.preparing), *added])


@router.post(
    "/models",
    status_code=201,
    responses=described("not_allowed", "base_model_not_found", "base_model_unknown", "pickle_refused", "name_taken"),
)
def create_model(context: Ctx, session: Db, user: Admin, body: ModelCreate) -> ModelView:
    """Add a base model by path or hub id. Nothing is downloaded or copied here."""
    if "\0" in body.source:
        raise LoomError("base_model_not_found", "There is no base model of that name.", "Check the path.")
    if body.source in (THIMBLE, SMOLLM2):
        raise LoomError("name_taken", "This base model comes along.", "Choose it when you start a run.")
    found = resolve(body.source)
    source = str(found.path.resolve()) if found.path is not None and found.hub_id is None else body.source
    if session.scalar(select(tables.BaseModel).where(tables.BaseModel.source == source)):
        raise LoomError("name_taken", "This base model was added before.", "Choose it when you start a run.")
    row = tables.BaseModel(
        name=body.name or found.name,
        source=source,
        family=found.family,
        resolution=found.resolution,
        prediction=found.prediction,
        layout=found.layout,
        bytes=present.size_of(found.path) if found.path is not None else 0,
        warnings=list(found.warnings),
        user_id=user.id,
    )
    session.add(row)
    session.flush()
    return present.model(row, context.preparing)


@router.post(
    "/models/{model_id}/prepare", responses=described("base_model_not_found", "base_model_mismatch", "extra_missing")
)
def prepare_model(context: Ctx, session: Db, user: Me, model_id: str) -> ModelView:
    """Begin to convert the .gguf file of a language model, which takes a minute or so, once. Nothing happens where that was
    done, or is being done."""
    source = model_id if model_id in (THIMBLE, SMOLLM2) else get_model(session, model_id).source
    context.preparing.begin(source)
    views = present.embedded(context.preparing)
    known = next((view for view in views if view.source == source), None)
    return known or present.model(get_model(session, model_id), context.preparing)


@router.delete(
    "/models/{model_id}", status_code=204, responses=described("not_allowed", "base_model_not_found", "in_use")
)
def delete_model(context: Ctx, session: Db, user: Admin, model_id: str) -> None:
    """Take a base model off the list; the file goes too if it was uploaded here."""
    row = get_model(session, model_id)
    waits = select(tables.Run.id).where(
        tables.Run.base_model == row.source, tables.Run.state.in_(("queued", "preparing", "running", "paused", "lost"))
    )
    if session.scalar(waits.limit(1)):
        raise LoomError("in_use", "A run that has not ended uses this base model.", "Cancel it first, or wait for it.")
    session.delete(row)
    session.commit()
    file = Path(row.source)
    if file.is_absolute() and file.is_relative_to(context.home / "models"):
        file.unlink(missing_ok=True)
        if file.parent != context.home / "models":
            shutil.rmtree(file.parent, ignore_errors=True)
