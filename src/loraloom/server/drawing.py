"""The server's one drawing process: pictures in turn, the newest of a stream alone, kept while it is used.

On a machine with cards a picture needs a card that no training holds. Without cards it is drawn on the processor, beside a
training too, which goes first.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from loraloom.jobs import devices, queue
from loraloom.jobs.draw_process import DrawProcess
from loraloom.models.resolve import resolve
from loraloom.server.kept_process import IDLE, Kept
from loraloom.server.playing import DrawnLine
from loraloom.spec.drawing import Drawing, DrawLine, DrawStart
from loraloom.spec.errors import LoomError
from loraloom.store.database import Database
from loraloom.store.tables import BaseModel

LOG = logging.getLogger("loraloom.server")
WAITING = 100
"""Drawings that may wait."""
Finish = Callable[[bytes, DrawLine], DrawnLine]
"""Makes the last line of a PNG and of what the process says of it."""


@dataclass(frozen=True)
class Wish:
    """One picture: what to draw (paths are the server's own), where its base lies (None: it comes along or is a hub id that
    the process finds), who wants it and in which stream, and what becomes of it."""

    drawing: Drawing
    base: Path | None
    user: str
    stream: str
    finish: Finish


@dataclass(eq=False)
class _Turn:
    wish: Wish
    put: Callable[[DrawnLine | None], None]
    over: bool = field(default=False)
    """Whether nobody wants it any more."""

    def replaces(self, other: _Turn) -> bool:
        mine, theirs = self.wish, other.wish
        return bool(mine.stream) and (mine.user, mine.stream) == (theirs.user, theirs.stream)


class Easel:
    """At most one process, and one picture at a time; the others wait in a line."""

    def __init__(self, database: Database, room: Path, idle: float = IDLE) -> None:
        """`room` is where the process has its folder."""
        self._database, self._room = database, room
        self._kept = Kept[DrawProcess](database, idle)
        self._lock = threading.Lock()
        """Around the fields below."""
        self._line: list[_Turn] = []
        self._now: _Turn | None = None
        self._working = False

    def ask(self, session: Session, wish: Wish, loop: asyncio.AbstractEventLoop) -> AsyncIterator[DrawnLine]:
        """Lines of the picture of `wish`, the last of them `done`, `newer` or `error`; whoever leaves stops it. Raises
        LoomError `in_use` while trainings hold every card, or when too many drawings wait."""
        _device(session, self._kept.process)
        said = asyncio.Queue[DrawnLine | None]()

        def put(line: DrawnLine | None) -> None:
            with suppress(RuntimeError):  # the server is closing
                loop.call_soon_threadsafe(said.put_nowait, line)

        turn = _Turn(wish, put)
        with self._lock:
            self._take_place(turn)
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="drawing", daemon=True).start()
            else:
                put(DrawnLine(event="waiting"))
        return self._lines(turn, said)

    def end(self) -> None:
        """End the process, for good."""
        with self._lock:
            waiting, self._line = self._line, []
        for turn in waiting:
            turn.put(None)
        self._kept.end()

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self._kept.process is not None

    def _take_place(self, turn: _Turn) -> None:
        """Put `turn` into the line: where the older one of its stream waits, else at the end."""
        if self._now is not None and turn.replaces(self._now):
            self._give_up(self._now)
        for place, other in enumerate(self._line):
            if turn.replaces(other):
                self._line[place] = turn
                other.over = True
                other.put(DrawnLine(event="newer"))
                other.put(None)
                return
        if len(self._line) >= WAITING:
            raise LoomError("in_use", f"{WAITING} drawings are waiting.", "Try again in a moment.")
        self._line.append(turn)

    def _give_up(self, turn: _Turn) -> None:
        """What is being drawn ends; called under the lock."""
        turn.over = True
        process = self._kept.process
        if process is not None:
            process.newer()

    async def _lines(self, turn: _Turn, said: asyncio.Queue[DrawnLine | None]) -> AsyncIterator[DrawnLine]:
        try:
            while (line := await said.get()) is not None:
                yield line
        finally:
            self._leave(turn)

    def _leave(self, turn: _Turn) -> None:
        with self._lock:
            turn.over = True
            if turn in self._line:
                self._line.remove(turn)
            elif turn is self._now:
                self._give_up(turn)

    def _work(self) -> None:
        while True:
            with self._lock:
                self._now = self._line.pop(0) if self._line else None
                self._working = self._now is not None
                turn = self._now
            if turn is None:
                return
            with self._kept.using:
                turn.put(self._last_line(turn))
                self._kept.used()
            turn.put(None)

    def _last_line(self, turn: _Turn) -> DrawnLine:
        self._kept.taken = False
        try:
            return self._draw(turn)
        except LoomError as error:
            met = _taken() if self._kept.taken else error
            return DrawnLine(event="error", code=met.code, message=met.message, hint=met.hint)
        except Exception as error:
            LOG.exception("a drawing failed")
            hint = "The server's log has the details."
            return DrawnLine(event="error", code="internal", message=str(error), hint=hint)

    def _draw(self, turn: _Turn) -> DrawnLine:
        process = self._process(turn)
        if turn.over:
            return DrawnLine(event="newer")
        for line in process.ask(turn.wish.drawing):
            if line.event == "done":
                picture = process.picture()
                if not turn.over:
                    return turn.wish.finish(picture, line)
            elif line.event in ("loading", "drawing"):
                if turn.over:
                    process.newer()  # said again: the first may have come before the question
                turn.put(DrawnLine(event=line.event, done=line.done, total=line.total))
        return DrawnLine(event="newer")

    def _process(self, turn: _Turn) -> DrawProcess:
        """A process that sees the base, on a device that is free. Raises LoomError."""
        process, base = self._kept.process, turn.wish.base
        with self._database.session() as session:
            device = _device(session, process)
            fits = process is not None and process.start.device == device
            if process is not None and fits and (base is None or process.sees(str(base))):
                return process
            bases = {*([base] if base is not None else []), *_known(session)}
        turn.put(DrawnLine(event="loading"))
        on_processor = device == devices.CPU
        made = self._kept.replace(
            lambda: DrawProcess(DrawStart(device=device), tuple(bases), device, self._room, gentle=on_processor),
            None if on_processor else device,
        )
        for _ in made.ready():
            pass
        return made


def _device(session: Session, process: DrawProcess | None) -> str:
    """A card that no run holds, the one of `process` if it may be; on a machine without cards the processor. Raises
    LoomError `in_use`."""
    cards = [slot for slot in devices.slots() if slot != devices.CPU]
    if not cards:
        return devices.CPU
    busy = queue.busy(session)
    free = [card for card in cards if card not in busy]
    if not free:
        raise _taken()
    return process.start.device if process is not None and process.start.device in free else free[0]


def _known(session: Session) -> list[Path]:
    """Where the bases lie that somebody added and that draw pictures."""
    rows = session.scalars(
        select(BaseModel.source).where(BaseModel.family.is_not(None), BaseModel.family != "causal_lm")
    )
    found: list[Path] = []
    for source in rows:
        with suppress(LoomError, OSError):
            path = resolve(source).path
            if path is not None:
                found.append(path.absolute())
    return found


def _taken() -> LoomError:
    return LoomError("in_use", "A training holds the device that drawing needs.", "Draw again when it has ended.")
