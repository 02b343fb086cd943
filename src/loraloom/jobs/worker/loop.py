"""A worker from its start to its end: registers, asks for a run for each idle device, drains when it is told to go."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from loraloom import __version__
from loraloom.jobs import trace
from loraloom.jobs.folder import refusal
from loraloom.jobs.runners import detached
from loraloom.jobs.worker.cache import Cache
from loraloom.jobs.worker.carry import KEPT, RUNS, Carry
from loraloom.jobs.worker.client import Away, Server
from loraloom.jobs.workers import SEEN
from loraloom.spec.errors import LoomError
from loraloom.spec.work import Register, WorkerDevice

LOG = logging.getLogger("loraloom.worker")
ASK, AFTER_FAULT = 5.0, 30.0
"""Seconds between two asks of an idle device that nobody wakes, and after a run that could not be begun here."""
LOOK = 0.2
NAME_WAIT = SEEN.total_seconds() + 15
"""Seconds for which a name is asked for that is another's: after the loss of its home that is this machine itself."""
INSTANCE = "instance"
ROOM = 64 * 2**20
"""Bytes of free disk below which nothing is asked for: every run would only be handed back."""


@dataclass(frozen=True)
class Options:
    """How a worker was started. `url` of the server; `redis` of the broker, if there is one; bytes of its cache."""

    url: str
    token: str
    name: str
    devices: tuple[WorkerDevice, ...]
    home: Path
    labels: tuple[str, ...] = ()
    redis: str | None = None
    cache_bytes: int = 50 * 2**30


@dataclass
class _Slot:
    device: WorkerDevice
    carry: Carry | None = None
    ask_at: float = 0.0
    rest_until: float = 0.0
    """After a fault; no message shortens it."""
    bell: bool = field(default=True)


