"""Memory runs out for real (RLIMIT_AS of the child alone): the run lowers a setting and goes on, with the same losses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from loraloom.spec.event import SettingsLowered
from loraloom.spec.journal import Journal
from loraloom.train import checkpoint
from tests.runs import make_run, payloads, train_here

MEMORY = 1_300_000_000
"""Bytes of addresses beyond the program's own: enough for twelve pictures of 128 px, not for twenty-four."""


def losses(run_dir: Path) -> list[float]:
    return [payload["loss"] for payload in payloads(run_dir, "StepLogged")]


def loraloom(*arguments: str, memory: int | None) -> tuple[int, dict[str, Any], str]:
    around = {**os.environ, "OMP_NUM_THREADS": "1"} | ({} if memory is None else {"LORALOOM_RUN_MEMORY": str(memory)})
    done = subprocess.run(
        [sys.executable, "-m", "loraloom", *arguments, "--json"],
        capture_output=True,
        text=True,
        env=around,
        check=False,
    )
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.parametrize(
    "groups", [{}, {"lora": {"text_encoder": True}, "loss": {"noise_offset": 0.05, "min_snr_gamma": 5}}]
)
def test_a_batch_in_parts_trains_the_same(tmp_path: Path, groups: dict[str, Any]) -> None:
    found: list[list[float]] = []
    weights: list[dict[str, torch.Tensor]] = []
    for micro in (None, 3, 1):
        training = {"batch_size": 5, "accumulation": 2, "steps": 5, "micro_batch": micro}
        run_dir = make_run(tmp_path / str(micro), training=training, checkpoints={"every_steps": 5}, **groups)
        train_here(run_dir)
        found.append(losses(run_dir))
        state = checkpoint.read(checkpoint.folders(run_dir)[-1])["tensors"]
        weights.append(
            {name: tensor for name, tensor in state.items() if name.startswith("optimizer") and "exp_avg" in name}
        )
    for other in found[1:]:
        assert other == pytest.approx(found[0], rel=1e-5)
    for name, tensor in weights[0].items():
        torch.testing.assert_close(weights[1][name], tensor, rtol=2e-2, atol=1e-6)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")
def test_a_run_that_cannot_fit_its_batch_finishes(tmp_path: Path) -> None:
    training = {"batch_size": 24, "steps": 2}
    groups: dict[str, Any] = {"dataset": {"resolution": 128}, "training": training, "checkpoints": {"every_steps": 1}}
    free, tight = (make_run(tmp_path / name, **groups) for name in ("free", "tight"))
    train_here(free)
    code, done, said = loraloom("train", str(tight), memory=MEMORY)
    assert code == 0, said
    assert losses(tight) == pytest.approx(losses(free), rel=1e-4)
    lowered = payloads(tight, "SettingsLowered")
    assert (lowered[0]["key"], lowered[0]["old"], lowered[0]["new"]) == ("training.micro_batch", 24, 12)
    assert 1 <= len(lowered) <= 3 and "training.micro_batch goes from 24 to 12" in said
    assert done["steps"] == 2 and done["peak_memory_bytes"] < payloads(free, "RunFinished")[0]["peak_memory_bytes"]


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")
def test_where_nothing_helps_it_ends_with_what_to_change(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", dataset={"resolution": 512}, training={"batch_size": 2, "steps": 3})
    code, done, _ = loraloom("train", str(run_dir), memory=100_000_000)
    assert code == 1 and done["error"]["code"] == "out_of_memory"
    assert len(payloads(run_dir, "SettingsLowered")) <= 3
    assert not losses(run_dir)


def test_another_optimizer_goes_on_from_the_weights(tmp_path: Path) -> None:
    """What the ladder does when the optimizer's state is too large: its state begins afresh, the weights do not."""
    run_dir = make_run(tmp_path / "run", training={"steps": 4}, checkpoints={"every_steps": 2})
    train_here(run_dir)
    config = run_dir / "run.yaml"
    config.write_text(config.read_text("utf-8").replace("steps: 4", "steps: 6"), "utf-8")
    held = checkpoint.read(checkpoint.folders(run_dir)[-1])["tensors"]
    journal = Journal(run_dir)
    journal(SettingsLowered(key="optimizer.name", old="adamw", new="adafactor", reason="memory"))
    journal.close()
    train_here(run_dir)
    steps = [payload["step"] for payload in payloads(run_dir, "StepLogged")]
    assert steps == [1, 2, 3, 4, 5, 6]
    state = checkpoint.read(checkpoint.folders(run_dir)[-1])
    assert state["optimizer"]["kind"] == "Adafactor"
    moved = [
        float((tensor - held[name]).abs().max())
        for name, tensor in state["tensors"].items()
        if name.startswith("adapter.")
    ]
    assert 0 < max(moved) < 0.1


def test_adafactor_moves_a_lora_as_far_as_adamw_does(tmp_path: Path) -> None:
    """One that scales steps by the weights it moves would leave a LoRA's B, which begins at zero, where it is."""
    far: dict[str, float] = {}
    for name in ("adamw", "adafactor"):
        run_dir = make_run(tmp_path / name, training={"steps": 8}, optimizer={"name": name})
        train_here(run_dir)
        state = checkpoint.read(checkpoint.folders(run_dir)[-1])["tensors"]
        up = [tensor for key, tensor in state.items() if key.startswith("adapter.") and "lora_B" in key]
        far[name] = float(torch.cat([tensor.flatten() for tensor in up]).abs().mean())
    assert far["adafactor"] > far["adamw"] / 3
