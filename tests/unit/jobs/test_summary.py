"""What a run came to, over all its children."""

from __future__ import annotations

from pathlib import Path

from loraloom.jobs.summary import summary
from loraloom.spec.event import RunFailed, RunInterrupted, SampleSaved, StageStarted
from tests.made_events import finished, logged, started, write


def test_a_run_that_went_through(tmp_path: Path) -> None:
    sample = SampleSaved(step=0, file="samples/step-000000/0.png", prompt="a", seed=0)
    write(tmp_path, started(), sample, logged(1, 0.8), logged(2, 0.2, peak=900), finished(samples=[sample.file]))
    got = summary(tmp_path)
    assert got is not None
    assert got.model_dump() == {
        "run_dir": str(tmp_path),
        "lora": str(tmp_path / "lora/x.safetensors"),
        "family": "sd1",
        "steps": 4,
        "loss_first": 0.9,
        "loss_last": 0.1,
        "seconds": 10.0,
        "seconds_per_step": 0.25,
        "seconds_to_first_step": 2.0,
        "peak_memory_bytes": 900,
        "samples": [str(tmp_path / sample.file)],
    }


def test_a_resumed_run_counts_its_earlier_child(tmp_path: Path) -> None:
    write(
        tmp_path, started(), logged(1, 0.8), RunInterrupted(step=1, signal="SIGINT"), started(1), logged(2), finished()
    )
    got = summary(tmp_path)
    assert got is not None
    assert got.seconds == 12.0


def test_a_child_that_was_killed_and_the_night_before_the_next_one(tmp_path: Path) -> None:
    loading = StageStarted(stage="loading", total=1)
    write(tmp_path, loading, started(), logged(1))
    write(tmp_path, loading, started(1), logged(2), finished(), first=5000)
    got = summary(tmp_path)
    assert got is not None
    assert got.seconds == 12.0


def test_a_run_that_did_not_finish_has_none(tmp_path: Path) -> None:
    assert summary(tmp_path) is None
    write(tmp_path, started(), logged(1))
    assert summary(tmp_path) is None
    write(tmp_path, finished(), started(), RunFailed(code="internal", message="x", hint=""), first=3)
    assert summary(tmp_path) is None
