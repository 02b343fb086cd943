"""Training children of a server, for tests: what they need, and how they end."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from loraloom.jobs import sandbox
from loraloom.jobs.runners import Exit, detached
from tests.runs import payloads


def need_bubblewrap() -> None:
    """Skip where there is none; in CI that is a failure, so that the sandbox never goes untested in silence."""
    if sandbox.kind() != "bubblewrap":
        why = "bubblewrap is not installed" if shutil.which("bwrap") is None else "bubblewrap does not work here"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def wait_for_end(child: detached.Child, run_dir: Path, seconds: float = 120) -> Exit:
    """How the child ended."""
    until = time.monotonic() + seconds
    while (ended := detached.ended(child, run_dir)) is None:
        assert time.monotonic() < until, "too slow"
        time.sleep(0.02)
    return ended


def wait_for_step(child: detached.Child, run_dir: Path, step: int, seconds: float = 120) -> None:
    """Wait until `step` is logged. Fails when the child ends before."""
    until = time.monotonic() + seconds
    while not any(payload["step"] >= step for payload in payloads(run_dir, "StepLogged")):
        assert detached.alive(child), (run_dir / "log.txt").read_text()
        assert time.monotonic() < until, "too slow"
        time.sleep(0.01)


def wait_for_gone(pid: int, seconds: float = 20) -> None:
    """Wait until no process has this pid, zombies not counted."""
    import psutil

    until = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "still there"
        time.sleep(0.02)
