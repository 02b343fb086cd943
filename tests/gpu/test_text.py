"""Runs on texts on a CUDA card: attention in one kernel, number formats, 8 and 4 bits. Skipped where there is no card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from loraloom.train.families.causal_lm.attention import packed_attention
from tests.runs import payloads, train_here
from tests.text_runs import make_text_run
from tests.tiny_text import tiny_text_base

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
LENGTHS = (5, 40, 17, 33)
CUDA = {"device": "cuda", "steps": 20}


@pytest.mark.parametrize("window", [None, 16])
def test_one_kernel_is_sequence_by_sequence(window: int | None) -> None:
    torch.manual_seed(0)
    total = sum(LENGTHS)
    query, key, value = (torch.randn(1, heads, total, 64, device="cuda") for heads in (4, 2, 2))
    exact, _ = packed_attention(None, query, key, value, None, lengths=LENGTHS, sliding_window=window)
    half = [x.bfloat16() for x in (query, key, value)]
    found, _ = packed_attention(None, *half, None, lengths=LENGTHS, sliding_window=window)
    torch.testing.assert_close(found.float(), exact, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16", "auto"])
def test_every_precision_trains_and_its_file_reproduces(tmp_path: Path, precision: str) -> None:
    base = tiny_text_base(tmp_path / "base")
    run_dir = make_text_run(tmp_path / "run", base, training=CUDA | {"precision": precision}, lora={"dropout": 0.1})
    assert train_here(run_dir) is None
    assert all(np.isfinite(step["loss"]) for step in payloads(run_dir, "StepLogged"))


@pytest.mark.parametrize("quantization", ["int8", "nf4"])
def test_fewer_bits_train_and_reproduce(tmp_path: Path, quantization: str) -> None:
    pytest.importorskip("bitsandbytes")
    base = tiny_text_base(tmp_path / "base")
    run_dir = make_text_run(tmp_path / "run", base, training=CUDA | {"quantization": quantization})
    assert train_here(run_dir) is None
    losses = [step["loss"] for step in payloads(run_dir, "StepLogged")]
    assert all(np.isfinite(losses)) and losses[-1] < losses[0]


def test_losses_are_those_of_the_cpu(tmp_path: Path) -> None:
    base = tiny_text_base(tmp_path / "base")
    found = {}
    for device in ("cpu", "cuda"):
        run_dir = make_text_run(tmp_path / device, base, training={"device": device, "precision": "fp32"})
        train_here(run_dir)
        found[device] = [step["loss"] for step in payloads(run_dir, "StepLogged")]
    np.testing.assert_allclose(found["cpu"], found["cuda"], rtol=1e-2)
