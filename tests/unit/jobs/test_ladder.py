"""Which setting is lowered, when the ladder ends, and how the end of a child is told apart from a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraloom.jobs import ladder
from loraloom.jobs.runners import reason
from loraloom.spec.errors import LoomError
from loraloom.spec.event import StageStarted
from loraloom.spec.lowered import changed, lowered
from tests.made_events import logged, write
from tests.runs import make_run

OOM = LoomError("out_of_memory", "Memory ran out.", "Lower something.")


def test_rungs_one_after_another_until_three_brought_no_step(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", training={"batch_size": 8})
    write(run_dir, StageStarted(stage="training", total=4))
    taken = [ladder.lower(run_dir, OOM) for _ in range(3)]
    assert [(one.key, one.old, one.new) for one in taken[:2]] == [
        ("training.micro_batch", 8, 4),
        ("training.micro_batch", 4, 1),
    ]
    assert taken[2].key == "training.gradient_checkpointing"
    with pytest.raises(LoomError) as found:
        ladder.lower(run_dir, OOM)
    assert found.value.code == "out_of_memory" and "micro_batch 1" in found.value.message and found.value.hint


def test_a_step_gives_three_more_rungs_and_the_config_stays_frozen(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", training={"batch_size": 2})
    before = (run_dir / "run.yaml").read_bytes()
    write(run_dir, StageStarted(stage="training", total=4))
    for _ in range(3):
        ladder.lower(run_dir, OOM)
    write(run_dir, logged(1), first=5)
    assert ladder.lower(run_dir, OOM).key == "optimizer.name"
    assert (run_dir / "run.yaml").read_bytes() == before
    from loraloom.jobs import folder

    run = changed(folder.read(run_dir), lowered(run_dir))
    assert (run.training.micro_batch, run.training.cache, run.optimizer.name) == (1, "disk", "adafactor")
    assert run.training.gradient_checkpointing and run.training.batch_size == 2


def test_what_was_not_about_memory_is_left_alone(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run")
    with pytest.raises(LoomError, match="diverged"):
        ladder.lower(run_dir, LoomError("loss_not_finite", "Training diverged.", ""))
    assert not (run_dir / "events.jsonl").exists()


def test_the_systems_killer_is_known_by_its_counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log.txt"
    log.write_text("nothing\n")
    before = reason.oom_kills()
    assert reason.why(-9, log, before).code == "child_died"
    monkeypatch.setattr(reason, "oom_kills", lambda: before + 1)
    assert reason.why(-9, log, before).code == "out_of_memory"
    assert reason.why(-9, log).code == "child_died"
