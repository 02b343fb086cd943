"""`loraloom train`: what is printed, what is left behind, and the exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loraloom.cli.app import run

Child = Callable[[str], None]
WELL = """
lora.parent.mkdir(); lora.write_bytes(b"x")
write(run_dir, StageStarted(stage="training", total=4), started(), logged(1, 0.8), logged(4, 0.2),
      CheckpointSaved(step=4, folder="checkpoints/step-000004", reason="end"), finished())
"""
KEYS = {
    "run_dir", "lora", "family", "steps", "loss_first", "loss_last", "seconds", "seconds_per_step",
    "seconds_to_first_step", "peak_memory_bytes", "samples",
}  # fmt: skip


def test_a_run_from_a_config(child: Child, config: Path, tmp_path: Path, capsys: Any) -> None:
    child(WELL)
    assert run(["train", str(config), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    run_dir = tmp_path / "out" / "my style"
    assert "5 pictures" in said and "step 4/4" in said and "checkpoint of step 4" in said
    assert f"LoRA: {run_dir / 'lora' / 'x.safetensors'}" in said
    assert {file.name for file in (run_dir / "lora").iterdir()} == {"x.safetensors", "x.json", "README.md"}


def test_json_is_the_last_line_and_the_only_one(child: Child, config: Path, tmp_path: Path, capsys: Any) -> None:
    child(WELL)
    assert run(["train", str(config), "--out", str(tmp_path / "out"), "--json"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 1
    assert set(json.loads(out[0])) == KEYS


def test_a_finished_run_says_so_and_prints_the_same(child: Child, config: Path, tmp_path: Path, capsys: Any) -> None:
    child(WELL)
    run(["train", str(config), "--out", str(tmp_path / "out"), "--json"])
    first = capsys.readouterr().out
    child("sys.exit(7)")
    assert run(["train", str(tmp_path / "out" / "my style"), "--json"]) == 0
    again = capsys.readouterr()
    assert again.out == first
    assert "finished" in again.err


def test_an_interrupted_run_says_how_to_go_on(child: Child, config: Path, tmp_path: Path, capsys: Any) -> None:
    child('write(run_dir, started(), logged(1), RunInterrupted(step=1, signal="SIGINT")); sys.exit(130)')
    assert run(["train", str(config), "--out", str(tmp_path / "out")]) == 130
    assert f'loraloom train "{tmp_path / "out" / "my style"}"' in capsys.readouterr().err
    child(WELL.replace("write(run_dir,", "write(run_dir, first=4, *[").replace("finished())", "finished()])"))
    assert run(["train", str(tmp_path / "out" / "my style"), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["seconds"] == 12.0, "the first child's two seconds count too"


def test_a_failure_has_its_words_and_json(child: Child, config: Path, capsys: Any) -> None:
    child('write(run_dir, RunFailed(code="disk_full", message="Full.", hint="Free some.")); sys.exit(1)')
    assert run(["train", str(config), "--json"]) == 1
    said = capsys.readouterr()
    assert "error: Full.\nhint: Free some.\n" in said.err
    assert json.loads(said.out.splitlines()[-1])["error"]["code"] == "disk_full"


def test_a_run_that_is_resumed_keeps_its_settings(child: Child, config: Path, tmp_path: Path, capsys: Any) -> None:
    child('write(run_dir, started(), RunInterrupted(step=1, signal="SIGINT")); sys.exit(130)')
    run(["train", str(config), "--out", str(tmp_path / "out")])
    assert run(["train", str(tmp_path / "out" / "my style"), "--set", "lora.rank=4"]) == 1
    assert "run.yaml --set" in capsys.readouterr().err


def test_an_old_runs_config_starts_a_new_run(child: Child, config: Path, tmp_path: Path) -> None:
    child(WELL)
    run(["train", str(config), "--out", str(tmp_path / "out")])
    old = tmp_path / "out" / "my style" / "run.yaml"
    assert run(["train", str(old), "--set", "lora.rank=4", "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "my style-2" / "lora").is_dir()


def test_a_folder_that_is_no_run(tmp_path: Path, capsys: Any) -> None:
    assert run(["train", str(tmp_path)]) == 1
    assert "is not a run folder" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_reach_the_child_once(child: Child, config: Path, tmp_path: Path, name: str) -> None:
    body = """
count = 0
def stop(*_):
    global count
    count += 1
signal.signal(signal.SIGINT, stop)
write(run_dir, started())
import os
os.kill(os.getppid(), getattr(signal, {name!r}))
until = time.monotonic() + 10
while not count and time.monotonic() < until:
    time.sleep(0.02)
time.sleep(0.4)
(run_dir / "count").write_text(str(count))
write(run_dir, RunInterrupted(step=1, signal="SIGINT"), first=2)
sys.exit(130)
"""
    child(body.format(name=name))
    assert run(["train", str(config), "--out", str(tmp_path / "out")]) == 130
    assert (tmp_path / "out" / "my style" / "count").read_text() == "1"


def test_module_and_command_are_the_same() -> None:
    done = subprocess.run([sys.executable, "-m", "loraloom", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("loraloom 0.")
