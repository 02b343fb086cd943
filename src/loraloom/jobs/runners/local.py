"""Run the training child as a process on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from loraloom.jobs.folder import LOG, refusal
from loraloom.jobs.runners import ARENAS, FAILED, FINISHED, GENTLE, INTERRUPTED, Ask, Exit
from loraloom.jobs.runners.reason import oom_kills, why

FOLLOWED = "LORALOOM_FOLLOWED"
"""Set for a child whose standard input closes when nobody follows it any more."""


class LocalRunner:
    """One child of this process, in a process group of its own: a Ctrl-C reaches it once, through `signal`.

    The child's standard input is a pipe that nothing is ever written to. It closes when this process ends, however it
    ends, so that a child that finds `FOLLOWED` in its environment can notice.
    """

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "loraloom.train")) -> None:
        """`command` is the child, to which the run folder is added."""
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._run_dir = Path()
        self._kills_before: int | None = None

    def start(self, run_dir: Path) -> None:
        """Start the child; what it prints is appended to log.txt."""
        self._run_dir = run_dir.absolute()
        self._kills_before = oom_kills()
        try:
            log = (self._run_dir / LOG).open("ab")
        except OSError as error:
            raise refusal(self._run_dir, error) from error
        with log:
            self._process = subprocess.Popen(
                [*self._command, str(self._run_dir)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment() | {FOLLOWED: "1"},
                creationflags=subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0,
                start_new_session=sys.platform != "win32",
            )

    def signal(self, ask: Ask) -> None:
        """`stop` sends SIGINT (CTRL_BREAK on Windows), `kill` ends the process."""
        process = self._started()
        if process.poll() is not None:
            return
        if ask == "kill":
            process.kill()
        else:
            process.send_signal(signal.CTRL_BREAK_EVENT if sys.platform == "win32" else signal.SIGINT)

    def poll(self) -> Exit | None:
        """How the child ended, with the reason when it neither finished, failed by itself nor was interrupted."""
        code = self._started().poll()
        if code is None:
            return None
        _close(self._started().stdin)
        if code in (FINISHED, FAILED, INTERRUPTED):
            return Exit(code)
        return Exit(code, why(code, self._run_dir / LOG, self._kills_before))

    def collect(self) -> Path:
        """The run folder: it is on this machine already."""
        return self._run_dir

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("start() comes first")
        return self._process


def environment() -> dict[str, str]:
    """Environment of a child: UTF-8 everywhere, output unbuffered so that log.txt is never behind."""
    return GENTLE | ARENAS | os.environ | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        stream.close()
