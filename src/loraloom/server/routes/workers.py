"""The machines that carry out runs, as administrators see them: what they have and do, to be drained or forgotten."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from loraloom.jobs import workers
from loraloom.server.deps import Admin, Ctx, Db, Me
from loraloom.server.errors import described
from loraloom.server.paging import Page
from loraloom.server.views import Named
from loraloom.spec.errors import LoomError
from loraloom.spec.work import WorkerDevice
from loraloom.store.tables import Lease, Run, Worker, now

router = APIRouter(tags=["workers"], responses=described("request_invalid"))


class WorkerDeviceView(WorkerDevice):
    """A device of a worker, and the run that is on it."""

    run: Named | None = None


class WorkerView(BaseModel):
    """A worker. `there`: it was heard within the last minute; `draining`: it is given nothing more."""

    id: str
    name: str = Field(examples=["gpu-1"])
    labels: list[str] = Field(examples=[["a100", "80gb"]])
    devices: list[WorkerDeviceView]
    version: str
    there: bool
    draining: bool
    seen_at: datetime
    created_at: datetime


class WorkerUpdate(BaseModel):
    """Give it nothing more (what runs there goes on), or give it runs again."""

    model_config = ConfigDict(extra="forbid")

    draining: bool


class Labels(BaseModel):
    """Labels that a run may ask for."""

    labels: list[str]


@router.get("/workers", responses=described("not_allowed"))
def list_workers(session: Db, user: Admin) -> Page[WorkerView]:
    """Every worker, by name."""
    rows = session.scalars(select(Worker).order_by(Worker.name)).all()
    runs = _runs(session)
    return Page(items=[_view(row, runs) for row in rows])


@router.patch("/workers/{worker_id}", responses=described("not_allowed", "worker_not_found"))
def update_worker(context: Ctx, session: Db, user: Admin, worker_id: str, body: WorkerUpdate) -> WorkerView:
    """Drain a worker, or let it work again."""
    row = _find(session, worker_id)
    row.draining = body.draining
    session.commit()
    context.supervisor.wake()
    return _view(row, _runs(session))


@router.delete(
    "/workers/{worker_id}", status_code=204, responses=described("not_allowed", "worker_not_found", "in_use")
)
def forget_worker(session: Db, user: Admin, worker_id: str) -> None:
    """Forget a worker that carries out nothing. One that is still there comes back when it is started again."""
    row = _find(session, worker_id)
    runs = _runs(session)
    if any(_lease(row, device["id"]) in runs for device in row.devices):
        hint = "Drain it, and wait for its runs to end or cancel them."
        raise LoomError("in_use", f"The worker {row.name} carries out a run.", hint)
    for device in row.devices:
        if (lease := session.get(Lease, _lease(row, device["id"]))) is not None:
            session.delete(lease)
    session.delete(row)


@router.get("/labels")
def list_labels(session: Db, user: Me) -> Labels:
    """The labels of all workers: what a run may ask for with some hope."""
    found = {str(label) for labels in session.scalars(select(Worker.labels)) for label in labels}
    return Labels(labels=sorted(found))


def _find(session: Db, worker_id: str) -> Worker:
    row = session.get(Worker, worker_id)
    if row is None:
        raise LoomError("worker_not_found", "There is no such worker.", "Look at the list of workers.")
    return row


def _runs(session: Db) -> dict[str, Named]:
    """Name of a lease -> the run that has it."""
    held = session.execute(select(Lease.device, Run.id, Run.name).join(Run, Run.id == Lease.run_id))
    return {device: Named(id=run_id, name=name) for device, run_id, name in held}


def _view(row: Worker, runs: dict[str, Named]) -> WorkerView:
    return WorkerView(
        id=row.id,
        name=row.name,
        labels=[str(label) for label in row.labels],
        devices=[WorkerDeviceView(**device, run=runs.get(_lease(row, device["id"]))) for device in row.devices],
        version=row.version,
        there=row.seen_at > now() - workers.SEEN,
        draining=row.draining,
        seen_at=row.seen_at,
        created_at=row.created_at,
    )


def _lease(row: Worker, device: str) -> str:
    return f"{row.name}/{device}"
