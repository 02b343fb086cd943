"""Children that outlive the process that started them: known by pid and start alone, asked through files.

Unlike the local runner's child (docs/decisions/0003) they train on when nobody follows; see docs/decisions/0004, and 0012
for those in containers.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from loraloom.jobs import sandbox
from loraloom.jobs.folder import LOG, refusal
from loraloom.jobs.runners import FAILED, FINISHED, INTERRUPTED, Exit, contained
from loraloom.jobs.runners.last_word import last_word
from loraloom.jobs.runners.reason import RESUME, at_limit, oom_kills, why
from loraloom.jobs.scrub import scrub
from loraloom.spec.errors import LoomError

TRAIN = "loraloom.train"
UNKNOWN = 256
"""Exit code of a child of an earlier server that ended without a word: only its parent is told the code."""
SAME_MOMENT = 2.0
"""Seconds that a start time may seem to move while the system's clock is put right, where that is all there is."""
FIRST_WORD = 1.0
"""Seconds: no child says anything sooner after its start, and start times are rounded down by less."""
OOM_SCORE = 500
"""Of 1000: when memory runs out, Linux ends the training and not the server."""
_PROCESSES: dict[Child, subprocess.Popen[bytes]] = {}
"""What this process started: the child, or the bubblewrap around it."""
_KILLS_BEFORE: dict[Child, int] = {}
"""How often the system had ended a process for want of memory when each of them was started."""
_CONTAINED: set[Child] = set()
"""What this process started in containers."""
_ENDS: dict[Child, Exit] = {}
"""How those in containers ended that were asked about: the containers are gone."""


@dataclass(frozen=True)
class Child:
    """The Python that trains, as this machine sees it (not as it sees itself inside its sandbox)."""

    pid: int
    started: float
    """Seconds since the epoch, as the system's clock stood when this was made."""
    mark: str | None = field(default=None, compare=False)
    """The system's start, and the ticks from there to the child's: no clock that is moved changes them. None where the
    system keeps the moment itself (all but Linux), and for children of older servers."""


def child_of(pid: int) -> Child:
    """The process `pid` as a child, to be known again."""
    return Child(pid, _started(pid), _mark(pid))


def start(
    run_dir: Path,
    *,
    base: Path | None = None,
    read_only: Sequence[Path] = (),
    device: str = "cpu",
    name: str = "",
    module: str = TRAIN,
    network: Mapping[str, str] | None = None,
) -> Child:
    """Start the child for `run_dir`, which shows it `base` and `read_only` besides; `device` is all it may compute on.

    `name` is what the run's events call it. With `network` it reaches the network, and has these variables. Raises LoomError
    `child_died`, `not_writable` or `disk_full`.
    """
    run_dir = run_dir.absolute()
    if sandbox.kind() == "container":
        pid = contained.start(
            run_dir,
            module,
            (str(sandbox.INSIDE),),
            base=base,
            read_only=read_only,
            device=device,
            name=name or run_dir.name,
            network=network,
        )
        child = child_of(pid)
        _CONTAINED.add(child)
        return child
    return launch(
        run_dir,
        (str(inside(run_dir)),),
        base=base,
        read_only=read_only,
        device=device,
        name=name or run_dir.name,
        module=module,
        network=network,
    )[0]


def inside(run_dir: Path) -> Path:
    """The run folder as the child sees it."""
    return sandbox.INSIDE if sandbox.kind() in ("bubblewrap", "container") else run_dir


