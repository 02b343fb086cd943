"""A child made ready beforehand trains one run, the same one to the byte, and ends when nobody is left to give it one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loraloom.jobs.asks import ask
from loraloom.jobs.runners import Exit, detached
from loraloom.jobs.runners.detached import Child
from loraloom.jobs.runners.warm import Warm, sweep
from loraloom.spec.errors import LoomError
from tests.children import need_bubblewrap, wait_for_end, wait_for_gone, wait_for_step
from tests.runs import DEMO, make_run, payloads, train_here

GROUPS = {"training": {"steps": 6, "batch_size": 4}, "sample": {"prompts": ["a fox"], "steps": 2}}
PREPARE = """
import os, sys, time
from pathlib import Path
from loraloom.jobs.runners.warm import Warm
warm = Warm.prepare(Path(sys.argv[1]))
print(warm.child.pid, repr(warm.child.started), warm.folder, flush=True)
if len(sys.argv) == 3:
    sys.stdin.readline()
    warm.take(Path(sys.argv[2]))
os._exit(1)
"""


@pytest.fixture(params=["auto", "off"], ids=["sandbox", "plain"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LORALOOM_SANDBOX", request.param)
    if request.param == "auto":
        need_bubblewrap()
    return request.param


def fill(folder: Path, **groups: object) -> None:
    """A run into a reserved folder, as the supervisor does it."""
    made = make_run(folder.parent / f"made-{folder.name}", dataset={"path": "data"}, **GROUPS | groups)
    shutil.copy(made / "run.yaml", folder)
    shutil.copytree(DEMO, folder / "data", dirs_exist_ok=True)
    shutil.rmtree(made)


def wait_until_ready(warm: Warm, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not warm.ready():
        assert detached.alive(warm.child), (warm.folder / "log.txt").read_text()
        assert time.monotonic() < until, "too slow"
        time.sleep(0.02)


@pytest.mark.usefixtures("kind")
def test_it_trains_the_same_run_to_the_byte_and_sooner(tmp_path: Path) -> None:
    cold = make_run(tmp_path / "cold", **GROUPS)
    assert train_here(cold) is None
    warm = Warm.prepare(tmp_path / "runs")
    wait_until_ready(warm)
    assert warm.memory_bytes() > 100e6
    assert warm.fits(None, "cpu") and not warm.fits(tmp_path, "cpu") and not warm.fits(None, "cuda:0")
    fill(warm.folder)
    began, run_dir = time.time(), tmp_path / "runs" / "run-1"
    child = warm.take(run_dir)
    assert child == warm.child and [entry.name for entry in (tmp_path / "runs").iterdir()] == ["run-1"]
    wait_for_step(child, run_dir, 1)
    print(f"from take to the first step: {time.time() - began:.2f} s")
    assert wait_for_end(child, run_dir) == Exit(0), (run_dir / "log.txt").read_text()
    assert (run_dir / "lora" / "small.safetensors").read_bytes() == (cold / "lora" / "small.safetensors").read_bytes()
    assert payloads(run_dir, "RunStarted")[0]["run"] == "run-1" and not (run_dir / ".ready").exists()
    assert payloads(run_dir, "RunFinished")[0]["seconds"] < time.time() - began
    warm.discard()
    assert run_dir.exists()


def test_taken_before_it_is_ready(tmp_path: Path) -> None:
    warm = Warm.prepare(tmp_path / "runs")
    fill(warm.folder)
    child = warm.take(tmp_path / "runs" / "run")
    assert wait_for_end(child, tmp_path / "runs" / "run") == Exit(0)


@pytest.mark.usefixtures("kind")
def test_it_ends_with_its_server_while_it_waits_and_not_after(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    idle = subprocess.run([sys.executable, "-c", PREPARE, str(runs)], capture_output=True, text=True, check=False)
    pid, _, folder = idle.stdout.split()
    wait_for_gone(int(pid), 60)
    sweep(runs)
    assert not Path(folder).exists()

    command = [sys.executable, "-c", PREPARE, str(runs), str(runs / "run")]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None and server.stdout is not None
    pid, started, folder = server.stdout.readline().split()
    fill(Path(folder), training={"steps": 500})
    server.stdin.write("\n")
    server.stdin.close()
    assert server.wait() == 1
    child = Child(int(pid), float(started))
    wait_for_step(child, runs / "run", 2)
    ask(runs / "run", "stop")
    assert wait_for_end(child, runs / "run") == Exit(130)
    server.stdout.close()


def test_what_was_not_needed_is_removed_and_what_died_is_told(tmp_path: Path) -> None:
    warm = Warm.prepare(tmp_path)
    warm.discard()
    assert not list(tmp_path.iterdir()) and not detached.alive(warm.child) and not warm.fits(None, "cpu")
    warm = Warm.prepare(tmp_path)
    detached.kill(warm.child)
    fill(warm.folder, training={"steps": 1})
    (tmp_path / "there").mkdir()
    with pytest.raises(LoomError, match="there already"):
        warm.take(tmp_path / "there")
    with pytest.raises(LoomError) as error:
        warm.take(tmp_path / "run")
    assert error.value.code == "child_died"
    child = detached.start(tmp_path / "run")
    assert wait_for_end(child, tmp_path / "run") == Exit(0)


def test_it_sees_no_more_than_a_cold_child(tmp_path: Path) -> None:
    need_bubblewrap()
    warm = Warm.prepare(tmp_path / "runs")
    other = make_run(tmp_path / "runs" / "other")
    seen = Path(f"/proc/{warm.child.pid}/root")
    assert (seen / "loom" / "run" / "log.txt").exists() and not (seen / other.relative_to("/")).exists()
    assert not (seen / "etc" / "shadow").exists()
    warm.discard()
