"""A whole training inside the sandbox gives what it gives outside, and survives what it survives outside."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from loraloom.jobs.runners import Exit, detached
from loraloom.models.resolve import thimble_path
from loraloom.train.checkpoint import folders
from tests.children import need_bubblewrap, wait_for_end, wait_for_step
from tests.runs import DEMO, make_run, payloads, train_here

GROUPS = {
    "training": {"steps": 12, "batch_size": 4, "cache": "disk"},
    "sample": {"prompts": ["a fox"], "steps": 2},
    "checkpoints": {"every_steps": 3},
}
LORA = Path("lora") / "small.safetensors"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    run_dir = make_run(tmp_path_factory.mktemp("outside") / "run", **GROUPS)
    assert train_here(run_dir) is None
    return (run_dir / LORA).read_bytes()


def test_killed_and_resumed_inside_it_ends_with_the_same_bytes(tmp_path: Path, outside: bytes) -> None:
    need_bubblewrap()
    run_dir = make_run(tmp_path / "run", **GROUPS | {"dataset": {"path": "data"}})
    shutil.copytree(DEMO, run_dir / "data")
    child = detached.start(run_dir, name="run-1")
    wait_for_step(child, run_dir, 4)
    detached.kill(child)
    ended = detached.ended(child, run_dir)
    assert ended is not None and ended.code == -9 and ended.died is not None and "killed" in ended.died.message
    assert folders(run_dir) and not (run_dir / LORA).exists()
    child = detached.start(run_dir, name="run-1")
    assert wait_for_end(child, run_dir) == Exit(0), (run_dir / "log.txt").read_text()
    assert (run_dir / LORA).read_bytes() == outside
    assert [(payload["run"], payload["step"] > 0) for payload in payloads(run_dir, "RunStarted")] == [
        ("run-1", False),
        ("run-1", True),
    ]


def test_a_base_elsewhere_is_seen_where_it_is(tmp_path: Path) -> None:
    need_bubblewrap()
    base = tmp_path / "models" / "mine"
    shutil.copytree(thimble_path(), base)
    run_dir = make_run(tmp_path / "run", base=base, dataset={"path": "data"}, training={"steps": 1})
    shutil.copytree(DEMO, run_dir / "data")
    child = detached.start(run_dir, base=base)
    assert wait_for_end(child, run_dir) == Exit(0), (run_dir / "log.txt").read_text()
    (run_dir / "events.jsonl").unlink()
    child = detached.start(run_dir)  # and not without being shown
    assert wait_for_end(child, run_dir).code == 1
    assert payloads(run_dir)[-1]["code"] == "base_model_not_found"
