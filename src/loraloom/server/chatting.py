"""The server's one chat process: made for who asks, kept while it is used, gone when a training needs its device."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs import devices
from loraloom.jobs.chat_process import ChatProcess
from loraloom.spec.chat import ChatLine, ChatStart, ChatTurn
from loraloom.spec.errors import LoomError
from loraloom.store.database import Database
from loraloom.store.tables import Lease

LOG = logging.getLogger("loraloom.server")
IDLE, TICK = 300.0, 0.5
"""Seconds after the last answer until the process is ended, and between two looks at it."""
Put = Callable[[ChatLine | None], None]


class Chatting:
    """At most one process, and one answer at a time."""

    def __init__(self, database: Database, idle: float = IDLE) -> None:
        self._database, self._idle = database, idle
        self._answering = threading.Lock()
        """Held from a question to the end of its answer."""
        self._lock = threading.Lock()
        """Around the fields below."""
        self._process: ChatProcess | None = None
        self._asker = ""
        self._used_at = 0.0
        self._taken = self._stopped = False
        self._ending = threading.Event()

    def ask(
        self, session: Session, start: ChatStart, turn: ChatTurn, asker: str, loop: asyncio.AbstractEventLoop
    ) -> AsyncIterator[ChatLine]:
        """Lines of the answer to `turn` by the model of `start`, whose device is chosen here; whoever leaves stops it.
        `asker` is who may stop it. Raises LoomError `in_use` while another answer is given, or while trainings hold
        every device."""
        device = self._device(session)
        if not self._answering.acquire(blocking=False):
            raise LoomError("in_use", "Another answer is being given.", "Wait for its end, or stop it.")
        with self._lock:
            self._asker, self._stopped, self._taken = asker, False, False
        said = asyncio.Queue[ChatLine | None]()

        def put(line: ChatLine | None) -> None:
            with suppress(RuntimeError):  # the server is closing
                loop.call_soon_threadsafe(said.put_nowait, line)

        wanted = start.model_copy(update={"device": device})
        threading.Thread(target=self._work, args=(wanted, turn, put), name="chat", daemon=True).start()
        return self._lines(said, asker)

    def stop(self, asker: str) -> None:
        """End the answer that `asker` is being given, if there is one."""
        with self._lock:
            if self._asker == asker and self._answering.locked():
                self._stopped = True
                if self._process is not None:
                    self._process.stop()

    def end(self) -> None:
        """End the process, for good."""
        self._ending.set()
        self._end()

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        with self._lock:
            return self._process is not None and self._process.alive

    async def _lines(self, said: asyncio.Queue[ChatLine | None], asker: str) -> AsyncIterator[ChatLine]:
        done = False
        try:
            while (line := await said.get()) is not None:
                yield line
            done = True
        finally:
            if not done:
                self.stop(asker)

    def _work(self, start: ChatStart, turn: ChatTurn, put: Put) -> None:
        try:
            self._answer(start, turn, put)
        except LoomError as error:
            met = _taken() if self._taken else error
            put(ChatLine(event="error", code=met.code, message=met.message, hint=met.hint))
        except Exception as error:
            LOG.exception("a chat failed")
            put(ChatLine(event="error", code="internal", message=str(error), hint="The server's log has the details."))
        finally:
            self._used_at = time.monotonic()
            self._answering.release()
            put(None)

    def _answer(self, start: ChatStart, turn: ChatTurn, put: Put) -> None:
        process = self._process
        if process is None or not process.alive or process.start != start:
            self._end()
            process = self._begin(start)
            for line in process.ready():
                put(line)
        if self._stopped:
            put(ChatLine(event="done"))
            return
        for line in process.ask(turn):
            put(line)

    def _begin(self, start: ChatStart) -> ChatProcess:
        process = ChatProcess(start, start.device)
        with self._lock:
            self._process = process
        threading.Thread(target=self._watch, args=(process,), name="chat watch", daemon=True).start()
        return process

    def _watch(self, process: ChatProcess) -> None:
        """End the process when it is idle for long, or its device is needed."""
        while process.alive and not self._ending.wait(TICK):
            if self._needed(process):
                self._taken = True
                break
            if time.monotonic() - self._used_at > self._idle and self._answering.acquire(blocking=False):
                self._end(process)  # nobody asks meanwhile
                self._answering.release()
        self._end(process)

    def _needed(self, process: ChatProcess) -> bool:
        """Whether a run holds its device."""
        try:
            with self._database.session() as session:
                return process.start.device in _held(session)
        except Exception:
            LOG.exception("leases cannot be read")
            return False

    def _end(self, only: ChatProcess | None = None) -> None:
        with self._lock:
            process = self._process if only is None else only
            if self._process is process:
                self._process = None
        if process is not None:
            process.end()

    def _device(self, session: Session) -> str:
        """The best device that no run holds. Raises LoomError `in_use`."""
        held = _held(session)
        free = next((slot for slot in devices.slots() if slot not in held), None)
        if free is None:
            raise _taken()
        return free


def _held(session: Session) -> set[str]:
    return set(session.scalars(select(Lease.device).where(Lease.run_id.is_not(None))))


def _taken() -> LoomError:
    return LoomError("in_use", "A training holds the device that the chat needs.", "Ask again when it has ended.")
