"""Numbers for Prometheus: what this process counted (`jobs.meters`), and what rows, devices and history say now."""

from __future__ import annotations

import logging
import threading
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from loraloom import __version__
from loraloom.forecast.history import PEAK, total_seconds
from loraloom.jobs import devices, history, workers
from loraloom.jobs.meters import FORECAST_ERROR, REGISTRY, RUN_ENDS
from loraloom.jobs.states import ENDED
from loraloom.server.context import Context
from loraloom.spec.work import WorkerDevice
from loraloom.store.tables import Grant, Lease, Run, Worker, now

LOG = logging.getLogger("loraloom.server")
SERVER = "server"
"""As the name of a worker: this machine."""
LATE = timedelta(minutes=5)
"""A row may come into sight so long after the time that stands in it: its transaction was open, or a clock is behind."""


def render(context: Context) -> bytes:
    """Everything, in Prometheus's text format. What the database would tell is missing while it does not answer."""
    registry = CollectorRegistry()
    gauge = _gauges(registry)
    gauge("loraloom_info", "The version that runs.", version=__version__)(1)
    gauge("loraloom_watchers", "Open sockets.")(context.hub.watchers)
    _of_this_machine(gauge)
    _of_the_history(gauge, context.home)
    answers = gauge("loraloom_database_up", "Whether the database answers.")
    try:
        with context.database.session() as session:
            _of_the_rows(gauge, session, context.supervisor.own)
            _ends(context.home).count(session)
        answers(1)
    except DBAPIError:
        LOG.warning("the database does not answer", exc_info=True)
        answers(0)
    return generate_latest(registry) + generate_latest(REGISTRY)


Set = Callable[[float], None]


def _gauges(registry: CollectorRegistry) -> Callable[..., Set]:
    """A function that gives what sets one gauge: its name, its help and its labels."""
    made: dict[str, Gauge] = {}

    def gauge(name: str, about: str, **labels: str) -> Set:
        if name not in made:
            made[name] = Gauge(name, about, list(labels), registry=registry)
        return (made[name].labels(**labels) if labels else made[name]).set

    return gauge


def _of_this_machine(gauge: Callable[..., Set]) -> None:
    for device in devices.devices():
        told = {"device": device.id, "kind": device.kind}
        gauge("loraloom_device_memory_free_bytes", "Free memory of a device of the server.", **told)(device.memory_free)
        gauge("loraloom_device_memory_total_bytes", "Its memory.", **told)(device.memory_total)
        gauge("loraloom_device_load_ratio", "Its load, 0 to 1.", **told)(device.load)


def _of_the_rows(gauge: Callable[..., Set], session: Session, own: Sequence[WorkerDevice]) -> None:
    moment = now()
    for state, count in session.execute(select(Run.state, func.count()).group_by(Run.state)):
        gauge("loraloom_runs", "Runs by state.", state=state)(count)
    waits = select(Run.priority, func.count(), func.min(Run.queued_at)).where(Run.state == "queued")
    total, oldest = 0, moment
    for priority, count, since in session.execute(waits.group_by(Run.priority)):
        gauge("loraloom_queue_waiting", "Waiting runs by priority.", priority=str(priority))(count)
        total, oldest = total + count, min(oldest, since)
    gauge("loraloom_queue_length", "All waiting runs.")(total)
    gauge("loraloom_queue_oldest_wait_seconds", "How long the oldest waiting run has waited.")(_age(moment, oldest))
    _of_the_devices(gauge, session, moment, own)


