"""The same runs on a CUDA card: number formats, 8-bit AdamW, exact resume. Skipped where there is no card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.runs import make_run, payloads, train_here

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
CUDA = {"device": "cuda", "steps": 20}


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16", "auto"])
@pytest.mark.parametrize("lora", [{}, {"targets": "attention+ff+conv", "text_encoder": True}, {"dora": True}])
def test_every_precision_trains_and_its_file_reproduces(tmp_path: Path, precision: str, lora: dict[str, Any]) -> None:
    run_dir = make_run(tmp_path / "run", training=CUDA | {"precision": precision}, lora=lora)
    assert train_here(run_dir) is None
    steps = payloads(run_dir, "StepLogged")
    assert all(np.isfinite(step["loss"]) for step in steps)
    assert steps[-1]["device"].startswith("cuda") and steps[-1]["peak_memory_bytes"] > 0


@pytest.mark.parametrize("name", ["adamw8bit", "adamw"])
def test_optimizers_resume(tmp_path: Path, name: str) -> None:
    if name == "adamw8bit":
        pytest.importorskip("bitsandbytes")
    run_dir = make_run(tmp_path / "run", training=CUDA, optimizer={"name": name}, sample={"prompts": ["a"], "steps": 2})
    assert train_here(run_dir, iter([None] * 5 + ["SIGINT"]).__next__) == "SIGINT"
    assert train_here(run_dir) is None
    assert [step["step"] for step in payloads(run_dir, "StepLogged")] == list(range(1, 21))


def test_losses_are_those_of_the_cpu(tmp_path: Path) -> None:
    found = {}
    for device in ("cpu", "cuda"):
        run_dir = make_run(tmp_path / device, training={"device": device, "precision": "fp32"})
        train_here(run_dir)
        found[device] = [step["loss"] for step in payloads(run_dir, "StepLogged")]
    np.testing.assert_allclose(found["cpu"], found["cuda"], rtol=1e-2)