def launch(
    run_dir: Path,
    arguments: Sequence[str],
    *,
    base: Path | None,
    read_only: Sequence[Path] = (),
    device: str,
    name: str,
    stdin: int = subprocess.DEVNULL,
    module: str = TRAIN,
    network: Mapping[str, str] | None = None,
) -> tuple[Child, subprocess.Popen[bytes]]:
    """Start `python -m MODULE ARGUMENTS` in a session of its own; what it prints is appended to log.txt. Not in a container:
    such a child hears nothing on its standard input (LoomError `child_died`)."""
    if sandbox.kind() == "container":
        raise LoomError("child_died", "A container is made for one run, not before there is one.", RESUME)
    own = [sys.executable, "-P", "-m", module, *arguments]  # -P: no module comes from the run folder
    shut_in = sandbox.kind() == "bubblewrap"
    scrub(run_dir)  # it may come from an earlier child
    with _log(run_dir) as log, _pipe(shut_in) as (read, write), _variables(network if shut_in else None) as secret:
        before = sandbox.command(run_dir, base, read_only, device, name, network is not None) if shut_in else []
        if shut_in:
            before[-1:] = [*(["--args", str(secret)] if network else []), "--info-fd", str(write), "--"]
        process = subprocess.Popen(
            [*before, *own],
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={} if shut_in else sandbox.environment(device, name) | dict(network or {}),
            pass_fds=(write, *((secret,) if network else ())) if shut_in else (),
            creationflags=_apart(),
            start_new_session=sys.platform != "win32",
        )
        if shut_in:
            os.close(write)
        pid = _pid_within(read, process, run_dir) if shut_in else process.pid
    child = child_of(pid)
    _PROCESSES[child], _KILLS_BEFORE[child] = process, oom_kills()
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(OOM_SCORE), "ascii")
    return child, process


def alive(child: Child) -> bool:
    """Whether it still runs: this pid, started then. What has ended and was not fetched yet counts as gone."""
    _fetch(child)
    return _process(child) is not None


def kill(child: Child) -> None:
    """End it and all it started, at once. Returns when it is gone, after five seconds at most."""
    process = _process(child)
    if process is not None:
        with contextlib.suppress(psutil.Error):
            for member in (process, *process.children(recursive=True)):
                try:
                    member.kill()
                except psutil.AccessDenied:
                    contained.kill_around(member.pid)
                except psutil.Error:
                    pass
    until = time.monotonic() + 5
    while alive(child) and time.monotonic() < until:
        time.sleep(0.005)
    with contextlib.suppress(KeyError, subprocess.TimeoutExpired):
        _PROCESSES[child].wait(timeout=5)


def end_strays(run_dir: Path) -> None:
    """End whatever was started for the folder `run_dir` and is named on no list: it stands on its command line, or it is in
    the folder's container."""
    contained.end(run_dir)
    name = str(run_dir.absolute())
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and any(
                name == part or name in part.split(":") for part in process.cmdline()
            ):
                kill(child_of(process.pid))


def ended(child: Child, run_dir: Path) -> Exit | None:
    """How it ended, with the reason when it neither finished, failed by itself nor was interrupted; None while it runs.

    The code of a child of an earlier server follows from its last event, else it is `UNKNOWN`.
    """
    if alive(child):
        return None
    if child not in _PROCESSES and (inside := _ended_inside(child, run_dir)) is not None:
        return inside
    said = last_word(run_dir, child.started + FIRST_WORD)
    ours = _PROCESSES.get(child)
    if ours is not None:
        code = _own_code(ours.wait())
    else:
        code = UNKNOWN if said is None else said
    if code in (FINISHED, FAILED, INTERRUPTED):
        return Exit(code)
    return Exit(code, gone() if code == UNKNOWN else why(code, run_dir / LOG, _KILLS_BEFORE.get(child)))


def _ended_inside(child: Child, run_dir: Path) -> Exit | None:
    """The same for a child in a container, also of an earlier server; None for others."""
    if child not in _ENDS:
        closed = contained.closed(run_dir)
        if closed is None:
            return None
        if closed.at_limit is not None:
            _ENDS[child] = Exit(closed.code, at_limit(closed.at_limit))
        elif closed.code in (FINISHED, FAILED, INTERRUPTED):
            _ENDS[child] = Exit(closed.code)
        else:
            _ENDS[child] = Exit(closed.code, why(closed.code, run_dir / LOG))
    return _ENDS[child]


