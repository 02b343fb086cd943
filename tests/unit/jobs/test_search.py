"""The largest batch is found in few tries, whatever the first guess, and never by asking for far more than there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loraloom.jobs import search
from loraloom.jobs.follow import Wish
from loraloom.spec.dataset import DatasetReport
from loraloom.spec.errors import LoomError
from loraloom.spec.forecast import Measured, ProbeLine
from loraloom.spec.run import Run
from loraloom.train.child import read_run
from tests.runs import make_run

FIXED, EACH, FREE = 600, 100, 2000
"""Bytes of a run without pictures, of each of them, and what is free: 13 fit with the margin."""


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Batches that were tried; memory runs out above FREE."""
    batches: list[int] = []

    def probe(run: Run, *_: Any, **__: Any) -> Measured:
        batch = run.training.batch_size
        batches.append(batch)
        peak = FIXED + EACH * batch
        if peak > FREE:
            raise LoomError("out_of_memory", "Memory ran out.", "")
        return Measured(
            loading=1, caching_latent=1, steps=(0.1 * batch,), sampling_round=0, sampling_steps=1, exporting=0,
            peak_memory_bytes=peak, checkpoint_bytes=0, lora_bytes=0, device="cpu",
        )  # fmt: skip

    monkeypatch.setattr(search, "probe", probe)
    return batches


def find(tmp_path: Path, guess: int, most: int = 64, free: int = FREE) -> tuple[int, list[ProbeLine]]:
    run = read_run(make_run(tmp_path / "run"))
    lines: list[ProbeLine] = []
    found = search.largest_batch(run, DatasetReport(path="x"), Wish(), lines.append, guess=guess, most=most, free=free)
    return found, lines


@pytest.mark.parametrize("guess", [1, 5, 13, 14, 20, 64])
def test_the_largest_in_few_tries(tmp_path: Path, tried: list[int], guess: int) -> None:
    found, lines = find(tmp_path, guess)
    assert found == 13
    assert 14 in tried and len(tried) == len(set(tried)) <= 7
    assert [line.batch_size for line in lines if line.event == "trying"] == tried
    assert max(batch for batch in tried if batch != guess) <= max(15, guess)


def test_no_more_than_there_are_pictures(tmp_path: Path, tried: list[int]) -> None:
    assert find(tmp_path, 3, most=6)[0] == 6
    assert max(tried) == 6


def test_not_even_one(tmp_path: Path, tried: list[int]) -> None:
    with pytest.raises(LoomError) as found:
        find(tmp_path, 4, free=650)
    assert found.value.code == "out_of_memory" and "resolution" in found.value.hint
