"""A child in the sandbox of the server's runs, followed by this process alone: for measurements."""

from __future__ import annotations

from pathlib import Path

from loraloom.jobs import asks
from loraloom.jobs.runners import Ask, Exit, detached


class ShutIn:
    """The `Runner` of one measurement."""

    def __init__(self, base: Path | None, device: str) -> None:
        """`base`: what the child may read of the base model; `device`: all it may compute on."""
        self._base, self._device = base, device
        self._run_dir = Path()
        self._child: detached.Child | None = None

    def start(self, run_dir: Path) -> None:
        """Start the child for `run_dir`."""
        self._run_dir = run_dir.absolute()
        self._child = detached.start(self._run_dir, base=self._base, device=self._device)

    def signal(self, ask: Ask) -> None:
        """Ask the child to stop, or end it."""
        if ask == "kill":
            detached.kill(self._started())
        else:
            asks.ask(self._run_dir, "stop")

    def poll(self) -> Exit | None:
        """How the child ended, or None while it goes on."""
        return detached.ended(self._started(), self._run_dir)

    def collect(self) -> Path:
        """The folder: it is on this machine already."""
        return self._run_dir

    def _started(self) -> detached.Child:
        if self._child is None:
            raise RuntimeError("start() comes first")
        return self._child
