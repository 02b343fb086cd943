"""The queue: what runs, what waits and when it starts."""

from __future__ import annotations

from fastapi import APIRouter
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
    """Runs at work, and those that wait in the order in which they will start."""

    running: list[RunView]
    waiting: list[RunView]
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


@router.get("/queue")
def read_queue(session: Db, user: Me) -> Queue:
    """What runs and what waits."""
    running = list(session.scalars(select(Run).where(Run.state.in_(ACTIVE)).order_by(Run.started_at)))
    line = queue.waiting(session)
    views = present.runs(session, [*running, *line])
    return Queue(running=views[: len(running)], waiting=views[len(running) :], paused=queue_paused(session))


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
