"""Memory runs out in a run on texts (RLIMIT_AS of the child alone): it computes a batch in parts, with the same losses."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.recipe.test_ladder import loraloom, losses
from tests.runs import payloads, train_here
from tests.text_runs import make_text_run
from tests.tiny_text import tiny_text_base

TEXTS = 16
MEMORY = 500_000_000
"""Bytes of addresses beyond the program's own: enough for half of the batch, not for all of it."""


def long_pairs() -> list[dict[str, Any]]:
    """Of about 480 tokens each: Gemma 2 keeps all of their scores, which takes memory rather than time."""
    return [
        {
            "messages": [
                {"role": "user", "content": f"What is in box {number}?"},
                {"role": "assistant", "content": f"{number} stones. " * 36},
            ]
        }
        for number in range(TEXTS)
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS")
def test_a_batch_that_does_not_fit_is_computed_in_parts(tmp_path: Path) -> None:
    base = tiny_text_base(tmp_path / "base", "gemma2")
    groups: dict[str, Any] = {
        "dataset": {"max_length": 512},
        "training": {"batch_size": TEXTS, "steps": 2},
        "checkpoints": {"every_steps": 1},
    }
    free, tight = (make_text_run(tmp_path / name, base, long_pairs(), **groups) for name in ("free", "tight"))
    train_here(free)
    code, done, said = loraloom("train", str(tight), memory=MEMORY)
    assert code == 0, said
    assert losses(tight) == pytest.approx(losses(free), rel=1e-4)
    lowered = payloads(tight, "SettingsLowered")
    assert (lowered[0]["key"], lowered[0]["old"], lowered[0]["new"]) == ("training.micro_batch", TEXTS, TEXTS // 2)
    assert 1 <= len(lowered) <= 3 and f"training.micro_batch goes from {TEXTS} to {TEXTS // 2}" in said
    assert done["steps"] == 2 and done["peak_memory_bytes"] < payloads(free, "RunFinished")[0]["peak_memory_bytes"]
