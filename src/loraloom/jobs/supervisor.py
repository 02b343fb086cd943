"""Carries the queue: starts runs on free devices, follows their children, adopts those of a server that died."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from loraloom.jobs import (
    asks,
    devices,
    ending,
    filling,
    grants,
    meters,
    offers,
    outfit,
    place,
    preempt,
    queue,
    trace,
    workers,
)
from loraloom.jobs.draft import Data
from loraloom.jobs.logs import about
from loraloom.jobs.messenger import Messenger
from loraloom.jobs.runners import Exit, detached
from loraloom.jobs.runners.warm import Warm, sweep
from loraloom.jobs.scrub import scrub
from loraloom.jobs.states import ACTIVE, move
from loraloom.jobs.watch import PATIENCE, Watch
from loraloom.spec.errors import LoomError
from loraloom.spec.work import WorkerDevice
from loraloom.store.blobs import Blobs
from loraloom.store.changes import LOCK
from loraloom.store.database import Database
from loraloom.store.settings import queue_paused
from loraloom.store.tables import Lease, Run, now

LOG = logging.getLogger("loraloom.jobs")
TICK, IDLE, FLUSH = 0.05, 1.0, 1.0
"""Seconds between two rounds while something runs, while nothing does, and between two writes of a running row."""

Tell = Callable[[str, bool], None]
"""Called with a run's id, and whether it said something (else its row changed)."""


