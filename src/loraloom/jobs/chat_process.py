"""The process that a chat is held with: asked and stopped; for a server it is shut in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from loraloom.jobs.spoken_process import Sight, SpokenProcess, seen_as
from loraloom.spec.chat import STOP, ChatLine, ChatStart, ChatTurn

COMMAND = (sys.executable, "-P", "-m", "loraloom.generate.chat")
"""-P: no module comes from the folder it is started in."""


class ChatProcess:
    """One process with one model. `ask` is for one thread at a time; `stop` and `end` are for any."""

    def __init__(self, start: ChatStart, device: str | None = None) -> None:
        """`device` (`cpu`, `cuda:0`) shuts it into the sandbox of the server's children where there is one; the paths in
        `start` are then all that it sees. Raises LoomError `child_died`."""
        self.start = start
        lora = [Path(start.lora)] if start.lora is not None else []
        sight = Sight(device, [Path(start.base_model)], lora) if device is not None else None
        told = start.model_copy(update={"device": seen_as(device, start.device)})
        self._child = SpokenProcess(COMMAND, told.model_dump_json(), ChatLine.model_validate_json, "chat", sight=sight)

    def ready(self) -> Iterator[ChatLine]:
        """What it says until it is ready. Raises LoomError when it cannot be."""
        yield from self._child.heard("ready")

    def ask(self, turn: ChatTurn) -> Iterator[ChatLine]:
        """The answer to `turn`, as it comes. Raises LoomError: the process's own, or why it died."""
        self._child.tell(turn.model_dump_json())
        yield from self._child.heard("done")

    def stop(self) -> None:
        """The answer that is being given ends where it is."""
        self._child.tell(STOP)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._child.alive

    def end(self) -> None:
        """End it. What it was saying ends in a LoomError."""
        self._child.end()
