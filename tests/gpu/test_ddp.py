"""One run over two cards: the losses of one card, by NCCL. Skipped where there are not two."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from tests.runs import make_run, payloads, start_child, train_here, wait_for_steps
from tests.text_runs import make_text_run
from tests.tiny_text import tiny_text_base

pytestmark = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")


def losses(run_dir: Path) -> list[float]:
    return [payload["loss"] for payload in payloads(run_dir, "StepLogged")]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_pictures(tmp_path: Path, precision: str) -> None:
    found = []
    for processes in (1, 2):
        training = {"device": "cuda", "precision": precision, "steps": 50, "batch_size": 5, "processes": processes}
        run_dir = make_run(tmp_path / str(processes), training=training)
        assert train_here(run_dir) is None
        found.append(losses(run_dir))
    apart = np.abs(np.subtract(*found)).max()
    print(f"largest difference of {len(found[0])} losses: {apart:.2g}")
    assert apart < (1e-3 if precision == "fp32" else 1e-2)  # kernels choose their order of adding by the batch's size


def test_texts(tmp_path: Path) -> None:
    base = tiny_text_base(tmp_path / "base")
    found = []
    for processes in (1, 2):
        training = {"device": "cuda", "precision": "fp32", "steps": 50, "batch_size": 5, "processes": processes}
        run_dir = make_text_run(tmp_path / str(processes), base, training=training)
        assert train_here(run_dir) is None
        found.append(losses(run_dir))
    assert np.abs(np.subtract(*found)).max() < 1e-3


def test_one_process_is_killed_while_the_other_waits_for_it(tmp_path: Path) -> None:
    """What is asked of NCCL comes never; the first process ends all the same."""
    training = {"device": "cuda", "steps": 3000, "batch_size": 4, "processes": 2}
    run_dir = make_run(tmp_path / "run", training=training, checkpoints={"every_steps": 10})
    process = start_child(run_dir)
    wait_for_steps(run_dir, process, 15)
    (other,) = psutil.Process(process.pid).children()
    other.suspend()  # so that the first one is inside the sum when it happens
    other.kill()
    assert process.wait(timeout=60) == -signal.SIGKILL
    process = start_child(run_dir)
    wait_for_steps(run_dir, process, 1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 130
    assert payloads(run_dir, "RunStarted")[-1]["step"] >= 10
