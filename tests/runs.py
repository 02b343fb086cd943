"""Makes run folders for tests and trains them, in this process or as the child that users get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

DEMO = Path(__file__).parents[1] / "src" / "loraloom" / "assets" / "demo" / "pictures"


def make_run(run_dir: Path, base: str | Path = "thimble", family: str = "sd1", **groups: Any) -> Path:
    """A run folder with a small run: the demo pictures at 64 px, four steps of four, rank 4, one thread."""
    config: dict[str, Any] = {
        "family": family,
        "name": "small",
        "base_model": str(base),
        "dataset": {"path": str(DEMO), "resolution": 64},
        "lora": {"rank": 4, "alpha": 4},
        "training": {"steps": 4, "batch_size": 4, "threads": 1, "device": "cpu"},
        "optimizer": {"learning_rate": 1e-3},
    }
    for name, group in groups.items():
        config[name] = {**config.get(name, {}), **group} if isinstance(group, dict) else group
        if isinstance(group, dict) and "epochs" in group:
            config[name].pop("steps")
    run_dir.mkdir(parents=True)
    (run_dir / "run.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return run_dir


def train_here(run_dir: Path, stop: Callable[[], str | None] = lambda: None) -> str | None:
    """Train in this process."""
    from loraloom.spec.journal import Journal
    from loraloom.train.child import read_run, run_child

    emit = Journal(run_dir)
    try:
        return run_child(run_dir, read_run(run_dir), emit, stop, time.time())
    finally:
        emit.close()


def start_child(run_dir: Path) -> subprocess.Popen[bytes]:
    """Train in a process of its own, its output in log.txt."""
    with (run_dir / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "loraloom.train", str(run_dir)],
            stdout=log,
            stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def payloads(run_dir: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """Payloads of the whole lines of events.jsonl, of one type or all."""
    path = run_dir / "events.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    found = [json.loads(line)["payload"] for line in lines]
    return [payload for payload in found if kind is None or payload["type"] == kind]


def wait_for_steps(run_dir: Path, process: subprocess.Popen[bytes], more: int, seconds: float = 120) -> None:
    """Wait until the child has logged `more` further steps. Fails when it ends before."""
    before, until = len(payloads(run_dir, "StepLogged")), time.monotonic() + seconds
    while len(payloads(run_dir, "StepLogged")) < before + more:
        assert process.poll() is None, f"ended early, see {run_dir / 'log.txt'}"
        assert time.monotonic() < until, "too slow"
        time.sleep(0.01)
