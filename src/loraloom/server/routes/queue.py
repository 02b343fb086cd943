"""The queue: what runs, what waits and when it starts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from loraloom.jobs import queue
from loraloom.jobs.states import ACTIVE
from loraloom.server import present
from loraloom.server.deps import Admin, Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.views import RunView
from loraloom.store.runs import get_run, own
from loraloom.store.settings import pause_queue, queue_paused
from loraloom.store.tables import Run

router = APIRouter(tags=["queue"], responses=described("request_invalid"))


class Queue(BaseModel):
    """Runs at work, and those that wait in the order in which they will start: `total` of them, of which these are some."""

    running: list[RunView]
    waiting: list[RunView]
    total: int
    next: int | None = None
    """Pass it on as `after` for those behind; null: there are no more."""
    paused: bool


class Order(BaseModel):
    """Put `run` before the waiting run `before`; null puts it at the end."""

    model_config = ConfigDict(extra="forbid")

    run: str = Field(max_length=64)
    before: str | None = Field(None, max_length=64)


class Paused(BaseModel):
    """Whether runs that wait are left waiting."""

    model_config = ConfigDict(extra="forbid")

    paused: bool


After = Annotated[int, Query(ge=0, le=10**9, description="Leave out so many of those that wait.")]
Limit = Annotated[int, Query(ge=1, le=500, description="So many of those that wait, at most.")]
SHOWN = 50


@router.get("/queue")
def read_queue(session: Db, user: Me, after: After = 0, limit: Limit = SHOWN) -> Queue:
    """What runs and what waits."""
    running = list(session.scalars(select(Run).where(Run.state.in_(ACTIVE)).order_by(Run.started_at)))
    at_work, waiting = present.line(session, running, after, limit)
    total = queue.length(session)
    following = after + len(waiting) if waiting and after + len(waiting) < total else None
    return Queue(running=at_work, waiting=waiting, total=total, next=following, paused=queue_paused(session))


@router.post("/queue/order", responses=described("run_not_found", "not_allowed", "run_not_ready"))
def order_queue(context: Ctx, session: Db, user: Me, body: Order) -> Queue:
    """Move a waiting run."""
    own(user, get_run(session, body.run).user_id)
    queue.reorder(session, body.run, body.before)
    session.commit()
    context.hub.tell(body.run, False)
    context.supervisor.wake()
    return read_queue(session, user)


@router.put("/queue/paused", responses=described("not_allowed"))
def pause_whole_queue(context: Ctx, session: Db, user: Admin, body: Paused) -> Queue:
    """Start nothing more, or go on. What runs goes on either way."""
    pause_queue(session, body.paused)
    session.commit()
    context.supervisor.wake()
    return read_queue(session, user)