class Supervisor:
    """One thread of the server. Children live on when it stops."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        home: Path,
        *,
        warm: bool,
        tell: Tell,
        patience: float = PATIENCE,
        own: Sequence[WorkerDevice] | None = None,
        messenger: Messenger | None = None,
    ) -> None:
        """`own`: devices of this machine that carry out runs, every one if not given; `messenger` tells workers of work."""
        self._database, self._blobs, self._home, self._tell = database, blobs, home, tell
        self._keep_warm, self._patience = warm, patience
        self._runs = home / "runs"
        self._watches: dict[str, Watch] = {}
        self._warm: Warm | None = None
        own = devices.offered() if own is None else own
        self._slots = [device.model_copy(update={"memory_total": 0}) for device in own]
        """Whatever a run needs, it may try here: its own machine's ladder finds out."""
        self._warm_for: tuple[Path | None, str] = (None, own[0].id if own else devices.CPU)
        self._messenger = messenger or Messenger(None)
        self.leases = grants.Leases()
        self._bell = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._looked_at = 0.0
        self._devices = threading.Lock()
        self._borrowed: set[str] = set()

    def start(self) -> None:
        """Adopt what runs already, then begin."""
        sweep(self._runs)
        self._adopt()
        self._thread = threading.Thread(target=self._work, name="supervisor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following; what runs goes on and is adopted by the next server."""
        self._ending.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
        if self._warm is not None:
            self._warm.discard()

    def wake(self) -> None:
        """Something changed in the queue: look at once."""
        self._looked_at = 0.0
        self._bell.set()

    @property
    def alive(self) -> bool:
        """Whether the queue is looked after."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def own(self) -> Sequence[WorkerDevice]:
        """Devices of this machine that carry out runs."""
        return self._slots

    @property
    def warm(self) -> bool:
        """Whether a warm child waits."""
        return self._warm is not None and self._warm.ready()

    def borrow(self, device: str) -> None:
        """Keep a device from being given to a run, for a measurement. Raises LoomError `in_use` when one has it."""
        with self._devices, self._database.session() as session:
            if device in queue.busy(session) or device in self._borrowed:
                text = f"The device {device} is at work; a measurement beside it would say nothing."
                raise LoomError("in_use", text, "Wait until it is free.")
            self._borrowed.add(device)

    def give_back(self, device: str) -> None:
        """The measurement is over."""
        with self._devices:
            self._borrowed.discard(device)
        self.wake()

    def _work(self) -> None:
        while not self._ending.is_set():
            try:
                self._round()
            except Exception:
                LOG.exception("a round of the queue failed")
                self._ending.wait(IDLE)
            self._bell.wait(TICK if self._watches else IDLE)
            self._bell.clear()

    def _round(self) -> None:
        for watch in list(self._watches.values()):
            self._look(watch)
        if time.monotonic() - self._looked_at > IDLE:
            self._looked_at = time.monotonic()
            self._mind_workers()
            self._stop_what_must()
            self._start_what_can()
            self._mind_warm()
            self._tell_workers()

    def _look(self, watch: Watch) -> None:
        spoke, ended = watch.look()
        if spoke:
            self._tell(watch.run_id, True)
        if ended is None and watch.hangs():
            detached.kill(watch.child)
            ended = Exit(-9, ending.HUNG)
        if ended is not None:
            scrub(watch.run_dir)
            self._end(watch, ended)
        elif watch.changes and time.monotonic() - watch.written_at > FLUSH:
            with self._database.session() as session:
                self._write(session, watch)
            self._tell(watch.run_id, False)

    def _write(self, session: Session, watch: Watch) -> None:
        if watch.started:
            move(session, watch.run_id, "running", **watch.changes)
        else:
            session.execute(update(Run).where(Run.id == watch.run_id).values(**watch.changes))
        session.execute(update(Lease).where(Lease.run_id == watch.run_id).values(beat_at=now()))
        watch.changes, watch.written_at = {}, time.monotonic()

    def _end(self, watch: Watch, ended: Exit) -> None:
        with about(watch.run_id), trace.span("settle", watch.run_id, trace.kept(watch.run_id)):
            self._settle(watch, ended)

    def _settle(self, watch: Watch, ended: Exit) -> None:
        with LOCK if watch.kind == "caption" else nullcontext(), self._database.session() as session:
            if watch.changes:
                self._write(session, watch)
            ending.settle(session, watch.run_id, watch.run_dir, watch.word, ended, self._home)
            queue.release(session, watch.run_id)
        del self._watches[watch.run_id]
        self._tell(watch.run_id, True)
        self._tell(watch.run_id, False)
        self._looked_at = 0.0

    def _start_what_can(self) -> None:
        with self._devices, self._database.session() as session:
            taken = self._borrowed | queue.busy(session)
            chosen: list[tuple[str, str]] = []
            for device in self._slots:
                auto = device.kind != "cpu" or len(self._slots) == 1
                if not taken.isdisjoint(devices.cards_in(device.id)):
                    continue
                with meters.CLAIM_SECONDS.time():
                    run_id = queue.take(session, device, auto=auto)
                meters.CLAIMS.labels("nothing" if run_id is None else "granted").inc()
                if run_id is not None:
                    chosen.append((run_id, device.id))
        for run_id, slot in chosen:
            self._tell(run_id, False)
            self._start(run_id, slot)

    def _stop_what_must(self) -> None:
        """Runs over their time, and those that must make room."""
        with self._database.session() as session:
            for run_id, wish in preempt.to_stop(session, self._slots):
                run = session.get_one(Run, run_id)
                LOG.info("run %s is asked to stop: %s", run_id, wish)
                run.wish = wish
                session.flush()
                if (self._runs / run_id).is_dir():
                    asks.ask(self._runs / run_id, "stop")

    def _tell_workers(self) -> None:
        """Where workers are idle, they hear of the runs that wait."""
        if self._messenger.silent:
            return
        with self._database.session() as session:
            idle = workers.idle_devices(session)
            first = [] if idle <= 0 or queue_paused(session) else queue.waiting(session, idle)
        self._messenger.tell([(run.id, run.priority) for run in first])

    def _mind_workers(self) -> None:
        """Take back the runs of workers that have fallen silent."""
        with self._database.session() as session:
            silent = self.leases.silent(grants.going(session))
        for grant in silent:
            run_id = grant.run_id
            with self._database.session() as session:
                try:
                    run = grants.hold(session, grant)
                except LoomError:  # it has just ended, or is another's already
                    grants.end(session, grant, "taken")
                    continue
                LOG.warning("run %s: nothing heard of its worker (%s)", run_id, grant.device)
                grants.end(session, grant, "expired")
                ending.vanish(session, run, self._runs / run_id)
                queue.release(session, run_id)
            self._tell(run_id, True)
            self._tell(run_id, False)

    def _start(self, run_id: str, slot: str) -> None:
        with about(run_id), trace.span("start", run_id, trace.kept(run_id)):
            self._start_traced(run_id, slot)

    def _start_traced(self, run_id: str, slot: str) -> None:
        try:
            run, data = filling.data_for(self._database, run_id)
            child = self._child_for(run, slot, data)
        except Exception as error:
            self._give_up(run_id, error)
            return
        self._record(run_id, child)
        self._pass_on_wish(run_id)
        self._watches[run_id] = Watch(run_id, self._runs / run_id, child, run.last_seq, self._patience, run.kind)
        self._tell(run_id, False)
        filling.forecast(self._runs / run_id, run, data, slot)

    def _give_up(self, run_id: str, error: Exception) -> None:
        """The run could not be started."""
        if not isinstance(error, LoomError):
            LOG.exception("run %s could not be started", run_id)
            error = LoomError("internal", f"The run could not be started: {error}", "The server's log has the details.")
        with self._database.session() as session:
            ending.fail(session, session.get_one(Run, run_id), error)
            queue.release(session, run_id)
        self._tell(run_id, False)

    def _child_for(self, run: Run, slot: str, data: Data) -> detached.Child:
        run_dir = self._runs / run.id
        if run.kind != "train":
            self._cool()
        elif (child := self._warm_child(run, run_dir, slot, data)) is not None:
            return child
        filling.fill(self._database, run, data, run_dir, self._home, self._blobs, slot)
        return outfit.start(run_dir, run.kind, slot, run.id)

    def _warm_child(self, run: Run, run_dir: Path, slot: str, data: Data) -> detached.Child | None:
        """The child that waits, if it is made for this run and is still there."""
        base = outfit.base_path(run.base_model)
        self._warm_for = (base, slot)
        warm, self._warm = self._warm, None
        if warm is None:
            return None
        if not warm.fits(base, slot) or run_dir.exists():
            warm.discard()
            return None
        place.fill(warm.folder, run.config, data, self._blobs, slot)
        self._record(run.id, warm.child)
        try:
            return warm.take(run_dir, run.id)
        except LoomError:
            LOG.warning("the warm child was gone; starting a cold one")
            if warm.folder.exists():
                warm.folder.rename(run_dir)
        return None

    def _cool(self) -> None:
        """No warm child: its memory may be needed."""
        if self._warm is not None:
            self._warm.discard()
            self._warm = None

    def _pass_on_wish(self, run_id: str) -> None:
        """Whoever stopped the run while it was being started is heard now."""
        with self._database.session() as session:
            wish = session.scalar(select(Run.wish).where(Run.id == run_id))
        if wish:
            asks.ask(self._runs / run_id, "stop")

    def _record(self, run_id: str, child: detached.Child) -> None:
        from loraloom.jobs import sandbox

        values = {"pid": child.pid, "pid_started": child.started, "pid_mark": child.mark, "sandbox": sandbox.kind()}
        with self._database.session() as session:
            attempts = Run.attempts + case((Run.pid.is_(None), 1), else_=0)
            changed = update(Run).where(Run.id == run_id).values(**values, attempts=attempts)
            session.execute(changed.values(started_at=now(), ended_at=None))

    def _mind_warm(self) -> None:
        """Keep one warm child while nothing runs, on the base model and device used last."""
        if not self._keep_warm or self._watches or not self._slots:
            return
        base, slot = self._warm_for
        if self._warm is not None and not self._warm.fits(base, slot):
            self._warm.discard()
            self._warm = None
        if self._warm is None:
            try:
                self._warm = Warm.prepare(self._runs, base=base, device=slot)
            except LoomError as error:
                LOG.warning("no warm child: %s", error.message)
                self._keep_warm = False

    def _adopt(self) -> None:
        """Follow the children that outlived the last server; what died meanwhile is judged like any that dies."""
        with self._database.session() as session:
            offers.announce(session, self._slots)
            active = list(session.scalars(select(Run).where(Run.state.in_(ACTIVE))))
            for run in active:
                if run.worker is not None:  # its worker speaks up, or is missed
                    continue
                if run.pid is None or run.pid_started is None:  # the server died before it had a child
                    move(session, run.id, "lost")
                    move(session, run.id, "queued")
                    queue.release(session, run.id)
            for run in session.scalars(select(Run).where(Run.state == "lost")):
                move(session, run.id, "queued")
            held = select(Run.id).where(Run.state.in_(ACTIVE))
            session.execute(update(Lease).where(Lease.run_id.not_in(held)).values(run_id=None, beat_at=None))
        for run in active:
            if run.pid is not None and run.pid_started is not None:
                child = detached.Child(run.pid, run.pid_started, run.pid_mark)
                watch = Watch(run.id, self._runs / run.id, child, run.last_seq, self._patience, run.kind)
                watch.started = run.state == "running"
                self._watches[run.id] = watch
