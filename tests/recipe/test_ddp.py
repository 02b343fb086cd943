"""One run over several processes: the losses and weights of one process with the same batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from loraloom.train import checkpoint
from tests.runs import make_run, payloads, train_here
from tests.text_runs import make_text_run, pairs, preferences
from tests.tiny_text import tiny_text_base

CLOSE = 1e-5
"""Between the losses of one process and of several, which only add up in another order."""
Make = Callable[..., Path]


def losses(run_dir: Path) -> list[float]:
    return [payload["loss"] for payload in payloads(run_dir, "StepLogged")]


def trained(make: Make, run_dir: Path, processes: int, groups: dict[str, Any]) -> tuple[list[float], dict[str, Any]]:
    """Losses, and the state of the optimizer and of the weights at the end."""
    training = {**groups.get("training", {}), "processes": processes}
    make(run_dir, **groups | {"training": training})
    assert train_here(run_dir) is None
    return losses(run_dir), checkpoint.read(checkpoint.folders(run_dir)[-1])["tensors"]


def compare(make: Make, tmp_path: Path, groups: dict[str, Any], processes: int = 2) -> list[float]:
    """Train with one process and with several; the losses of the one."""
    threads = torch.get_num_threads()
    one, weights = trained(make, tmp_path / "one", 1, groups)
    several, theirs = trained(make, tmp_path / "several", processes, groups)
    torch.set_num_threads(threads)
    apart = max(abs(a - b) for a, b in zip(one, several, strict=True))
    print(f"largest difference of {len(one)} losses: {apart:.2g}")
    assert apart < CLOSE
    assert set(weights) == set(theirs)
    rate = groups["optimizer"]["learning_rate"]
    for name, tensor in weights.items():  # Adam makes a whole step of a gradient that is nothing but rounding
        torch.testing.assert_close(theirs[name], tensor, rtol=1e-2, atol=rate, msg=name)
    names = [name for name in weights if name.startswith("adapter") and weights[name].abs().max() > 0]
    parted = sum(float((theirs[name] - weights[name]).square().sum()) for name in names)
    assert parted < 1e-4 * sum(float(weights[name].square().sum()) for name in names)
    return one


PICTURES: dict[str, dict[str, Any]] = {
    "fifty steps of an odd batch": {
        "dataset": {"flip": True},
        "caption": {"caption_dropout": 0.2},
        "training": {"steps": 50, "batch_size": 5},
        "loss": {"min_snr_gamma": 5},
    },
    "everything at once": {
        "training": {"steps": 12, "batch_size": 3, "accumulation": 2, "micro_batch": 1, "ema": 0.9, "cache": "disk"},
        "dataset": {"crop": "random"},
        "lora": {"dropout": 0.1, "text_encoder": True},
        "caption": {"shuffle": True, "tag_dropout": 0.3},
        "validation": {"share": 0.1, "every_steps": 4},
        "sample": {"prompts": ["a fox"], "steps": 2, "every_steps": 6},
        "clip_skip": 2,
    },
}


@pytest.mark.parametrize("groups", PICTURES.values(), ids=list(PICTURES))
def test_pictures(tmp_path: Path, groups: dict[str, Any]) -> None:
    groups = {"optimizer": {"learning_rate": 1e-3}} | groups
    found = compare(make_run, tmp_path, groups)
    assert len(found) == groups["training"]["steps"]
    said = {run: [p["type"] for p in payloads(tmp_path / run)] for run in ("one", "several")}
    assert [kind for kind in said["one"] if kind != "StageProgressed"] == [
        kind for kind in said["several"] if kind != "StageProgressed"
    ]
    held = [[p["loss"] for p in payloads(tmp_path / run, "ValidationLogged")] for run in ("one", "several")]
    assert held[1] == pytest.approx(held[0], abs=CLOSE)


def test_more_processes_than_a_batch_has_pictures(tmp_path: Path) -> None:
    groups = {"optimizer": {"learning_rate": 1e-3}, "training": {"steps": 8, "batch_size": 2}}
    compare(make_run, tmp_path, groups, processes=3)


TEXTS: dict[str, dict[str, Any]] = {
    "fifty steps of an odd batch": {"training": {"steps": 50, "batch_size": 5, "accumulation": 2}},
    "answers to choose between": {"training": {"steps": 12, "batch_size": 3}, "rows": preferences()},
}


@pytest.mark.parametrize("groups", TEXTS.values(), ids=list(TEXTS))
def test_texts(tmp_path: Path, groups: dict[str, Any]) -> None:
    base = tiny_text_base(tmp_path / "base")
    groups = {"optimizer": {"learning_rate": 1e-3}} | groups
    rows = groups.pop("rows", pairs())
    compare(lambda run_dir, **more: make_text_run(run_dir, base, rows, **more), tmp_path, groups)
