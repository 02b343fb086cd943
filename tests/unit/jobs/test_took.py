"""Where the seconds of a made-up run went: its events lie a second apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loraloom.jobs.tail import tail
from loraloom.jobs.took import stages, took
from loraloom.spec.event import RunInterrupted, SampleSaved, StageProgressed, StageStarted, ValidationLogged
from tests.made_events import finished, logged, started, write


def _stage(stage: Any, done: bool = False) -> Any:
    return StageProgressed(stage=stage, done=1, total=1) if done else StageStarted(stage=stage, total=1)


def _sample(step: int) -> SampleSaved:
    return SampleSaved(step=step, file="x.png", prompt="p", seed=0)


WHOLE: list[Any] = [
    _stage("loading"),
    _stage("loading", done=True),
    _stage("caching"),
    _stage("caching", done=True),
    _stage("caching", done=True),
    started(),
    _stage("training"),
    logged(1).model_copy(update={"step_seconds": 9.0}),
    _stage("sampling"),
    _stage("sampling", done=True),
    _sample(0),
    _sample(0),
    logged(2),
    logged(3).model_copy(update={"step_seconds": 0.35}),
    ValidationLogged(step=4, loss=0.1),
    _stage("sampling"),
    _sample(4),
    _stage("exporting"),
    _stage("exporting", done=True),
    finished(seconds=25.0, peak_memory_bytes=120),
]


def _took(run_dir: Path, *payloads: Any) -> dict[str, float]:
    write(run_dir, *payloads)
    return took(list(tail(run_dir)))


def test_stages_add_up_to_the_whole(tmp_path: Path) -> None:
    """20 events lie 19 s apart; 6 s before the first, imports, and 2 s between caching and training are loading."""
    found = _took(tmp_path, *WHOLE)
    whole = {"loading": 6 + 2 + 2, "caching": 2, "training": 11 - 4, "sampling": 3 + 1, "exporting": 2}
    assert found == pytest.approx(whole | {"step": 0.3, "peak_memory_bytes": 120})
    assert sum(stages(list(tail(tmp_path))).values()) == pytest.approx(25)


def test_a_run_in_two_pieces_tells_its_steps(tmp_path: Path) -> None:
    """The whole time of a run that was stopped and went on is not one run's."""
    again = [RunInterrupted(step=3, signal="SIGINT"), _stage("loading"), started(3), _stage("training")]
    found = _took(tmp_path, *WHOLE[:14], *again, *WHOLE[14:])
    assert found == pytest.approx({"step": 0.3, "peak_memory_bytes": 120})


def test_a_child_that_vanished_is_a_piece_too(tmp_path: Path) -> None:
    """Killed: it left no last word, and the next child began from the start."""
    found = _took(tmp_path, *WHOLE[:5], *WHOLE)
    assert set(found) == {"step", "peak_memory_bytes"}


def test_a_pause_is_not_a_step(tmp_path: Path) -> None:
    """The machine slept for a minute within a step: the step's time is that of the others, the whole tells nothing."""
    paused = [*WHOLE[:14], logged(4).model_copy(update={"step_seconds": 60.0}), *WHOLE[14:]]
    assert _took(tmp_path, *paused) == pytest.approx({"step": 0.3, "peak_memory_bytes": 120})


def test_without_a_step_nothing_is_known(tmp_path: Path) -> None:
    """It failed while loading."""
    assert _took(tmp_path, *WHOLE[:4]) == {}


def test_stages_of_a_child_that_did_not_finish(tmp_path: Path) -> None:
    """There is no whole to cut."""
    write(tmp_path, *WHOLE[:-1])
    with pytest.raises(ValueError, match="did not finish"):
        stages(list(tail(tmp_path)))
