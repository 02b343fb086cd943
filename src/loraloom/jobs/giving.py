"""Gives the next run to a device of a worker: claimed, granted, its folder filled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from loraloom.jobs import ending, filling, grants, meters, queue
from loraloom.jobs.logs import about
from loraloom.spec.errors import LoomError
from loraloom.spec.work import WorkerDevice
from loraloom.store.blobs import Blobs
from loraloom.store.database import Database
from loraloom.store.tables import Grant, Run, Worker

LOG = logging.getLogger("loraloom.jobs")
PASSING = ("blobs_unreachable", "disk_full")
"""Codes of what keeps every run from being given, until somebody has mended it."""
_LOCKS: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
_GUARD = threading.Lock()


@dataclass(frozen=True)
class Given:
    """A run that belongs to a worker now. `token` is known to nobody else."""

    run: Run
    grant: Grant
    token: str


@dataclass(frozen=True)
class Giver:
    """What it takes to give runs away. `tell` is called with a run's id when its row changed."""

    database: Database
    blobs: Blobs
    home: Path
    leases: grants.Leases
    tell: Callable[[str, bool], None]

    def give(self, worker: Worker, device: WorkerDevice, slot: str, auto: bool = True) -> Given | None:
        """The next run for `device` of `worker`; its child will compute on `slot`. `auto`: also one that leaves the choice
        of device. None when nothing fits. A run whose folder cannot be filled fails (`refuse`)."""
        with self.database.session() as session, meters.CLAIM_SECONDS.time():
            place = f"{worker.name}/{device.id}"
            run_id = queue.take(
                session, device, set(map(str, worker.labels)), name=place, worker=worker.name, auto=auto
            )
            if run_id is None:
                meters.CLAIMS.labels("nothing").inc()
                return None
            grant, token = grants.give(session, run_id, worker, slot)
        meters.CLAIMS.labels("granted").inc()
        self.leases.hear(grant.id)
        self.tell(run_id, False)
        with about(run_id):
            try:
                run, data = filling.data_for(self.database, run_id)
                run_dir = self.home / "runs" / run_id
                with _alone(run_id):  # a worker that waited too long may ask again meanwhile, and be given the same run
                    filling.fill(self.database, run, data, run_dir, self.home, self.blobs, slot)
                    filling.forecast(run_dir, run, data, slot)
            except LoomError as error:
                self.refuse(grant, error)
                return None
            except BaseException:
                self.put_back(grant)
                raise
        self.leases.hear(grant.id)
        return Given(run, grant, token)

    def put_back(self, grant: Grant) -> None:
        """Something went wrong that has nothing to do with the run: it waits again, and nobody else holds it."""
        with self.database.session() as session:
            run = grants.hold(session, grant)
            grants.end(session, grant, "returned")
            ending.requeue(session, run)
            queue.release(session, run.id)
        self.tell(grant.run_id, False)

    def refuse(self, grant: Grant, error: LoomError) -> None:
        """The run cannot be given to anybody; it waits again where that has nothing to do with it."""
        LOG.warning("run %s cannot be given away: %s", grant.run_id, error.message)
        with self.database.session() as session:
            run = grants.hold(session, grant)
            if error.code in PASSING:
                grants.end(session, grant, "returned")
                ending.requeue(session, run)
            else:
                grants.end(session, grant, "ended")
                ending.fail(session, run, error)
            queue.release(session, run.id)
        self.tell(grant.run_id, False)


def _alone(run_id: str) -> threading.Lock:
    """A lock of this run."""
    with _GUARD:
        lock = _LOCKS.get(run_id)
        if lock is None:
            lock = _LOCKS[run_id] = threading.Lock()
        return lock
