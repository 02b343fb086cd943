"""For whoever watches the server: is it well, and numbers for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from pydantic import BaseModel
from sqlalchemy import func, select

from loraloom import __version__
from loraloom.jobs import devices
from loraloom.server.deps import Ctx, Db
from loraloom.server.reply import text_of
from loraloom.store.tables import Run

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """`ok` when the database answers and the queue is looked after."""

    status: str
    version: str


@router.get("/healthz")
def read_health(context: Ctx, session: Db) -> Health:
    """Whether the server works."""
    session.execute(select(1))
    well = not context.options.train or context.supervisor.alive
    return Health(status="ok" if well else "the queue stands still", version=__version__)


@router.get("/metrics", response_class=Response, responses=text_of("text/plain"))
def read_metrics(context: Ctx, session: Db) -> Response:
    """Runs by state, progress of those at work, devices, watchers; in Prometheus's text format."""
    registry = CollectorRegistry()
    runs = Gauge("loraloom_runs", "Runs by state.", ["state"], registry=registry)
    for state, count in session.execute(select(Run.state, func.count()).group_by(Run.state)):
        runs.labels(state).set(count)
    step = Gauge("loraloom_run_step", "Step of a run at work.", ["run"], registry=registry)
    seconds = Gauge("loraloom_run_step_seconds", "Time of a step.", ["run"], registry=registry)
    for run in session.scalars(select(Run).where(Run.state == "running")):
        step.labels(run.id).set(run.step)
        seconds.labels(run.id).set(run.step_seconds or 0)
    free = Gauge("loraloom_device_memory_free_bytes", "Free memory of a device.", ["device"], registry=registry)
    load = Gauge("loraloom_device_load_ratio", "Load of a device.", ["device"], registry=registry)
    for device in devices.devices():
        free.labels(device.id).set(device.memory_free)
        load.labels(device.id).set(device.load)
    watchers = Gauge("loraloom_watchers", "Open sockets.", registry=registry)
    watchers.set(context.hub.watchers)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
