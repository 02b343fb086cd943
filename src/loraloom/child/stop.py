"""Asks the loop to end cleanly when the person or the system says so: Ctrl-C, SIGTERM, Ctrl-Break on Windows, or the end
of the process that follows this one."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType


class Stop:
    """Call it to learn the signal that came, or None. A second Ctrl-C ends the process at once."""

    def __init__(self) -> None:
        self._name: str | None = None
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, self._note)
        if os.environ.get("LORALOOM_FOLLOWED"):  # see docs/decisions/0003
            threading.Thread(target=self._wait_for_parent, name="parent", daemon=True).start()

    def __call__(self) -> str | None:
        return self._name

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._name is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._name = signal.Signals(number).name

    def _wait_for_parent(self) -> None:
        while os.read(sys.stdin.fileno(), 1):  # not through its buffer, which a daemon thread would hold at the end
            pass
        self._name = self._name or "SIGHUP"