class Worker:
    """Carries out one run a device. `run` returns when it was told to end and nothing is left to do."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._server = Server(options.url, options.token)
        self._cache = Cache(options.home / "cache", options.cache_bytes)
        self._slots = [_Slot(device) for device in options.devices]
        self._bell, self._ending = threading.Event(), threading.Event()
        self._id: str | None = None
        self._instance = ""
        self._refused_at: float | None = None
        """When this name was refused first, on the monotonic clock; None: it was not, or is this worker's now."""

    def wake(self) -> None:
        """From any thread: there may be work."""
        for slot in self._slots:
            slot.ask_at = 0.0
        self._bell.set()

    def drain(self) -> None:
        """From any thread or a signal handler: hand back what is at work, from its checkpoints, and end."""
        self._ending.set()
        self._bell.set()

    def run(self) -> None:
        """Work until drained. Raises LoomError `worker_refused`, `in_use` when another worker has this home or this name."""
        self._options.home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._options.home / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            hint = "Give each worker of a machine its own --name."
            raise LoomError("in_use", f"Another worker works in {self._options.home}.", hint) from error
        with lock:
            self._instance = _instance(self._options.home)
            self._adopt()
            if self._options.redis:
                from loraloom.jobs.worker.listen import listen

                listen(self._options.redis, self.wake)
            LOG.info("worker %s: %s", self._options.name, ", ".join(slot.device.id for slot in self._slots))
            while not self._round():
                self._bell.wait(LOOK)
                self._bell.clear()
        self._server.close()

    def _round(self) -> bool:
        """Look at every device. Whether it is all over."""
        for slot in self._slots:
            if slot.carry is not None and slot.carry.ended.is_set():
                slot.ask_at = 0.0
                slot.rest_until = time.monotonic() + AFTER_FAULT if slot.carry.failed else 0.0
                for one in self._slots if slot.carry.no_room else ():  # they share the disk
                    one.rest_until = time.monotonic() + AFTER_FAULT
                slot.carry = None
            if slot.carry is not None and self._ending.is_set():
                slot.carry.give_back()
            elif slot.carry is None and not self._ending.is_set() and self._is_due(slot):
                slot.ask_at = time.monotonic() + ASK
                if self._has_room():
                    self._ask(slot)
        return self._ending.is_set() and all(slot.carry is None for slot in self._slots)

    def _is_due(self, slot: _Slot) -> bool:
        return time.monotonic() >= max(slot.ask_at, slot.rest_until)

    def _has_room(self) -> bool:
        free = shutil.disk_usage(self._options.home).free
        if free < ROOM:
            LOG.warning("no run is asked for: only %d MB are free in %s", free // 10**6, self._options.home)
        return free >= ROOM

    def _ask(self, slot: _Slot) -> None:
        try:
            if self._id is None:
                self._id = self._server.register(self._introduction()).id
                self._refused_at = None
            with trace.span("claim", device=slot.device.id):
                work = self._server.claim(self._id, slot.device.id)
        except Away as error:
            LOG.warning("the server does not answer: %s", error)
            return
        except LoomError as error:
            if error.code == "in_use":
                self._wait_for_name(error)
                return
            if error.code not in ("worker_not_found", "no_such_device"):
                raise
            self._id = None  # the server has forgotten this worker: it introduces itself again
            return
        if work is not None:
            LOG.info("given run %s for %s", work.run_id, slot.device.id)
            slot.carry = Carry(work, self._server, self._options.home, self._cache)
            slot.carry.start()

    def _wait_for_name(self, error: LoomError) -> None:
        """Ask again in a while. Raises `error` when that was in vain and nothing is at work here."""
        moment = time.monotonic()
        if self._refused_at is None:
            self._refused_at = moment
            LOG.warning("%s %s It is asked for again for %d seconds.", error.message, error.hint, NAME_WAIT)
        elif moment - self._refused_at > NAME_WAIT and all(slot.carry is None for slot in self._slots):
            raise error
        for slot in self._slots:
            slot.ask_at = moment + ASK

    def _introduction(self) -> Register:
        said = self._options
        return Register(
            name=said.name,
            devices=list(said.devices),
            labels=list(said.labels),
            version=__version__,
            instance=self._instance,
        )

    def _adopt(self) -> None:
        """Go on with what the worker before this one left at work."""
        home = self._options.home
        for file in sorted((home / KEPT).glob("*.json")):
            try:
                carry = Carry.adopt(file, self._server, home, self._cache)
            except (OSError, ValueError, KeyError, TypeError):
                LOG.warning("%s names no run that can be gone on with", file.name)
                file.unlink(missing_ok=True)
                continue
            slot = next((one for one in self._slots if one.device.id == carry.work.device and one.carry is None), None)
            if slot is None:  # a device that is no longer offered: its run is another's soon
                if carry.child is not None:
                    detached.kill(carry.child)
                carry.forget()
                continue
            LOG.info("going on with run %s", carry.work.run_id)
            slot.carry = carry
            carry.start()
        for half in (home / KEPT).glob("*.partial"):
            half.unlink(missing_ok=True)
        kept = {file.stem for file in (home / KEPT).glob("*.json")}
        for folder in (home / RUNS).glob("*"):
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _instance(home: Path) -> str:
    """What this home is called: a random word, made once. Raises LoomError `disk_full`, `not_writable`."""
    file = home / INSTANCE
    try:
        if file.is_file() and re.fullmatch(r"[0-9a-f]{32}", known := file.read_text("ascii", "replace")):
            return known
        made = secrets.token_hex(16)
        half = file.with_suffix(".partial")
        half.write_text(made, "ascii")
        half.replace(file)
    except OSError as error:
        raise refusal(home, error) from error
    return made


def carry_one(url: str, run_token: str, home: Path, cache_bytes: int, ending: threading.Event) -> None:
    """Carry out the one run that `run_token` was given for; handed back early when `ending` is set. Raises LoomError
    `stale_lease`, Away."""
    server = Server(url, run_token)
    carry = Carry(server.mine(), server, home, Cache(home / "cache", cache_bytes))
    carry.start()
    while not carry.ended.wait(LOOK):
        if ending.is_set():
            carry.give_back()
