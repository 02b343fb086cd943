"""A run that was killed, stopped or lost its last checkpoint ends with the same file as one that was not."""

from __future__ import annotations

import json
import random
import shutil
import signal
from pathlib import Path

import pytest

from loraloom.train.checkpoint import folders
from tests.runs import make_run, payloads, start_child, train_here, wait_for_steps

GROUPS = {
    "dataset": {"flip": True, "crop": "random"},
    "caption": {"caption_dropout": 0.2, "shuffle": True},
    "lora": {"dropout": 0.1, "text_encoder": True},
    "training": {"epochs": 4, "batch_size": 5, "accumulation": 2, "ema": 0.9},
    "optimizer": {"warmup": 2},
    "validation": {"share": 0.1, "every_steps": 4},
    "checkpoints": {"every_steps": 2, "keep_last": 2},
}
"""Everything that draws random numbers or keeps a state is on."""


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    run_dir = make_run(tmp_path_factory.mktemp("whole") / "run", **GROUPS)
    assert train_here(run_dir) is None
    return (run_dir / "lora" / "small.safetensors").read_bytes()


def test_killed_twice_at_random_steps_ends_with_the_same_bytes(tmp_path: Path, uninterrupted: bytes) -> None:
    run_dir = make_run(tmp_path / "run", **GROUPS)
    for steps in (random.randint(1, 4), random.randint(3, 5)):  # the second is past a checkpoint, wherever it began
        child = start_child(run_dir)
        wait_for_steps(run_dir, child, steps)
        child.kill()
        assert child.wait() == -signal.SIGKILL
        assert not list((run_dir / "lora").glob("*.safetensors"))
    child = start_child(run_dir)
    assert child.wait() == 0, (run_dir / "log.txt").read_text()
    assert (run_dir / "lora" / "small.safetensors").read_bytes() == uninterrupted
    started = [payload["step"] for payload in payloads(run_dir, "RunStarted")]
    assert started == sorted(started) and started[0] == 0 and started[-1] > 0
    numbers = [json.loads(line)["seq"] for line in (run_dir / "events.jsonl").read_text().splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_writes_a_checkpoint_and_the_rest_follows(tmp_path: Path, uninterrupted: bytes, name: str) -> None:
    run_dir = make_run(tmp_path / "run", **GROUPS | {"checkpoints": {"every_steps": 1000}})
    child = start_child(run_dir)
    wait_for_steps(run_dir, child, 3)
    child.send_signal(getattr(signal, name))
    assert child.wait() == 130
    interrupted = payloads(run_dir)[-1]
    assert (interrupted["type"], interrupted["signal"]) == ("RunInterrupted", name)
    assert [folder.name for folder in folders(run_dir)] == [f"step-{interrupted['step']:06d}"]
    assert train_here(run_dir) is None
    assert (run_dir / "lora" / "small.safetensors").read_bytes() == uninterrupted


def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path, uninterrupted: bytes) -> None:
    run_dir = make_run(tmp_path / "run", **GROUPS)
    asked = iter([None] * 6 + ["SIGINT"])
    assert train_here(run_dir, lambda: next(asked)) == "SIGINT"
    newest = folders(run_dir)[-1]
    (newest / "optimizer.safetensors").write_bytes(b"torn")
    assert train_here(run_dir) is None
    assert payloads(run_dir, "WarningRaised")[-1]["code"] == "checkpoint_unreadable"
    assert (run_dir / "lora" / "small.safetensors").read_bytes() == uninterrupted


def test_keep_rules(tmp_path: Path) -> None:
    rules = {"every_steps": 1, "keep_last": 2, "keep_every": 3}
    run_dir = make_run(tmp_path / "run", training={"steps": 8}, checkpoints=rules)
    train_here(run_dir)
    assert [int(folder.name[-6:]) for folder in folders(run_dir)] == [3, 6, 7, 8]
    shutil.rmtree(run_dir)


@pytest.mark.parametrize("optimizer", ["adafactor", "prodigy", "lion", "adamw_schedulefree"])
def test_every_optimizer_resumes_exactly(tmp_path: Path, optimizer: str) -> None:
    groups = {"optimizer": {"name": optimizer, "learning_rate": 1.0 if optimizer == "prodigy" else 1e-3, "warmup": 0.2}}
    whole = make_run(tmp_path / "whole", training={"steps": 6}, **groups)
    train_here(whole)
    parted = make_run(tmp_path / "parted", training={"steps": 6}, **groups)
    asked = iter([None] * 3 + ["SIGINT"])
    assert train_here(parted, lambda: next(asked)) == "SIGINT"
    assert train_here(parted) is None
    file = Path("lora") / "small.safetensors"
    assert (parted / file).read_bytes() == (whole / file).read_bytes()