def gone() -> LoomError:
    """The reason when nobody knows it."""
    text = "The training process is gone without a word: it was killed, or the machine was started again."
    return LoomError("child_died", text, RESUME)


def cpu_seconds(child: Child) -> float | None:
    """Processor time that it and what it started have used; None when it is gone. One that stands still while no event comes
    hangs."""
    process = _process(child)
    with contextlib.suppress(psutil.Error):
        if process is not None:
            return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))
    return None


def memory_bytes(child: Child) -> int:
    """Resident memory of it alone; 0 when it is gone."""
    process = _process(child)
    with contextlib.suppress(psutil.Error):
        if process is not None:
            return int(process.memory_info().rss)
    return 0


def ours() -> list[Child]:
    """Children of this very process that still run; those of an earlier one are not among them."""
    return [child for child in (*_PROCESSES, *_CONTAINED) if alive(child)]


def _process(child: Child) -> psutil.Process | None:
    try:
        process = psutil.Process(child.pid)
        if child.mark is not None and (mark := _mark(child.pid)) is not None:
            same = mark == child.mark
        else:
            same = abs(process.create_time() - child.started) < SAME_MOMENT
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _fetch(child: Child) -> None:
    """Take a child's exit code from the system, so that it leaves no zombie."""
    process = _PROCESSES.get(child)
    if process is not None:
        process.poll()


def _own_code(code: int) -> int:
    """bubblewrap ends with 128 and the signal's number where its child was ended by a signal."""
    wrapped = sandbox.kind() == "bubblewrap" and code > 128 and code != INTERRUPTED
    return 128 - code if wrapped else code


def _started(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return time.time()  # over already; its exit code tells


def _mark(pid: int) -> str | None:
    """See `Child.mark`. Source: proc_pid_stat(5), field 22; random(4), boot_id: the ticks of two starts may be the same."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        after_name = stat[stat.rindex(b")") + 1 :]  # a program's name may hold blanks and brackets
        return f"{boot}/{int(after_name.split()[19])}"
    except (OSError, ValueError, IndexError):
        return None


def _apart() -> int:
    """On Windows: no part in the console's Ctrl-C, nor in its end."""
    return subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0


def _log(run_dir: Path) -> IO[bytes]:
    try:
        return (run_dir / LOG).open("ab")
    except OSError as error:
        raise refusal(run_dir, error) from error


@contextlib.contextmanager
def _pipe(wanted: bool) -> Generator[tuple[int, int]]:
    """(read, write); who uses it closes `write`."""
    if not wanted:
        yield -1, -1
        return
    read, write = os.pipe()
    try:
        yield read, write
    finally:
        os.close(read)


@contextlib.contextmanager
def _variables(wanted: Mapping[str, str] | None) -> Generator[int]:
    """A pipe that tells bubblewrap of further variables: on its command line everybody could read them."""
    if not wanted:
        yield -1
        return
    read, write = os.pipe()
    try:
        told = "".join(f"--setenv\0{key}\0{value}\0" for key, value in wanted.items())
        os.write(write, told.encode())
        os.close(write)
        yield read
    finally:
        os.close(read)


def _pid_within(read: int, wrap: subprocess.Popen[bytes], run_dir: Path) -> int:
    """The pid, outside, of what bubblewrap started: it names its own process inside, whose one child that is."""
    told = b""
    while part := os.read(read, 4096):
        told += part
    with contextlib.suppress(ValueError, KeyError, psutil.Error):
        first = psutil.Process(int(json.loads(told)["child-pid"]))
        while wrap.poll() is None:
            if children := first.children():
                return children[0].pid
            time.sleep(0.001)
    wrap.wait()
    text = (run_dir / LOG).read_text("utf-8", "replace").strip().splitlines()[-1:]
    raise LoomError("child_died", "The sandbox could not be made.", text[0] if text else "")
