"""A process that the server keeps while it is used, and ends when it is idle or a training needs its device."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from loraloom.jobs import queue
from loraloom.store.database import Database

LOG = logging.getLogger("loraloom.server")
IDLE, TICK = 300.0, 0.5
"""Seconds after its last use until the process is ended, and between two looks at it."""


class Process(Protocol):
    """What is kept."""

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        ...

    def end(self) -> None:
        """End it."""
        ...


P = TypeVar("P", bound=Process)


class Kept(Generic[P]):
    """At most one process. Safe for several threads, but only who holds `using` may use or replace the process."""

    def __init__(self, database: Database, idle: float = IDLE) -> None:
        self.using = threading.Lock()
        """Held from a question to the end of its answer."""
        self.taken = False
        """Whether the process was ended because a training needs its device; who asks next sets it back."""
        self._database, self._idle = database, idle
        self._lock = threading.Lock()
        self._process: P | None = None
        self._used_at = time.monotonic()
        self._ending = threading.Event()

    @property
    def process(self) -> P | None:
        """The process, if there is one that lives."""
        with self._lock:
            return self._process if self._process is not None and self._process.alive else None

    def replace(self, make: Callable[[], P], device: str | None) -> P:
        """End the process, make another and keep it. It has to go when a run holds `device`; None: it may stay."""
        self._end(None)
        process = make()
        with self._lock:
            self._process = process
        if self._ending.is_set():
            self._end(process)
        threading.Thread(target=self._watch, args=(process, device), name="kept process", daemon=True).start()
        return process

    def used(self) -> None:
        """It was in use until now."""
        self._used_at = time.monotonic()

    def end(self) -> None:
        """End the process, for good."""
        self._ending.set()
        self._end(None)

    def _watch(self, process: P, device: str | None) -> None:
        while process.alive and not self._ending.wait(TICK):
            if device is not None and self._needed(device):
                self.taken = True
                break
            if time.monotonic() - self._used_at > self._idle and self.using.acquire(blocking=False):
                self._end(process)  # nobody asks meanwhile
                self.using.release()
        self._end(process)

    def _needed(self, device: str) -> bool:
        try:
            with self._database.session() as session:
                return device in queue.busy(session)
        except Exception:
            LOG.exception("leases cannot be read")
            return False

    def _end(self, only: P | None) -> None:
        with self._lock:
            process = self._process if only is None else only
            if self._process is process:
                self._process = None
        if process is not None:
            process.end()
