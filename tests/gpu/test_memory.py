"""Forecast, ladder and auto batch on a card, under a real limit of the card's memory. Skipped where there is no card."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from loraloom.forecast import memory
from loraloom.forecast.history import PEAK
from loraloom.jobs import foresee
from loraloom.jobs.data_check import plan_of
from loraloom.jobs.facts import facts_of
from loraloom.train.child import read_run
from tests.runs import make_run, payloads

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
LORA = {"rank": 8, "alpha": 8, "targets": "attention+ff+conv"}
CUDA = {"device": "cuda", "steps": 3, "batch_size": 16}
LIMIT = 1_000_000_000


def train(run_dir: Path, limit: int | None = None) -> str:
    """What `loraloom train` says on the standard error."""
    around = os.environ | ({} if limit is None else {"LORALOOM_RUN_MEMORY": str(limit)})
    command = [sys.executable, "-m", "loraloom", "train", str(run_dir), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=around, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("batch", [2, 16])
def test_the_model_foretells_the_cards_memory(tmp_path: Path, batch: int, checkpointing: bool) -> None:
    training: dict[str, Any] = CUDA | {"batch_size": batch, "gradient_checkpointing": checkpointing}
    run_dir = make_run(tmp_path / "run", dataset={"resolution": 256}, lora=LORA, training=training)
    run = read_run(run_dir)
    case = foresee.case_of(run, plan_of(run), facts_of(run))
    train(run_dir)
    peak = payloads(run_dir, "RunFinished")[0]["peak_memory_bytes"]
    assert case.expected[PEAK] == pytest.approx(peak, rel=0.25)
    assert memory.reported(case.memory, case.device) == case.expected[PEAK]


def test_out_of_memory_on_the_card_lowers_a_rung(tmp_path: Path) -> None:
    free, tight = (
        make_run(tmp_path / name, dataset={"resolution": 256}, lora=LORA, training=CUDA) for name in ("free", "tight")
    )
    train(free)
    said = train(tight, LIMIT)
    lowered = payloads(tight, "SettingsLowered")
    assert lowered and lowered[0]["key"] == "training.micro_batch" and "Memory ran out" in said
    losses = [[step["loss"] for step in payloads(run_dir, "StepLogged")] for run_dir in (free, tight)]
    assert losses[1] == pytest.approx(losses[0], rel=2e-2)
