"""Keeps a Kubernetes cluster at work: every free place of it is given a run, and what becomes of the pods is judged.

To the queue the cluster is one more worker, `kubernetes`, whose devices are places for Jobs. The process in a pod hands in
what it makes like any worker; here is only what such a process cannot say: that it waits for a GPU, that it was killed.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom import __version__
from loraloom.jobs import ending, grants, queue, workers
from loraloom.jobs.giving import Giver
from loraloom.jobs.runners import FAILED, INTERRUPTED, Exit
from loraloom.jobs.runners.kubernetes import JobAsk, KubernetesRunner, PodState, Settings
from loraloom.spec.errors import LoomError
from loraloom.spec.work import Register, WorkerDevice
from loraloom.store.tables import Grant, Lease, Run, Worker

LOG = logging.getLogger("loraloom.jobs")
NAME = "kubernetes"
ROUND = 1.0
FINAL = ("time_limit", "image_unavailable", "disk_full", "cluster_refused", "no_such_device")
"""Why a pod has died: another would die of it, too."""


class Pods:
    """One thread of the server."""

    def __init__(self, giver: Giver, settings: Settings, runner: KubernetesRunner | None = None) -> None:
        self._giver, self._settings = giver, settings
        self._runner = runner or KubernetesRunner(settings)
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._running: set[str] = set()

    def start(self) -> None:
        """Begin; Jobs of an earlier server are gone on with."""
        self._thread = threading.Thread(target=self._work, name="pods", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; the Jobs go on."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def _work(self) -> None:
        while not self._ending.is_set():
            try:
                self.round()
            except LoomError as error:
                LOG.warning("Kubernetes: %s %s", error.message, error.hint)
                self._keep_waiting()
            except Exception:
                LOG.exception("a round of the pods failed")
            self._ending.wait(ROUND)

    def round(self) -> None:
        """Judge every Job, then fill the free places. Raises LoomError `cluster_unreachable`, `cluster_refused`."""
        with self._giver.database.session() as session:
            worker = workers.register(session, self._introduction())
            going = {(one.run_id, one.fence): one for one in _grants(session, worker)}
        for state in self._runner.look(list(going)):
            grant = going.get((state.run_id, state.fence))
            if grant is not None:
                self._judge(grant, state)
            elif state.phase in ("pending", "running"):  # taken from it, or ended: nothing it writes is taken any more
                self._runner.stop(state.run_id, state.fence)
        if not worker.draining:
            self._fill(worker)

    def _judge(self, grant: Grant, state: PodState) -> None:
        if state.phase == "pending":
            self._giver.leases.hear(grant.id)
            self._heed_wish(grant)
        elif state.phase == "running":
            if grant.id not in self._running:  # from now on it has to speak for itself
                self._running.add(grant.id)
                self._giver.leases.hear(grant.id)
        else:
            self._running.discard(grant.id)
            self._settle(grant, Exit(FAILED, state.reason or ending.GONE))
            if state.phase == "failed":  # clusters before 1.28 replace a pod that was removed
                self._runner.stop(state.run_id, state.fence)

    def _heed_wish(self, grant: Grant) -> None:
        """While there is no process, nobody else does."""
        with self._giver.database.session() as session:
            wish = session.scalar(select(Run.wish).where(Run.id == grant.run_id))
        if wish is not None:
            self._runner.stop(grant.run_id, grant.fence)
            self._settle(grant, Exit(INTERRUPTED))

    def _settle(self, grant: Grant, ended: Exit) -> None:
        run_dir = self._giver.home / "runs" / grant.run_id
        with self._giver.database.session() as session:
            try:
                run = grants.hold(session, grant)
            except LoomError:  # it has just told its own end
                return
            died = ended.died
            if died is not None and died.code in FINAL:
                ending.fail(session, run, died)
            elif died is not None and died.code == "preempted":
                ending.requeue(session, run)
            else:
                ending.settle(session, run.id, run_dir, None, ended, self._giver.home)
            grants.end(session, grant, "expired")
            queue.release(session, grant.run_id)
        self._giver.tell(grant.run_id, True)
        self._giver.tell(grant.run_id, False)

    def _fill(self, worker: Worker) -> None:
        with self._giver.database.session() as session:
            taken = set(session.scalars(select(Lease.device).where(Lease.run_id.is_not(None))))
        for device in self._devices():
            if f"{NAME}/{device.id}" in taken:
                continue
            card = device.kind == "cuda"
            slot = f"cuda:{'+'.join(map(str, range(device.count)))}" if card else "cpu"
            given = self._giver.give(worker, device, slot, card or not self._settings.classes)
            if given is None:
                continue
            needs = device.memory_total if card else 0
            ask = JobAsk(given.run.id, given.grant.fence, given.token, needs, given.run.priority, device.count)
            try:
                self._runner.start(ask)
            except LoomError as error:
                if error.code == "cluster_unreachable":
                    self._giver.put_back(given.grant)
                    raise
                LOG.warning("run %s: %s", given.run.id, error.message)
                self._settle(given.grant, Exit(FAILED, error))

    def _keep_waiting(self) -> None:
        """The cluster does not answer: pods that wait for a place must not be missed because of that."""
        with self._giver.database.session() as session:
            worker = session.scalar(select(Worker).where(Worker.name == NAME))
            for grant in _grants(session, worker) if worker else ():
                if grant.id not in self._running:
                    self._giver.leases.hear(grant.id)

    def _introduction(self) -> Register:
        return Register(name=NAME, devices=self._devices(), labels=[], version=__version__)

    def _devices(self) -> list[WorkerDevice]:
        places = range(1, self._settings.most_jobs + 1)
        plain = [WorkerDevice(id=f"cpu-{number}", name="CPU", kind="cpu", memory_total=0) for number in places]
        return plain + [
            WorkerDevice(
                id=f"{one.name}-{number}",
                name=one.name,
                kind="cuda",
                count=one.count,
                memory_total=int(one.memory_bytes),
            )
            for one in sorted(self._settings.classes, key=lambda one: (one.count, one.memory_bytes))
            for number in places
        ]


def _grants(session: Session, worker: Worker) -> list[Grant]:
    mine = select(Grant).where(Grant.worker_id == worker.id, Grant.ended_at.is_(None))
    return list(session.scalars(mine))
