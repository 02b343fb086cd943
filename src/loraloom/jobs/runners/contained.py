"""Runs in containers: made, found again by their run folder alone, and put away once it is known how they ended."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from loraloom.jobs.folder import LOG, refusal
from loraloom.jobs.runners import INTERRUPTED, owned
from loraloom.jobs.runners.reason import oom_kills
from loraloom.jobs.sandbox import container, engine
from loraloom.jobs.sandbox.engine import Engine
from loraloom.jobs.scrub import scrub
from loraloom.spec.errors import LoomError

LOGGED = "loraloom.child.logged"
DEVICE, KILLS, LIMIT = "loraloom.device", "loraloom.oom-kills", "loraloom.memory"
"""Labels: the run's device, how often Linux had ended processes for want of memory before it, and its limit in bytes."""
ENDING = ("stopping", "stopped")
"""What Podman calls a container whose end it has not quite noticed."""
NO_PYTHON = (126, 127)
"""Codes of an init that could not start it."""
PATIENCE = 20.0
"""Seconds in which Python has begun."""
PUT_AWAY = "168h"
"""How long what nobody asked about is kept after it was made."""


@dataclass(frozen=True)
class Closed:
    """How a container ended: the child's code (negative: the signal), and the limit in bytes that stopped it, if one did."""

    code: int
    at_limit: int | None


@dataclass(frozen=True)
class State:
    """What the engine says of a container. `pid`: its first process, as this machine sees it; 0 when there is none."""

    running: bool
    pid: int
    code: int
    out_of_memory: bool
    labels: Mapping[str, str]


def start(
    run_dir: Path,
    module: str,
    arguments: Sequence[str],
    *,
    base: Path | None = None,
    read_only: Sequence[Path] = (),
    device: str = "cpu",
    name: str = "",
    network: Mapping[str, str] | None = None,
) -> int:
    """Start `python -m MODULE ARGUMENTS` in a container of its own; the pid of that Python as this machine sees it, 0 when
    it has ended meanwhile.

    Where one trains in `run_dir` already, on the same device, it is that one: a server died before it wrote it down. Raises
    LoomError `child_died`, `config_invalid`, `run_busy`, `not_writable` or `disk_full`.
    """
    found = _engine()
    called = container.name_of(run_dir)
    before = _look(found, called)
    if before is not None and before.running:
        if before.labels.get(DEVICE) != device:
            raise LoomError("run_busy", f"{run_dir.name} is being trained by a container.", "Wait for it, or stop it.")
        return _python(found, called)
    _put_away(found, called)
    _ask(found, "container", "prune", "--force", "--filter", f"label={container.RUN}", "--filter", f"until={PUT_AWAY}")
    try:
        limit = container.memory_limit()
    except ValueError as error:
        raise LoomError("config_invalid", str(error), "Give a size, such as 24g, or leave it out.") from error
    scrub(run_dir)  # it may come from an earlier child
    try:
        owned.hand_over(run_dir)
    except OSError as error:
        raise refusal(run_dir, error) from error
    made = container.arguments(
        found,
        run_dir,
        limit,
        base=base,
        read_only=read_only,
        device=device,
        name=name,
        network=None if network is None else tuple(network),
        labels={DEVICE: device, KILLS: str(oom_kills()), LIMIT: str(limit)},
    )
    log = str(container.INSIDE / LOG)
    done = _ask(found, *made, "-P", "-m", LOGGED, log, module, *arguments, around=network)
    if done.returncode != 0:
        _put_away(found, called)
        raise _not_made(done.stderr)
    return _python(found, called)


def closed(run_dir: Path) -> Closed | None:
    """How the container of `run_dir` ended, which is put away then; None when there is none. Its child must be gone."""
    found = engine.found()
    if isinstance(found, str):
        return None
    called = container.name_of(run_dir)
    try:
        state = _look(found, called)
        if state is not None and state.running:  # it notices in a moment
            state = _let_end(found, called)
        if state is None:
            return None
        _keep_words(found, called, run_dir)
        _put_away(found, called)
    except LoomError:
        return None
    code = 128 - state.code if state.code > 128 and state.code != INTERRUPTED else state.code
    by_system = state.out_of_memory or oom_kills() > int(state.labels.get(KILLS) or oom_kills())
    return Closed(code, int(state.labels.get(LIMIT) or 0) if code == -9 and by_system else None)


