"""What is asked through files is done between two steps and leaves no trace in the weights."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from loraloom.jobs.asks import ask, clear, pending
from loraloom.train.checkpoint import folders
from tests.runs import DEMO, make_run, payloads, start_child, train_here

EVERYTHING = {
    "dataset": {"flip": True, "crop": "random"},
    "caption": {"caption_dropout": 0.2, "shuffle": True},
    "lora": {"dropout": 0.1, "text_encoder": True},
    "training": {"steps": 8, "batch_size": 2, "ema": 0.9},
    "sample": {"prompts": ["a fox", "a cup"], "steps": 2},
}
LORA = Path("lora") / "small.safetensors"


def train_asking(run_dir: Path, wanted: dict[int, str]) -> str | None:
    """Train; before step n (from 1) `wanted[n]` is asked."""
    looks = iter(range(1, 1000))

    def look() -> None:
        verb = wanted.get(next(looks))
        if verb is not None:
            ask(run_dir, verb)  # pyright: ignore[reportArgumentType]

    return train_here(run_dir, look)


@pytest.mark.parametrize("optimizer", ["adamw", "adamw_schedulefree"])
def test_samples_and_checkpoints_at_any_step_change_nothing(tmp_path: Path, optimizer: str) -> None:
    groups: dict[str, Any] = EVERYTHING | {"optimizer": {"name": optimizer, "warmup": 2}}
    if optimizer != "adamw":
        groups |= {"training": groups["training"] | {"ema": 0}}
    quiet, busy = make_run(tmp_path / "quiet", **groups), make_run(tmp_path / "busy", **groups)
    assert train_here(quiet) is None
    sampled, saved = random.sample(range(2, 8), 3), random.sample(range(2, 8), 2)
    wanted = dict.fromkeys(sampled, "sample") | {step: "checkpoint" for step in saved if step not in sampled}
    assert train_asking(busy, wanted) is None
    assert (busy / LORA).read_bytes() == (quiet / LORA).read_bytes(), wanted
    drawn = {payload["step"] for payload in payloads(busy, "SampleSaved")}
    assert drawn == {0, 8, *(step for step, verb in wanted.items() if verb == "sample")}
    kept = {payload["step"] for payload in payloads(busy, "CheckpointSaved")}
    assert kept == {8, *(step for step, verb in wanted.items() if verb == "checkpoint")}
    assert not pending(busy)


def test_a_stop_writes_a_checkpoint_and_the_rest_follows(tmp_path: Path) -> None:
    whole, parted = make_run(tmp_path / "whole", **EVERYTHING), make_run(tmp_path / "parted", **EVERYTHING)
    train_here(whole)
    assert train_asking(parted, {4: "stop"}) == "ask"
    assert payloads(parted)[-1] == {"type": "RunInterrupted", "step": 3, "signal": "ask"}
    assert [folder.name for folder in folders(parted)] == ["step-000003"] and not pending(parted)
    assert train_here(parted) is None
    assert (parted / LORA).read_bytes() == (whole / LORA).read_bytes()


def test_a_stop_asked_before_the_child_is_up_ends_it_before_it_loads(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run")
    ask(run_dir, "stop")
    assert start_child(run_dir).wait() == 130
    assert [payload["type"] for payload in payloads(run_dir)] == ["StageStarted", "RunInterrupted"]
    assert payloads(run_dir)[-1]["step"] == 0 and not folders(run_dir)


def test_a_stop_while_pictures_are_cached_ends_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from loraloom.train.latents import Latents

    run_dir = make_run(tmp_path / "run", training={"cache": "disk"})
    encode, done = Latents._encode, []

    def slow(self: Latents, vae: Any, index: int, variant: int, flip: bool) -> Any:
        done.append(index)
        if len(done) == 3:
            ask(run_dir, "stop")
        return encode(self, vae, index, variant, flip)

    monkeypatch.setattr(Latents, "_encode", slow)
    assert train_here(run_dir) == "ask"
    assert len(done) == 3 and payloads(run_dir)[-1]["type"] == "RunInterrupted"
    assert train_here(run_dir) is None
    assert len(done) == len(list(DEMO.glob("*.png"))), "what was cached was not done again"


def test_stale_asks_are_taken_back(tmp_path: Path) -> None:
    ask(tmp_path, "stop")
    ask(tmp_path, "sample")
    ask(tmp_path, "sample")
    assert pending(tmp_path) == {"stop", "sample"}
    clear(tmp_path)
    clear(tmp_path / "never made")
    assert pending(tmp_path) == set()


def test_half_drawn_samples_of_an_ask_spoil_nothing(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", sample={"prompts": ["a fox"], "steps": 2})
    (run_dir / "samples" / "step-000003").mkdir(parents=True)  # killed while it was drawn, resumed from before
    assert train_here(run_dir) is None
    assert (run_dir / "samples" / "sheet.png").exists()


def test_relative_paths_start_from_the_run_folder(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", dataset={"path": "data"}, tensorboard_dir="tensorboard", training={"steps": 1})
    shutil.copytree(DEMO, run_dir / "data")
    child = start_child(run_dir)
    assert child.wait() == 0, (run_dir / "log.txt").read_text()
    assert list((run_dir / "tensorboard").rglob("events*"))
