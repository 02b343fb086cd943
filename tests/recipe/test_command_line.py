"""The command as people type it, in a process of its own, on the embedded base."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from loraloom.models.inspect import inspect
from loraloom.train.checkpoint import folders, step_of
from tests.broken_pictures import build, unlock
from tests.runs import DEMO, payloads, wait_for_steps

KEYS = {
    "run_dir", "lora", "family", "steps", "loss_first", "loss_last", "seconds", "seconds_per_step",
    "seconds_to_first_step", "peak_memory_bytes", "samples",
}  # fmt: skip


def loraloom(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "loraloom", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def last_object(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return json.loads(done.stdout.splitlines()[-1])


def test_the_flat_yaml_of_lora_scripts_runs_as_it_is(tmp_path: Path) -> None:
    metadata = tmp_path / "metadata.csv"
    with metadata.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("filename", "prompt"))
        rows.writerows((p.name, p.with_suffix(".txt").read_text("utf-8").strip()) for p in sorted(DEMO.glob("*.png")))
    flat = {
        "train_data_dir": str(DEMO),
        "metadata_path": str(metadata),
        "base_model": "thimble",
        "lora_rank": 8,
        "lora_alpha": 16,
        "lora_dropout": 0.1,
        "batch_size": 8,
        "epochs": 2,
        "learning_rate": 2e-4,
        "optimizer": "AdamW",
        "scheduler": "cosine",
        "output_dir": str(tmp_path / "output"),
        "save_steps": 2,
        "logging_dir": str(tmp_path / "logs"),
        "seed": 42,
    }
    assert len(flat) == 15
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(flat), encoding="utf-8")
    got = last_object(loraloom("train", config, "--json"))
    assert set(got) == KEYS and got["steps"] == 6 and got["family"] == "sd1"
    assert Path(got["run_dir"]).parent == tmp_path / "output"
    assert list((tmp_path / "logs").rglob("*tfevents*"))
    told = inspect(Path(got["lora"]))
    assert (told.rank, told.alpha) == ((8,), (16.0,)) and told.modules == {"unet": 56}
    assert [p["step"] for p in payloads(Path(got["run_dir"]), "CheckpointSaved")] == [2, 4, 6]
    picture = tmp_path / "picture.png"
    loraloom(
        "sample", "--lora", got["lora"], "--strength", "0.8", "--prompt", "red apple", "--steps", "3", "--out", picture
    )
    assert Image.open(picture).size == (64, 64)
    again = last_object(loraloom("train", got["run_dir"], "--json"))
    assert again["lora"] == got["lora"]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_folder_of_broken_pictures_trains_on_what_is_good(tmp_path: Path) -> None:
    folder = tmp_path / "kaputte Bilder 坏"
    cases = build(folder)
    assert sum(not case.taken for case in cases) >= 25
    checked = last_object(loraloom("dataset", "check", folder, "--json"))
    taken = {image["name"] for image in checked["report"]["images"]}
    assert taken == {case.file for case in cases if case.taken}
    config = tmp_path / "config.yaml"
    settings = {"base_model": "thimble", "dataset": {"path": str(folder)}, "training": {"steps": 2, "batch_size": 4}}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    got = last_object(loraloom("train", config, "--out", tmp_path / "out", "--json"))
    assert got["steps"] == 2
    assert payloads(Path(got["run_dir"]), "RunStarted")[0]["images"] == len(taken)
    unlock(folder)


def test_a_killed_command_line_leaves_a_run_that_can_go_on(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    settings = {"base_model": "thimble", "dataset": {"path": str(DEMO)}, "training": {"steps": 10_000, "threads": 1}}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [sys.executable, "-m", "loraloom", "train", str(config), "--out", str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run_dir = tmp_path / "config"
    wait_for_steps(run_dir, parent, 2)
    parent.kill()
    parent.wait()
    until = time.monotonic() + 60
    while payloads(run_dir)[-1]["type"] != "RunInterrupted":
        assert time.monotonic() < until, payloads(run_dir)[-1]
        time.sleep(0.1)
    assert [step_of(folder) for folder in folders(run_dir)] == [payloads(run_dir)[-1]["step"]]


def test_pickles_are_refused_with_a_way_out(tmp_path: Path) -> None:
    pickle = tmp_path / "model.ckpt"
    pickle.write_bytes(b"PK\x03\x04")
    config = tmp_path / "config.yaml"
    settings = {"base_model": str(pickle), "dataset": {"path": str(DEMO)}, "training": {"steps": 1}}
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    refused = loraloom("train", config, "--out", tmp_path, code=1)
    assert "safetensors" in refused.stderr and "hint:" in refused.stderr