def end(run_dir: Path) -> None:
    """End the container of `run_dir`, whoever started it, and put it away; nothing where there is none."""
    found = engine.found()
    with contextlib.suppress(LoomError):
        if not isinstance(found, str):
            _put_away(found, container.name_of(run_dir), running=True)


def kill_around(pid: int) -> None:
    """End the container in which the process `pid` is, for a server that may not end the process itself."""
    found = engine.found()
    with contextlib.suppress(OSError, LoomError):
        inside = re.search(r"[0-9a-f]{64}", Path(f"/proc/{pid}/cgroup").read_text("ascii"))
        if inside is not None and not isinstance(found, str):
            _ask(found, "kill", inside[0])


def _engine() -> Engine:
    found = engine.found()
    if isinstance(found, str):
        raise LoomError("child_died", f"No container can be made. {found}", "Start the engine, then resume the run.")
    if not container.has_image(found):
        text = f"No container can be made: the image {container.image()} is not on this machine."
        raise LoomError("child_died", text, f"Build it, or name another with {container.IMAGE}.")
    return found


def _ask(found: Engine, *arguments: str, around: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return found.ask(*arguments, around=around)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_made(str(error)) from error


def _not_made(said: str) -> LoomError:
    lines = [line for line in said.strip().splitlines() if line and "run --help" not in line]
    return LoomError("child_died", "The container could not be made.", lines[-1] if lines else "")


def _look(found: Engine, called: str) -> State | None:
    """None when there is no such container. Raises LoomError `child_died` when the engine does not answer."""
    done = _ask(found, "container", "inspect", "--format", "[{{json .State}}, {{json .Config.Labels}}]", called)
    if done.returncode != 0:
        return None
    told: tuple[dict[str, Any], dict[str, str] | None] = json.loads(done.stdout)
    state, labels = told
    running = state["Running"] or state["Status"] in ENDING
    return State(running, state["Pid"], state["ExitCode"], state["OOMKilled"], labels or {})


def _python(found: Engine, called: str) -> int:
    """The pid of the one process that the container's first process, a small init, has started; 0 when that is over."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        state = _look(found, called)
        if state is not None and not state.running and state.code not in NO_PYTHON:
            return 0
        if state is None or not state.running:
            said = _ask(found, "logs", "--tail", "1", called)
            _put_away(found, called)
            raise _not_made(f"{said.stdout}{said.stderr}" or f"It ended with code {state.code if state else '?'}.")
        try:
            first = psutil.Process(state.pid)
            if LOGGED not in first.cmdline():
                break  # some other process of this machine
            if children := first.children():
                return children[0].pid
        except psutil.Error:
            continue
        time.sleep(0.01)
    _put_away(found, called, running=True)
    text = "The container's process is not to be seen on this machine."
    raise LoomError("child_died", text, "The server needs an engine of the machine that it runs on itself.")


def _let_end(found: Engine, called: str) -> State | None:
    until = time.monotonic() + PATIENCE
    while (state := _look(found, called)) is not None and state.running:
        if time.monotonic() > until:
            _ask(found, "kill", called)
            return _look(found, called)
        time.sleep(0.05)
    return state


def _keep_words(found: Engine, called: str, run_dir: Path) -> None:
    """What Python said before it had its log, put into that; and the folder is ours again."""
    said = _ask(found, "logs", "--tail", "50", called)
    scrub(run_dir)  # the child may have left a link of that name
    with contextlib.suppress(OSError):
        owned.take_back(run_dir)
        if words := f"{said.stdout}{said.stderr}":
            with (run_dir / LOG).open("a", encoding="utf-8") as log:
                log.write(words)


def _put_away(found: Engine, called: str, running: bool = False) -> None:
    """Remove a container that has ended; one that runs with `running`."""
    _ask(found, "container", "rm", "--volumes", *(("--force",) if running else ()), called)
