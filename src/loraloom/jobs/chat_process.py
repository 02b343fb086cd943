"""The process that a chat is held with: started, asked, stopped and ended; for a server it is shut in."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from loraloom.jobs import sandbox
from loraloom.jobs.runners.local import environment
from loraloom.jobs.runners.reason import oom_kills, why
from loraloom.spec.chat import STOP, ChatLine, ChatStart, ChatTurn
from loraloom.spec.errors import LoomError

COMMAND = (sys.executable, "-P", "-m", "loraloom.generate.chat")
"""-P: no module comes from the folder it is started in."""
PATIENCE = 5
"""Seconds in which it has to be gone once its standard input is closed."""


class ChatProcess:
    """One process with one model. `ask` is for one thread at a time; `stop` and `end` are for any."""

    def __init__(self, start: ChatStart, device: str | None = None) -> None:
        """`device` (`cpu`, `cuda:0`) shuts it into the sandbox of the server's children where there is one; the paths in
        `start` are then all that it sees. Raises LoomError `child_died`."""
        self.start = start
        self._folder = Path(tempfile.mkdtemp(prefix="loraloom-chat-"))
        self._kills_before = oom_kills()
        shut_in = device is not None and sandbox.kind() == "bubblewrap"
        base, lora = Path(start.base_model), [Path(start.lora)] if start.lora is not None else []
        before = sandbox.command(self._folder, base, lora, device or "cpu", "chat") if shut_in else []
        own = environment() if device is None else {} if shut_in else sandbox.environment(device, "chat", base)
        try:
            with (self._folder / "log.txt").open("ab") as log:
                self._process = subprocess.Popen(
                    [*before, *COMMAND],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=own,
                    text=True,
                    encoding="utf-8",
                    start_new_session=sys.platform != "win32",
                )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise LoomError("child_died", f"The chat process could not be started: {error.strerror}.") from error
        self._send(start.model_dump_json())

    def ready(self) -> Iterator[ChatLine]:
        """What it says until it is ready. Raises LoomError when it cannot be."""
        yield from self._until("ready")

    def ask(self, turn: ChatTurn) -> Iterator[ChatLine]:
        """The answer to `turn`, as it comes. Raises LoomError: the process's own, or why it died."""
        self._send(turn.model_dump_json())
        yield from self._until("done")

    def stop(self) -> None:
        """The answer that is being given ends where it is."""
        self._send(STOP)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it. What it was saying ends in a LoomError."""
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _send(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # it is gone: whoever reads on learns why
            pipe = _pipe(self._process.stdin)
            pipe.write(line + "\n")
            pipe.flush()

    def _until(self, event: str) -> Iterator[ChatLine]:
        for text in _pipe(self._process.stdout):
            line = _read(text)
            if line is None:
                continue
            if line.event == "error":
                raise LoomError(line.code or "internal", line.message or "The chat failed.", line.hint or "")
            yield line
            if line.event == event:
                return
        died = why(self._process.wait(), self._folder / "log.txt", self._kills_before)
        raise LoomError(died.code, died.message.replace("training process", "chat process"), "Ask again.")


def _read(text: str) -> ChatLine | None:
    try:
        return ChatLine.model_validate_json(text)
    except ValidationError:
        return None


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
