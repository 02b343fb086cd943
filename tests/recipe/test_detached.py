"""A child of the server outlives it, is known again by pid and start time, and tells how it ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from loraloom.jobs import sandbox
from loraloom.jobs.asks import ask
from loraloom.jobs.runners import Exit, detached
from loraloom.jobs.runners.detached import UNKNOWN, Child
from loraloom.spec.errors import LoomError
from tests.children import need_bubblewrap, wait_for_end, wait_for_gone, wait_for_step
from tests.runs import DEMO, make_run, payloads

START = """
import os, sys
from pathlib import Path
from loraloom.jobs.runners import detached
child = detached.start(Path(sys.argv[1]), read_only=[Path(sys.argv[2])])
print(child.pid, repr(child.started), flush=True)
os._exit(1)
"""
STEPS = {"steps": 8, "batch_size": 4}


@pytest.fixture(params=["auto", "off"], ids=["sandbox", "plain"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LORALOOM_SANDBOX", request.param)
    if request.param == "auto":
        need_bubblewrap()
    return sandbox.kind()


def start_and_die(run_dir: Path) -> Child:
    """The child of a process that is gone at once, in whatever hurry."""
    starter = subprocess.run(
        [sys.executable, "-c", START, str(run_dir), str(DEMO)], capture_output=True, text=True, check=False
    )
    assert starter.returncode == 1, starter.stderr
    pid, started = starter.stdout.split()
    return Child(int(pid), float(started))


@pytest.mark.usefixtures("kind")
def test_the_starter_dies_and_the_child_finishes(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", training=STEPS)
    child = start_and_die(run_dir)
    assert detached.alive(child) and child not in detached.ours()
    assert not detached.alive(Child(child.pid, child.started - 100)), "another process had this pid"
    wait_for_step(child, run_dir, 1)
    used = detached.cpu_seconds(child)
    assert used is not None and used > 0.5 and detached.memory_bytes(child) > 100e6
    assert wait_for_end(child, run_dir) == Exit(0)
    assert payloads(run_dir)[-1]["type"] == "RunFinished"
    assert detached.cpu_seconds(child) is None and detached.memory_bytes(child) == 0


@pytest.mark.usefixtures("kind")
def test_an_adopted_child_can_be_asked_to_stop_and_killed(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", training={"steps": 500})
    child = start_and_die(run_dir)
    wait_for_step(child, run_dir, 2)
    ask(run_dir, "stop")
    assert wait_for_end(child, run_dir) == Exit(130)
    child = start_and_die(run_dir)
    detached.kill(child)  # before it says a word: the last one is of the child before
    ended = detached.ended(child, run_dir)
    assert ended is not None and ended.code == UNKNOWN and ended.died is not None
    assert ended.died.code == "child_died" and "killed, or the machine" in ended.died.message


def test_kill_leaves_nothing_behind(tmp_path: Path, kind: str) -> None:
    run_dir = make_run(tmp_path / "run", training={"steps": 500})
    child = detached.start(run_dir, read_only=[DEMO])
    assert detached.ours() == [child]
    wait_for_step(child, run_dir, 1)
    grown = [process for process in psutil.process_iter() if str(run_dir) in " ".join(_line(process))]
    assert len(grown) == (2 if kind == "bubblewrap" else 1)
    detached.kill(child)
    assert detached.ours() == [] and not detached.alive(child)
    ended = detached.ended(child, run_dir)
    assert ended is not None and ended.code == -9 and ended.died is not None
    for process in grown:  # the sandbox itself goes a moment later
        wait_for_gone(process.pid)
    assert not psutil.pid_exists(child.pid)


def _line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_signal_is_told_through_the_sandbox(tmp_path: Path) -> None:
    need_bubblewrap()
    run_dir = make_run(tmp_path / "run", training={"steps": 500})
    child = detached.start(run_dir, read_only=[DEMO])
    time.sleep(0.5)
    os.kill(child.pid, 11)
    ended = wait_for_end(child, run_dir)
    assert ended.code == -11 and ended.died is not None and "memory fault" in ended.died.message


def test_a_failed_run_and_a_sandbox_that_cannot_be_made(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", dataset={"path": "nothing"})
    child = detached.start(run_dir)
    assert wait_for_end(child, run_dir) == Exit(1)
    assert payloads(run_dir)[-1]["code"] == "dataset_not_found"
    need_bubblewrap()
    with pytest.raises(LoomError) as error:
        detached.start(run_dir, base=tmp_path / "no such base")
    assert error.value.code == "child_died" and "no such base" in error.value.hint


def test_the_folder_belongs_to_one_child(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", training={"steps": 500})
    first = detached.start(run_dir, read_only=[DEMO])
    wait_for_step(first, run_dir, 1)
    second = detached.start(run_dir, read_only=[DEMO])
    assert wait_for_end(second, run_dir).code == 1
    assert detached.alive(first)
    detached.kill(first)
    numbers = [json.loads(line)["seq"] for line in (run_dir / "events.jsonl").read_text().splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
