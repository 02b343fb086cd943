"""A run over two processes that are killed, stopped or out of memory: all of them end, and it goes on where it was."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
import yaml

from loraloom.child.limits import MEMORY
from loraloom.jobs.asks import ask
from loraloom.jobs.runners import Exit, detached
from loraloom.train.checkpoint import folders
from tests.children import need_bubblewrap, wait_for_end, wait_for_gone
from tests.runs import DEMO, make_run, payloads, start_child, train_here, wait_for_steps

GROUPS: dict[str, Any] = {
    "lora": {"dropout": 0.1},
    "training": {"steps": 14, "batch_size": 5, "processes": 2},
    "checkpoints": {"every_steps": 4},
}
LORA = Path("lora") / "small.safetensors"
CLOSE = 1e-5


def losses(run_dir: Path) -> dict[int, float]:
    """Step -> loss; where a step was made twice, the later one."""
    return {payload["step"]: payload["loss"] for payload in payloads(run_dir, "StepLogged")}


def follower(process: subprocess.Popen[bytes]) -> psutil.Process:
    """The process that computes beside the child."""
    (found,) = psutil.Process(process.pid).children()
    return found


def ended(process: subprocess.Popen[bytes], run_dir: Path) -> int:
    """The exit code of a child that ends by itself within a minute."""
    try:
        return process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail("still there: " + (run_dir / "log.txt").read_text())


def set_processes(run_dir: Path, count: int) -> None:
    config = yaml.safe_load((run_dir / "run.yaml").read_text("utf-8"))
    config["training"]["processes"] = count
    (run_dir / "run.yaml").write_text(yaml.safe_dump(config), "utf-8")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = make_run(tmp_path_factory.mktemp("whole") / "run", **GROUPS)
    process = start_child(run_dir)
    assert process.wait() == 0, (run_dir / "log.txt").read_text()
    return run_dir


def test_one_process_is_killed_and_the_run_goes_on(tmp_path: Path, undisturbed: Path) -> None:
    run_dir = make_run(tmp_path / "run", **GROUPS)
    process = start_child(run_dir)
    wait_for_steps(run_dir, process, 6)
    other = follower(process)
    other.kill()
    assert ended(process, run_dir) == -signal.SIGKILL  # as if it had been killed itself: it is started again then
    assert payloads(run_dir)[-1]["type"] != "RunFailed" and not (run_dir / LORA).exists()
    process = start_child(run_dir)
    assert process.wait() == 0, (run_dir / "log.txt").read_text()
    assert payloads(run_dir, "RunStarted")[-1]["step"] >= 4
    assert losses(run_dir) == losses(undisturbed)
    assert (run_dir / LORA).read_bytes() == (undisturbed / LORA).read_bytes()


def test_the_others_end_with_the_first(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", **GROUPS)
    process = start_child(run_dir)
    wait_for_steps(run_dir, process, 1)
    other = follower(process)
    process.kill()
    process.wait()
    wait_for_gone(other.pid)


def test_stopped_it_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    groups = GROUPS | {"checkpoints": {"every_steps": 1000}, "lora": {}}
    threads = torch.get_num_threads()
    whole, fewer, more = (make_run(tmp_path / name, **groups) for name in ("whole", "fewer", "more"))
    for run_dir in (whole, more):
        set_processes(run_dir, 1)
    train_here(whole)
    process = start_child(fewer)
    wait_for_steps(fewer, process, 3)
    other = follower(process)
    ask(fewer, "stop")
    assert ended(process, fewer) == 130
    wait_for_gone(other.pid)
    last = payloads(fewer)[-1]
    assert last["type"] == "RunInterrupted" and [f.name for f in folders(fewer)] == [f"step-{last['step']:06d}"]
    assert train_here(more, iter([None] * 4 + ["SIGINT"]).__next__) == "SIGINT"
    for run_dir, count in ((fewer, 1), (more, 2)):
        set_processes(run_dir, count)
        assert train_here(run_dir) is None
        apart = max(abs(losses(run_dir)[step] - loss) for step, loss in losses(whole).items())
        print(f"largest difference of {len(losses(whole))} losses: {apart:.2g}")
        assert apart < CLOSE
    torch.set_num_threads(threads)


def test_a_terminal_s_ctrl_c_reaches_all_and_the_first_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, "3000000000")  # a limit of memory, which the others inherit, leaves them room to load
    run_dir = make_run(tmp_path / "run", **GROUPS)
    process = start_child(run_dir)
    wait_for_steps(run_dir, process, 2)
    for one in (follower(process), process):
        one.send_signal(signal.SIGINT)
    assert ended(process, run_dir) == 130
    assert payloads(run_dir)[-1]["type"] == "RunInterrupted" and len(folders(run_dir)) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS of another process")
def test_memory_runs_out_in_the_other_process(tmp_path: Path) -> None:
    training = {"steps": 400, "batch_size": 12, "processes": 2}
    run_dir = make_run(tmp_path / "run", dataset={"resolution": 128}, training=training)
    process = start_child(run_dir)
    wait_for_steps(run_dir, process, 1)
    other = follower(process)
    other.rlimit(psutil.RLIMIT_AS, (other.memory_info().vms + (1 << 20),) * 2)
    assert ended(process, run_dir) == 1
    failed = payloads(run_dir)[-1]
    assert (failed["type"], failed["code"]) == ("RunFailed", "out_of_memory")
    saved = payloads(run_dir, "CheckpointSaved")[-1]
    assert saved["reason"] == "memory" and saved["step"] == payloads(run_dir, "StepLogged")[-1]["step"]
    wait_for_gone(other.pid)


@pytest.fixture
def waiting(tmp_path: Path) -> Generator[tuple[Path, subprocess.Popen[bytes], psutil.Process]]:
    """A child that has read its pictures and waits for the other process, which stands still at its very beginning."""
    run_dir = make_run(tmp_path / "run", **GROUPS | {"dataset": {"path": "data"}})
    shutil.copytree(DEMO, run_dir / "data")
    process = start_child(run_dir)
    until = time.monotonic() + 60
    while not (others := psutil.Process(process.pid).children()):
        assert time.monotonic() < until and process.poll() is None, (run_dir / "log.txt").read_text()
        time.sleep(0.01)
    others[0].suspend()
    while "caching" not in [payload["stage"] for payload in payloads(run_dir, "StageStarted")]:
        assert time.monotonic() < until and process.poll() is None, (run_dir / "log.txt").read_text()
        time.sleep(0.05)
    yield run_dir, process, others[0]
    process.kill()
    process.wait()
    wait_for_gone(others[0].pid)


def test_what_fails_in_the_other_process_alone_is_said_by_the_first(
    waiting: tuple[Path, subprocess.Popen[bytes], psutil.Process],
) -> None:
    run_dir, process, other = waiting
    (run_dir / "data").rename(run_dir / "elsewhere")
    other.resume()
    assert ended(process, run_dir) == 1
    failed = payloads(run_dir)[-1]
    assert (failed["type"], failed["code"]) == ("RunFailed", "dataset_not_found")


def test_killed_before_they_have_met(waiting: tuple[Path, subprocess.Popen[bytes], psutil.Process]) -> None:
    run_dir, process, other = waiting
    other.kill()
    assert ended(process, run_dir) == -signal.SIGKILL


def test_in_the_sandbox(tmp_path: Path, undisturbed: Path) -> None:
    need_bubblewrap()
    run_dir = make_run(tmp_path / "run", **GROUPS | {"dataset": {"path": "data"}})
    shutil.copytree(DEMO, run_dir / "data")
    child = detached.start(run_dir, name="run-1")
    until = time.monotonic() + 120
    while len(losses(run_dir)) < 5:
        assert detached.alive(child) and time.monotonic() < until, (run_dir / "log.txt").read_text()
        time.sleep(0.02)
    (other,) = psutil.Process(child.pid).children()
    other.kill()
    gone = wait_for_end(child, run_dir, 60)
    assert gone.code == -signal.SIGKILL and gone.died is not None
    child = detached.start(run_dir, name="run-1")
    assert wait_for_end(child, run_dir) == Exit(0), (run_dir / "log.txt").read_text()
    assert losses(run_dir) == losses(undisturbed)
    assert (run_dir / LORA).read_bytes() == (undisturbed / LORA).read_bytes()
