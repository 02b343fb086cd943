"""The machines that carry out runs for this server: they introduce themselves, and are asked what they have free."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loraloom.spec.errors import LoomError
from loraloom.spec.work import Register, WorkerDevice
from loraloom.store.tables import Grant, Worker, now

SEEN = timedelta(seconds=60)
"""A worker that was not heard for longer counts as away."""


def register(session: Session, said: Register) -> Worker:
    """The worker of that name, as it says it is now. Raises LoomError `in_use` while the name is another one's."""
    worker = session.scalar(select(Worker).where(Worker.name == said.name).with_for_update(key_share=True))
    if worker is not None and worker.instance not in ("", said.instance):
        if abs(now() - worker.seen_at) < SEEN:  # in the future, where the clock was put right since
            text = f"The name {said.name} is another worker's, which was heard less than a minute ago."
            raise LoomError("in_use", text, "Give each worker its own --name.")
        worker = _next(session, worker)
    if worker is None:
        worker = Worker(name=said.name)
        session.add(worker)
    worker.instance = said.instance
    worker.devices = [device.model_dump() for device in said.devices]
    worker.labels = list(said.labels)
    worker.version, worker.seen_at = said.version, now()
    session.flush()
    return worker


def _next(session: Session, away: Worker) -> Worker:
    """A new row for the name of a worker that is away. Its id is another one: if that one comes back, it is told that it is
    not known, and a device of the new one that asks for work takes back nothing that the old one still carries out."""
    worker = Worker(name=away.name, draining=away.draining)
    session.delete(away)
    session.flush()
    session.add(worker)
    return worker


def get(session: Session, worker_id: str) -> Worker:
    """The worker, noted as seen. Raises LoomError `worker_not_found`."""
    worker = session.get(Worker, worker_id)
    if worker is None:
        raise LoomError("worker_not_found", "There is no such worker.", "It registers anew when it starts.")
    _note(worker)
    return worker


def heard(session: Session, worker_id: str | None) -> None:
    """The worker has spoken for one of its runs: while it works it does not ask for others."""
    worker = session.get(Worker, worker_id) if worker_id is not None else None
    if worker is not None:
        _note(worker)


def _note(worker: Worker) -> None:
    """Not every second; and a time in the future is one too, left by a clock that was put right since."""
    if abs(now() - worker.seen_at) > timedelta(seconds=5):
        worker.seen_at = now()


def device_of(worker: Worker, device: str) -> WorkerDevice:
    """One of its devices. Raises LoomError `no_such_device`."""
    for told in worker.devices:
        if told["id"] == device:
            return WorkerDevice.model_validate(told)
    raise LoomError("no_such_device", f"The worker {worker.name} has no {device!r}.", "Register it first.")


def idle_devices(session: Session) -> int:
    """Devices of workers that are there and take runs, less those at work."""
    there = session.scalars(select(Worker).where(Worker.draining.is_(False), Worker.seen_at > now() - SEEN))
    offered = sum(len(worker.devices) for worker in there)
    return offered - (session.scalar(select(func.count()).select_from(Grant).where(Grant.ended_at.is_(None))) or 0)
