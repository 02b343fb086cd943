"""Which source speaks, what is remembered, and what memory forced before is foretold the next time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loraloom.data.plan import plan as make_plan
from loraloom.jobs import auto, foresee, foretold, history, probes
from loraloom.jobs.data_check import plan_of
from loraloom.jobs.facts import facts_of
from loraloom.jobs.foresee import Case
from loraloom.spec.dataset import DatasetReport
from loraloom.spec.errors import LoomError
from loraloom.spec.forecast import FORETOLD, Measured, Outcome
from loraloom.spec.lowered import changed
from loraloom.train.child import read_run
from tests.made_events import finished, logged, started, write
from tests.runs import make_run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data home of its own."""
    monkeypatch.setenv("LORALOOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    run = read_run(make_run(tmp_path / "run", training={"batch_size": 8, "steps": 20}))
    return foresee.case_of(run, plan_of(run), facts_of(run))


def measured(**changes: Any) -> Measured:
    given: dict[str, Any] = {
        "loading": 5, "caching_latent": 0.01, "steps": (0.5, 0.5), "sampling_round": 0, "sampling_steps": 1, "exporting": 0.5,
        "peak_memory_bytes": 800_000_000, "checkpoint_bytes": 1000, "lora_bytes": 500, "device": "cpu", "pixels": 4096.0,
    }  # fmt: skip
    return Measured(**given | changes)


def outcome(case: Case, **changes: Any) -> Outcome:
    took = {name: value * 2 for name, value in case.expected.items()}
    given: dict[str, Any] = {
        "id": "r 1", "name": "r", "time": "2026-01-01T00:00:00+00:00", "device": case.device.name, "family": "sd1",
        "base_model": "thimble", "features": case.features, "expected": case.expected, "took": took,
    }  # fmt: skip
    return Outcome(**given | changes)


def test_the_best_source_speaks(case: Case) -> None:
    alone = foresee.foresee(case)
    assert (alone.source, alone.runs) == ("model", 0)
    history.add(outcome(case))
    learned = foresee.foresee(case)
    assert (learned.source, learned.runs) == ("history", 1)
    assert learned.step_seconds > 1.3 * alone.step_seconds
    probes.remember(case.run, case.plan, case.device, measured())
    remembered = foresee.foresee(case)
    assert remembered.source == "probe" and remembered.step_seconds == pytest.approx(0.5, rel=0.2)
    assert foresee.foresee(case, measured(steps=(2.0,))).step_seconds > 1.5, "what was just measured counts first"


def test_a_measurement_holds_for_what_it_was_of(case: Case) -> None:
    probes.remember(case.run, case.plan, case.device, measured())
    for changes, known in (
        ({"optimizer.learning_rate": 1e-3, "training.steps": 99, "name": "other"}, True),
        ({"lora.rank": 8}, False),
        ({"training.batch_size": 4}, False),
        ({"training.gradient_checkpointing": True}, False),
    ):
        run = changed(case.run, changes)
        assert (probes.remembered(run, plan_of(run), case.device) is not None) is known, changes


def test_what_memory_forced_is_foretold_the_next_time(case: Case) -> None:
    before = foresee.foresee(case)
    assert before.fits
    history.add(outcome(case, took={}, lowered={"training.micro_batch": 2}))
    after = foresee.foresee(case)
    assert not after.fits and after.peak_memory_bytes.p50 < before.peak_memory_bytes.p50
    fitted = foresee.fitted(case)
    assert [(one.key, one.new) for one in fitted.changes] == [("training.micro_batch", 2)] and fitted.changes[0].message
    mended = case.other({"training.micro_batch": 2}, lambda run: case.plan)
    assert foresee.foresee(mended).fits, "once it is set, it is no longer forced"


def test_what_if_moves_the_way_it_should(case: Case) -> None:
    rows = {(row.key, row.value): row for row in foresee.what_if(case, plan_of, [])}
    assert rows["training.batch_size", 16].peak_memory_bytes > rows["training.batch_size", 4].peak_memory_bytes
    assert rows["dataset.resolution", 128].seconds > foresee.foresee(case).seconds.p50
    assert rows["training.steps", 40].seconds > rows["training.steps", 10].seconds
    assert rows["lora.rank", 8].peak_memory_bytes >= rows["lora.rank", 2].peak_memory_bytes


def test_a_finished_run_is_learned_from_once(case: Case, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    foretold.foretell(run_dir, case.run, case.plan)
    told = foretold.read(run_dir)
    assert told is not None and told.forecast.source == "model" and (run_dir / FORETOLD).exists()
    write(run_dir, started(), logged(1), logged(2), finished())
    foretold.learn_from(run_dir)
    foretold.learn_from(run_dir)
    kept = history.read()
    assert len(kept) == 1 and kept[0].told == told.forecast and kept[0].took["step"] > 0


def test_a_card_by_name_and_one_that_nobody_knows(case: Case) -> None:
    card = facts_of(case.run, "RTX 4090")
    assert card.kind == "cuda" and card.memory_total > 20e9
    with pytest.raises(LoomError) as found:
        facts_of(case.run, "RTX 9999")
    assert found.value.code == "device_unavailable" and "RTX" in found.value.hint


def test_auto_takes_numbers(case: Case) -> None:
    plan = case.plan
    report = DatasetReport(path="x", images=[*plan.images, *plan.held_out])
    run = auto.settle(case.run, {auto.BATCH, auto.RESOLUTION}, report)
    assert run.dataset.resolution == 64, "the base's own"
    assert 8 < run.training.batch_size <= 24 and make_plan(report, run).total_steps == 20
