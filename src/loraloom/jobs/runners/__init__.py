"""Where a run is carried out. A runner starts the training child and never touches the training code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from loraloom.child.limits import MEMORY
from loraloom.spec.errors import LoomError

Ask = Literal["stop", "kill"]
"""`stop`: write a checkpoint and end; `kill`: end now."""

GENTLE = {"GOMP_SPINCOUNT": "1000", "KMP_BLOCKTIME": "1"}
"""Environment of every child: threads that wait for each other spin for microseconds, then sleep (GNU and LLVM OpenMP).

By default they spin on, and with one other busy program on the same cores a step was seen to take forty times as long. Not
to spin at all (`OMP_WAIT_POLICY=PASSIVE`) costs a training that is alone an eighth of its speed.
"""

ARENAS = {"MALLOC_ARENA_MAX": "2"} if MEMORY in os.environ else {}
"""Where a run's memory is limited by addresses, each thread does not reserve 64 MB of them (glibc)."""

FINISHED, FAILED, INTERRUPTED = 0, 1, 130
"""Exit codes of the training child."""


@dataclass(frozen=True)
class Exit:
    """How a child ended: its code (negative: the signal), and the reason in the user's words when it died."""

    code: int
    died: LoomError | None = None


class Runner(Protocol):
    """Carries out one run."""

    def start(self, run_dir: Path) -> None:
        """Start the child for `run_dir`."""
        ...

    def signal(self, ask: Ask) -> None:
        """Ask the child to stop, or end it."""
        ...

    def poll(self) -> Exit | None:
        """How the child ended, or None while it goes on."""
        ...

    def collect(self) -> Path:
        """The run folder with everything the child wrote, on this machine."""
        ...
