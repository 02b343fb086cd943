"""The server's one chat process: made for who asks, kept while it is used, gone when a training needs its device."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from sqlalchemy.orm import Session

from loraloom.jobs import devices, queue
from loraloom.jobs.chat_process import ChatProcess
from loraloom.server.kept_process import IDLE, Kept
from loraloom.spec.chat import ChatLine, ChatStart, ChatTurn
from loraloom.spec.errors import LoomError
from loraloom.store.database import Database

LOG = logging.getLogger("loraloom.server")
Put = Callable[[ChatLine | None], None]


class Chatting:
    """At most one process, and one answer at a time."""

    def __init__(self, database: Database, idle: float = IDLE) -> None:
        self._kept = Kept[ChatProcess](database, idle)
        self._lock = threading.Lock()
        """Around the fields below."""
        self._asker = ""
        self._stopped = False

    def ask(
        self, session: Session, start: ChatStart, turn: ChatTurn, asker: str, loop: asyncio.AbstractEventLoop
    ) -> AsyncIterator[ChatLine]:
        """Lines of the answer to `turn` by the model of `start`, whose device is chosen here; whoever leaves stops it.
        `asker` is who may stop it. Raises LoomError `in_use` while another answer is given, or while trainings hold
        every device."""
        device = _device(session)
        if not self._kept.using.acquire(blocking=False):
            raise LoomError("in_use", "Another answer is being given.", "Wait for its end, or stop it.")
        with self._lock:
            self._asker, self._stopped, self._kept.taken = asker, False, False
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
            if self._asker == asker and self._kept.using.locked():
                self._stopped = True
                process = self._kept.process
                if process is not None:
                    process.stop()

    def end(self) -> None:
        """End the process, for good."""
        self._kept.end()

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self._kept.process is not None

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
            met = _taken() if self._kept.taken else error
            put(ChatLine(event="error", code=met.code, message=met.message, hint=met.hint))
        except Exception as error:
            LOG.exception("a chat failed")
            put(ChatLine(event="error", code="internal", message=str(error), hint="The server's log has the details."))
        finally:
            self._kept.used()
            self._kept.using.release()
            put(None)

    def _answer(self, start: ChatStart, turn: ChatTurn, put: Put) -> None:
        process = self._kept.process
        if process is None or process.start != start:
            process = self._kept.replace(lambda: ChatProcess(start, start.device), start.device)
            for line in process.ready():
                put(line)
        if self._stopped:
            put(ChatLine(event="done"))
            return
        for line in process.ask(turn):
            put(line)


def _device(session: Session) -> str:
    """The best device that no run holds. Raises LoomError `in_use`."""
    busy = queue.busy(session)
    free = next((slot for slot in devices.slots() if slot not in busy), None)
    if free is None:
        raise _taken()
    return free


def _taken() -> LoomError:
    return LoomError("in_use", "A training holds the device that the chat needs.", "Ask again when it has ended.")
