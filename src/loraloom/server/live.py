"""Who watches what: wakes the sockets of a run when it said something, and the queue's when a run changed."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from weakref import WeakValueDictionary

from loraloom.jobs.event_log import EventLog

POINTS = 600
"""Steps in one message at most: a watcher that was away gets the course of the curve, not every point."""
KEPT = 64
"""Indices of runs that stay in memory."""


class Hub:
    """Logs of runs shared by all watchers. Nothing is queued for anybody: a slow one reads on from where it stands."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._lock = threading.Lock()
        self._logs: WeakValueDictionary[str, EventLog] = WeakValueDictionary()
        self._kept: OrderedDict[str, EventLog] = OrderedDict()
        self._frames: dict[tuple[str, int, int], asyncio.Task[str]] = {}
        self._bells: dict[str, asyncio.Event] = {}
        self._changed: dict[str, int] = {}
        self._lists: dict[tuple[int, int], asyncio.Task[str]] = {}
        self._changes = 0
        self._queue_bell = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.watchers = 0
        """Open sockets."""

    def open(self) -> None:
        """Called in the event loop at start."""
        self._loop = asyncio.get_running_loop()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The server's event loop."""
        assert self._loop is not None
        return self._loop

    def close(self) -> None:
        """Called in the event loop at the end: lets every watcher go."""
        self._loop = None
        for bell in [*self._bells.values(), self._queue_bell]:
            bell.set()

    def log(self, run_id: str) -> EventLog:
        """The run's events, up to date."""
        with self._lock:
            log = self._logs.get(run_id)
            if log is None:
                log = self._logs[run_id] = EventLog(self._runs / run_id)
            self._kept[run_id] = log
            self._kept.move_to_end(run_id)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        log.refresh()
        return log

    def tell(self, run_id: str, spoke: bool) -> None:
        """From any thread: the run said something (`spoke`), or its row changed."""
        if spoke:
            with self._lock:
                log = self._logs.get(run_id)
            if log is not None:
                log.refresh()
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._ring, run_id, spoke)

    def _ring(self, run_id: str, spoke: bool) -> None:
        if spoke:
            self._frames = {key: frame for key, frame in self._frames.items() if key[0] != run_id}
            bell = self._bells.pop(run_id, None)
        else:
            self._changes += 1
            self._changed[run_id] = self._changes
            self._lists.clear()
            bell, self._queue_bell = self._queue_bell, asyncio.Event()
        if bell is not None:
            bell.set()

    async def follow(self, run_id: str, after: int) -> AsyncIterator[str]:
        """Messages for one watcher of a run: JSON arrays of events after `after`, as fast as it takes them."""
        log = await asyncio.to_thread(self.log, run_id)
        while self._loop is not None:
            bell = self._bells.setdefault(run_id, asyncio.Event())
            last = log.last_seq
            if last > after:
                yield await self._frame(log, (run_id, after, last))
                after = last
            else:
                await bell.wait()

    def _frame(self, log: EventLog, key: tuple[str, int, int]) -> asyncio.Task[str]:
        """The message for `key`, made once for all who stand at the same place."""
        if key not in self._frames:
            self._frames[key] = asyncio.create_task(asyncio.to_thread(_message, log, key[1], key[2]))
        return self._frames[key]

    async def follow_queue(self, show: Callable[[list[str]], str]) -> AsyncIterator[str]:
        """Messages for one watcher of the queue; `show` turns ids of runs that changed into one."""
        seen = self._changes
        while self._loop is not None:
            bell = self._queue_bell
            if self._changes > seen:
                key = (seen, self._changes)
                if key not in self._lists:  # made once for all who stand at the same place
                    ids = [run_id for run_id, change in self._changed.items() if change > seen]
                    self._lists[key] = asyncio.create_task(asyncio.to_thread(show, ids))
                seen = self._changes
                yield await self._lists[key]
            else:
                await bell.wait()
                await asyncio.sleep(0.25)  # several changes make one message


def _message(log: EventLog, after: int, until: int) -> str:
    return "[" + ",".join(log.read(after, POINTS, until)) + "]"
