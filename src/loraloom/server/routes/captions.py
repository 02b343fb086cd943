"""Captions made by engines: which there are, their label sets, and captionings of a data set in the queue."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from loraloom.data import label_sets
from loraloom.jobs import captioning
from loraloom.server import present, selecting
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Page
from loraloom.server.routes.datasets import DatasetId
from loraloom.server.selecting import Selection
from loraloom.server.views import RunView
from loraloom.spec.captioning import CaptionJob
from loraloom.spec.engines import ENGINES
from loraloom.spec.work import Label
from loraloom.store.datasets import own_dataset

router = APIRouter(tags=["captions"], responses=described("request_invalid"))


class CaptionsAsked(Selection):
    """Which pictures an engine is to caption, and how."""

    job: CaptionJob
    labels: list[Label] = Field([], max_length=32, examples=[["a100"]])
    """Only a worker that has all of these may take it."""


class EngineView(BaseModel):
    """An engine; `fields` is the JSON schema of its job, `why_not` says what to install where it is not available."""

    engine: str
    title: str
    who: str
    needs: str
    own_model: bool
    available: bool
    why_not: str
    fields: dict[str, Any]


class LabelSetView(BaseModel):
    """Labels to choose from; `english` says the same line by line."""

    name: str
    language: str
    title: str
    labels: list[str]
    english: list[str]


@router.post(
    "/datasets/{dataset_id}/captions",
    status_code=201,
    responses=described("dataset_not_found", "not_allowed", "quota_reached"),
)
def create_captions(context: Ctx, session: Db, user: Me, dataset_id: DatasetId, body: CaptionsAsked) -> RunView:
    """Queue a captioning. Its result is one change of the data set, which can be undone."""
    dataset = own_dataset(session, dataset_id, user)
    images = selecting.images_of(session, selecting.ids_of(session, dataset_id, body))
    run = captioning.create(session, user, dataset, body.job, images, body.labels)
    session.commit()
    context.supervisor.wake()
    context.hub.tell(run.id, False)
    return present.run(session, run)


@router.get("/caption-engines")
def list_engines(user: Me) -> Page[EngineView]:
    """Every engine, and whether it can be used here."""
    return Page(items=[_engine(name) for name in ENGINES], next=None)


@router.get("/label-sets")
def list_label_sets(user: Me) -> Page[LabelSetView]:
    """Label sets that come with Loom."""
    sets = [label_sets.read(name) for name in label_sets.names()]
    return Page(items=[LabelSetView.model_validate(one, from_attributes=True) for one in sets], next=None)


def _engine(name: Any) -> EngineView:
    facts = ENGINES[name]
    return EngineView(
        engine=facts.engine,
        title=facts.title,
        who=facts.who,
        needs=facts.needs,
        own_model=facts.own_model,
        available=not facts.missing(),
        why_not=facts.why_not(),
        fields=facts.fields(),
    )