def _of_the_devices(gauge: Callable[..., Set], session: Session, moment: datetime, own: Sequence[WorkerDevice]) -> None:
    """How many devices there are and how many are at work, the server's own and those of workers that are there."""
    offered = Tally((SERVER, device.kind) for device in own)
    busy: Tally[tuple[str, str]] = Tally()
    for device in session.scalars(select(Lease.device).where(Lease.run_id.is_not(None))):
        if "/" not in device:  # `worker/device` is a worker's, which is counted by its grant
            busy[SERVER, "cpu" if device == devices.CPU else "cuda"] += 1
    kinds: dict[tuple[str | None, str], str] = {}
    counts: Tally[str] = Tally(there=0, draining=0, gone=0)
    names: dict[str | None, str] = {}
    for worker in session.scalars(select(Worker)):
        there = worker.seen_at > moment - workers.SEEN
        counts["gone" if not there else "draining" if worker.draining else "there"] += 1
        names[worker.id] = worker.name
        for device in worker.devices:
            kinds[worker.id, device["id"]] = device["kind"]
            if there:
                offered[worker.name, device["kind"]] += 1
    oldest = moment
    for worker_id, device, beat in session.execute(
        select(Grant.worker_id, Grant.device, Grant.beat_at).where(Grant.ended_at.is_(None))
    ):
        oldest = min(oldest, beat)
        busy[names.get(worker_id, "gone"), kinds.get((worker_id, device), device.partition(":")[0])] += 1
    for state, count in counts.items():
        gauge("loraloom_workers", "Workers: there, draining (given nothing more), gone (silent).", state=state)(count)
    for (worker, kind), count in offered.items():
        gauge("loraloom_devices", "Devices that runs can be given to.", worker=worker, kind=kind)(count)
    for worker, kind in {*offered, *busy}:
        told = {"worker": worker, "kind": kind}
        gauge("loraloom_devices_in_use", "Devices that have a run.", **told)(busy[worker, kind])
    gauge("loraloom_oldest_beat_seconds", "How long the most silent worker with a run has been silent.")(
        _age(moment, oldest)
    )
    grants = select(Grant.how, func.count()).where(Grant.ended_at.is_not(None)).group_by(Grant.how)
    for how, count in session.execute(grants):
        gauge("loraloom_grants", "Runs given to workers, by how it ended.", how=how or "")(count)


def _of_the_history(gauge: Callable[..., Set], home: Path) -> None:
    """Forecasts beside what runs took: the file of finished runs, which is read again only when it has grown."""
    for rating in _forecasts(home).ratings():
        for what, error, within in (
            ("time", rating.time_error, rating.time_within),
            ("memory", rating.memory_error, rating.memory_within),
        ):
            told = {"what": what, "source": rating.source}
            if error is not None and within is not None:
                gauge("loraloom_forecast_error_median", "Median of |took / forecast - 1| of kept runs.", **told)(error)
                gauge("loraloom_forecast_within_ratio", "Share of kept runs inside their range.", **told)(within)


class _Forecasts:
    """Counts how far off the forecasts were of runs that finished since the first time somebody asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes = history.read()
        self._seen = {one.id for one in self._outcomes}
        self._ratings = history.ratings(self._outcomes)

    def ratings(self) -> tuple[history.Rating, ...]:
        """Of all that are kept; those that are new are counted."""
        with self._lock:
            outcomes = history.read()
            if outcomes is not self._outcomes:
                for one in outcomes:
                    if one.id not in self._seen and one.told is not None:
                        _observe("time", one.told.source, total_seconds(one.took), one.told.seconds.p50)
                        _observe("memory", one.told.source, one.took.get(PEAK), one.told.peak_memory_bytes.p50)
                self._outcomes, self._seen = outcomes, {one.id for one in outcomes}
                self._ratings = history.ratings(outcomes)
            return self._ratings


def _observe(what: str, source: str, took: float | None, told: float) -> None:
    if took and told:
        FORECAST_ERROR.labels(what, source).observe(abs(took / told - 1))


class _Ends:
    """Counts the runs that ended since the first time somebody asked, each end once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = self._until = now()
        self._seen: set[tuple[str, datetime | None]] = set()

    def count(self, session: Session) -> None:
        """Count those that came into sight since the last time."""
        with self._lock:
            until, since = now(), max(self._began, self._until - LATE)
            code = Run.error["code"].as_string()
            ended = select(Run.id, Run.ended_at, Run.state, code).where(Run.ended_at > since)
            found: set[tuple[str, datetime | None]] = set()
            for run_id, ended_at, state, why in session.execute(ended):
                if state not in ENDED:  # paused
                    continue
                found.add((run_id, ended_at))
                if (run_id, ended_at) not in self._seen:
                    RUN_ENDS.labels(state, (why or "") if state == "failed" else "").inc()
            self._seen, self._until = found, until


@lru_cache(maxsize=8)
def _ends(home: Path) -> _Ends:
    """Of the server with this data home."""
    del home
    return _Ends()


@lru_cache(maxsize=8)
def _forecasts(home: Path) -> _Forecasts:
    del home
    return _Forecasts()


def _age(moment: datetime, since: datetime) -> float:
    return max(0.0, (moment - since).total_seconds())
