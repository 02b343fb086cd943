"""A child that is spoken with, a line of JSON each way: started, heard, told and ended; for a server it is shut in."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Generic, Protocol, TypeVar

from pydantic import ValidationError

from loraloom.jobs import sandbox
from loraloom.jobs.runners.local import environment
from loraloom.jobs.runners.reason import oom_kills, why
from loraloom.spec.errors import CODES, LoomError

PATIENCE = 5
"""Seconds in which it has to be gone once its standard input is closed."""
NICER = 10
"""Added to the niceness of a gentle process."""


class Said(Protocol):
    """What every line of a child has. An `error` says the three others."""

    @property
    def event(self) -> str:
        """What kind of line it is."""
        ...

    @property
    def code(self) -> str | None:
        """Of `LoomError`."""
        ...

    @property
    def message(self) -> str | None:
        """Of `LoomError`."""
        ...

    @property
    def hint(self) -> str | None:
        """Of `LoomError`."""
        ...


L = TypeVar("L", bound=Said)


def seen_as(device: str | None, otherwise: str) -> str:
    """What a child of the server calls its `device`: it sees one card at most, whatever that is called outside."""
    return otherwise if device is None else device.partition(":")[0]


@dataclass(frozen=True)
class Sight:
    """What a child of the server may use: its device, bases and further files, read-only. In its folder it may write, but
    not in `data` there, if that is there when it starts."""

    device: str
    bases: Sequence[Path] = ()
    files: Sequence[Path] = ()


class SpokenProcess(Generic[L]):
    """One process. `heard` is for one thread at a time; `tell` and `end` are for any."""

    def __init__(
        self,
        command: Sequence[str],
        first: str,
        read: Callable[[str], L],
        name: str,
        *,
        sight: Sight | None = None,
        folder: Path | None = None,
        gentle: bool = False,
    ) -> None:
        """Start `command` and tell it `first`. `read` makes a line of what it says (pydantic's ValidationError: that was no
        line), `name` is what messages call it, `folder` its own (else one is made), which is gone in the end. With `sight`
        it is shut in where there is a sandbox; `gentle` lets other programs go first. Raises LoomError `child_died`."""
        self.folder = folder or Path(tempfile.mkdtemp(prefix=f"loraloom-{name}-"))
        self.shut_in = sight is not None and sandbox.spoken() == "bubblewrap"
        self._read, self._name = read, name
        self._kills_before = oom_kills()
        try:
            with (self.folder / "log.txt").open("ab") as log:
                self._process = subprocess.Popen(
                    [*(_gentle() if gentle else ()), *self._cage(sight), *command],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=self._environment(sight),
                    text=True,
                    encoding="utf-8",
                    start_new_session=sys.platform != "win32",
                    creationflags=subprocess.BELOW_NORMAL_PRIORITY_CLASS if gentle and sys.platform == "win32" else 0,
                )
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise LoomError("child_died", f"The {name} process could not be started: {error.strerror}.") from error
        self.tell(first)

    @property
    def inside(self) -> Path:
        """What it calls its folder itself."""
        return sandbox.INSIDE if self.shut_in else self.folder

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def tell(self, line: str) -> None:
        """Send it one line; nothing when it is gone: whoever listens to it learns why."""
        with contextlib.suppress(OSError, ValueError):
            pipe = _pipe(self._process.stdin)
            pipe.write(line + "\n")
            pipe.flush()

    def heard(self, *last: str) -> Iterator[L]:
        """Its lines up to the first whose event is one of `last`. Raises LoomError: its own, or why it died."""
        for text in _pipe(self._process.stdout):
            line = self._line(text)
            if line is None:
                continue
            if line.event == "error":
                raise LoomError(
                    line.code if line.code in CODES else "internal",
                    line.message or f"The {self._name} failed.",
                    line.hint or "",
                )
            yield line
            if line.event in last:
                return
        died = why(self._process.wait(), self.folder / "log.txt", self._kills_before)
        raise LoomError(died.code, died.message.replace("training process", f"{self._name} process"), "Ask again.")

    def end(self) -> None:
        """End it. What it was saying ends in a LoomError."""
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _cage(self, sight: Sight | None) -> list[str]:
        if sight is None or not self.shut_in:
            return []
        first, *others = sight.bases or (None,)
        shown = [*sight.files, *(place for base in others if base is not None for place in sandbox.weights(base))]
        return sandbox.command(self.folder, first, shown, sight.device, self._name)

    def _environment(self, sight: Sight | None) -> dict[str, str]:
        if sight is None:
            return environment()
        if self.shut_in:
            return {}
        return sandbox.environment(sight.device, self._name, sight.bases[0] if sight.bases else None)

    def _line(self, text: str) -> L | None:
        """None for what a library printed there."""
        try:
            return self._read(text)
        except ValidationError:
            return None


def _gentle() -> tuple[str, ...]:
    nice = shutil.which("nice") if sys.platform != "win32" else None
    return () if nice is None else (nice, "-n", str(NICER))


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
