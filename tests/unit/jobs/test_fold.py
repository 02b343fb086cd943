"""What a child says becomes columns that exist."""

from __future__ import annotations

from typing import get_args

from loraloom.jobs.fold import columns
from loraloom.spec.event import (
    ExperimentFinished,
    Payload,
    RunFailed,
    RunLost,
    SampleSaved,
    StageProgressed,
    StepLogged,
)
from loraloom.store.tables import Run

NAMES = set(Run.__table__.columns.keys())


def test_every_kind_of_event_is_folded_into_columns_that_exist() -> None:
    kinds = get_args(get_args(Payload)[0])
    assert len(kinds) >= 13
    for kind in kinds:
        said = kind.model_construct(**dict.fromkeys(kind.model_fields, 1))
        assert set(columns(said)) <= NAMES, kind


def test_the_words_that_matter() -> None:
    assert columns(SampleSaved(step=1, file="samples/step-000001/01.png", prompt="", seed=0)) == {
        "cover": "samples/step-000001/01.png"
    }
    assert columns(SampleSaved(step=1, file="samples/step-000001/01.txt", prompt="", seed=0, text="Yes.")) == {}
    assert columns(StageProgressed(stage="caching", done=3, total=9))["stage_done"] == 3
    drawn = columns(StageProgressed(stage="comparing", done=3, total=9))
    assert (drawn["step"], drawn["total_steps"]) == (3, 9)
    assert "step" not in columns(StageProgressed(stage="measuring", done=3, total=9))
    assert columns(ExperimentFinished(cells=9, seconds=1.0))["step"] == 9
    for kind in (RunFailed, RunLost):
        said = kind.model_construct(code="out_of_memory", message="m", hint="h", resumes=True)
        assert columns(said)["error"] == {"code": "out_of_memory", "message": "m", "hint": "h"}
    nan = float("nan")
    step = StepLogged.model_construct(**dict.fromkeys(StepLogged.model_fields, 1) | {"smoothed_loss": nan})
    assert columns(step)["loss"] is None, "JSON has no nan"
