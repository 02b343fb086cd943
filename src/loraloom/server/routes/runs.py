"""Runs: create, look, steer, delete."""

from __future__ import annotations

import shutil
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from loraloom.jobs import create, steer
from loraloom.jobs.draft import as_yaml
from loraloom.server import present
from loraloom.server.deps import Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Cursor, Limit, Page, page
from loraloom.server.reply import Text, text_of
from loraloom.server.views import RunView
from loraloom.spec.run import RUN
from loraloom.spec.work import Label
from loraloom.store import runs as store
from loraloom.store.tables import Run, State

router = APIRouter(tags=["runs"], responses=described("request_invalid"))
Tag = Annotated[str, Field(min_length=1, max_length=50)]
CONFIG = {"preset": "quick-look", "name": "ink landscape", "caption": {"trigger": "inkscape"}}


class RunCreate(BaseModel):
    """What to train: a data set, and a config (nested, a part is enough) laid over a YAML (a foreign one too)."""

    model_config = ConfigDict(extra="forbid")

    dataset: str | None = Field(None, max_length=64)
    config: dict[str, Any] = Field(default_factory=dict, examples=[CONFIG])
    yaml: str | None = Field(None, max_length=200_000)
    priority: int = Field(0, ge=-100, le=100)
    labels: list[Label] = Field([], max_length=32, examples=[["a100"]])
    """Only a worker that has all of these may take it."""


class RunUpdate(BaseModel):
    """What may be changed about a run at any time; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=200)
    notes: str | None = Field(None, max_length=20_000)
    tags: list[Tag] | None = Field(None, max_length=50)
    priority: int | None = Field(None, ge=-100, le=100)


class Retry(BaseModel):
    """Where to begin again: a checkpoint's step makes a new run from it; nothing goes on from the newest."""

    model_config = ConfigDict(extra="forbid")

    checkpoint: int | None = Field(None, ge=0, le=10**9)


@router.post("/runs", status_code=201, responses=described("config_invalid", "dataset_not_found", "quota_reached"))
def create_run(context: Ctx, session: Db, user: Me, body: RunCreate) -> RunView:
    """Queue a run. Every problem of its config comes at once."""
    run = create.create(session, user, body.dataset, body.config, body.yaml, body.priority, body.labels)
    session.commit()
    context.supervisor.wake()
    context.hub.tell(run.id, False)
    return present.run(session, run)


@router.get("/runs")
def list_runs(
    session: Db,
    user: Me,
    state: Annotated[list[State] | None, Query(description="Only runs in one of these states.")] = None,
    search: Annotated[str | None, Query(max_length=200, description="In names and notes.")] = None,
    tag: Annotated[str | None, Query(max_length=50)] = None,
    kind: Annotated[Literal["train", "caption", "experiment"], Query()] = "train",
    dataset: Annotated[str | None, Query(max_length=64, description="Only runs on this data set.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RunView]:
    """Runs, the newest first."""
    rows, following = page(session, store.matching(state or [], search, tag, kind, dataset), Run.id, cursor, limit)
    return Page(items=present.runs(session, rows), next=following)


@router.get("/runs/{run_id}", responses=described("run_not_found"))
def read_run(session: Db, user: Me, run_id: str) -> RunView:
    """One run as it is now."""
    return present.run(session, store.get_run(session, run_id))


@router.patch("/runs/{run_id}", responses=described("run_not_found", "not_allowed"))
def update_run(context: Ctx, session: Db, user: Me, run_id: str, body: RunUpdate) -> RunView:
    """Change name, notes, tags or priority."""
    run = _own(session, user, run_id)
    for key, value in body.model_dump(exclude_none=True).items():
        setattr(run, key, value)
    session.commit()
    context.hub.tell(run_id, False)
    return present.run(session, run)


@router.delete("/runs/{run_id}", status_code=204, responses=described("run_not_found", "not_allowed", "run_not_ready"))
def delete_run(context: Ctx, session: Db, user: Me, run_id: str) -> None:
    """Delete a run that is not at work, with its folder and its LoRA."""
    run = _own(session, user, run_id)
    steer.forget(session, run)
    session.commit()
    shutil.rmtree(context.home / "runs" / run_id, ignore_errors=True)
    context.hub.tell(run_id, False)


@router.get(
    "/runs/{run_id}/config", response_class=Response, responses=text_of("text/yaml") | described("run_not_found")
)
def read_run_config(session: Db, user: Me, run_id: str) -> Text:
    """The frozen config as YAML."""
    run = store.get_run(session, run_id)
    said = {"caption": "job", "experiment": "experiment"}.get(run.kind)
    text = as_yaml(None, run.config[said]) if said else as_yaml(RUN.validate_python(run.config), {})
    return Text(text, media_type="text/yaml")


@router.post(
    "/runs/{run_id}/retry",
    responses=described("run_not_found", "not_allowed", "run_not_ready", "checkpoint_not_found", "quota_reached"),
)
def retry_run(context: Ctx, session: Db, user: Me, run_id: str, body: Retry) -> RunView:
    """Go on with a run that failed or was cancelled, or begin a new one from a checkpoint."""
    run = _own(session, user, run_id)
    if body.checkpoint is None:
        steer.resume(session, run, context.home / "runs" / run_id)
    else:
        run = create.branch(session, user, run, body.checkpoint, context.home / "runs", context.blobs)
    session.commit()
    context.supervisor.wake()
    context.hub.tell(run.id, False)
    return present.run(session, run)


Verb = Literal["pause", "resume", "cancel", "kill", "sample", "checkpoint"]


@router.post(
    "/runs/{run_id}/{verb}", responses=described("run_not_found", "not_allowed", "run_not_ready", "quota_reached")
)
def steer_run(context: Ctx, session: Db, user: Me, run_id: str, verb: Verb) -> RunView:
    """Pause (checkpoint first), resume, cancel (checkpoint first), kill, draw samples now, write a checkpoint now."""
    run = _own(session, user, run_id)
    steer.STEER[verb](session, run, context.home / "runs" / run_id)
    session.commit()
    context.supervisor.wake()
    context.hub.tell(run_id, False)
    return present.run(session, run)


def _own(session: Db, user: Me, run_id: str) -> Run:
    run = store.get_run(session, run_id)
    store.own(user, run.user_id)
    return run
