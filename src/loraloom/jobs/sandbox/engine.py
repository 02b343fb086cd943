"""The program that makes containers on this machine: Docker or Podman, found by asking it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENGINE = "LORALOOM_ENGINE"
"""Environment variable: `docker`, `podman` or a path to one."""
AGAIN = 5.0
"""Seconds after which an engine that did not answer is asked again."""
PATIENCE = 60.0
"""Seconds: longer than an engine takes for anything."""


@dataclass(frozen=True)
class Engine:
    """What makes containers here."""

    program: str
    podman: bool

    def ask(self, *arguments: str, around: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Carry one command out; `around` are further variables of its own process. Raises OSError and
        subprocess.TimeoutExpired."""
        return subprocess.run(
            [self.program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **(around or {})},
            timeout=PATIENCE,
            check=False,
        )


_last: tuple[float, Engine | str] | None = None


def found() -> Engine | str:
    """The engine, or a sentence on why there is none. One that was found stays; else it is looked for again in a while."""
    global _last
    if _last is None or (isinstance(_last[1], str) and time.monotonic() - _last[0] > AGAIN):
        _last = (time.monotonic(), _look())
    return _last[1]


def forget() -> None:
    """Look for the engine again at the next question."""
    global _last
    _last = None


def _look() -> Engine | str:
    if sys.platform != "linux":
        return "Containers are for servers on Linux."
    wanted = os.environ.get(ENGINE)
    for name in (wanted,) if wanted else ("docker", "podman"):
        program = shutil.which(name)
        if program is None:
            continue
        found = Engine(program, "podman" in Path(program).name)
        try:
            done = found.ask("info", "--format", "{{json .}}")
            told: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        except (OSError, subprocess.TimeoutExpired, ValueError):
            continue
        if not told or told.get("ServerErrors"):
            continue
        if re.search(r"name=(rootless|userns)", str(told.get("SecurityOptions"))):
            return "This Docker gives every user another number, so a run's folder would belong to somebody else."
        return found
    return "Neither Docker nor Podman answers." if not wanted else f"{wanted} does not answer."
