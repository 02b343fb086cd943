"""Asks the loop to end cleanly when the person or the system says so: Ctrl-C, SIGTERM, Ctrl-Break on Windows."""

from __future__ import annotations

import signal
from types import FrameType


class Stop:
    """Call it to learn the signal that came, or None. A second Ctrl-C ends the process at once."""

    def __init__(self) -> None:
        self._name: str | None = None
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, self._note)

    def __call__(self) -> str | None:
        return self._name

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._name is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._name = signal.Signals(number).name
