"""A few real steps are measured, and what they foretell comes true."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraloom.data.importer import scan
from loraloom.data.plan import plan as make_plan
from loraloom.forecast.combine import Place, from_probe
from loraloom.forecast.counts import amounts, latents
from loraloom.forecast.ladder import applied
from loraloom.jobs.facts import facts_of
from loraloom.jobs.follow import Wish
from loraloom.jobs.foresee import case_of
from loraloom.jobs.probe import STEPS, probe
from loraloom.spec.errors import LoomError
from loraloom.train.child import read_run
from tests.runs import make_run, payloads, start_child


def test_memory_of_a_run_is_foretold(tmp_path: Path) -> None:
    """Within the 15 % that a forecast may be off, on the same machine."""
    groups = {"training": {"steps": 20, "batch_size": 8}, "sample": {"prompts": ["a boat"], "steps": 4}}
    run_dir = make_run(tmp_path / "run", **groups)
    run = read_run(run_dir)
    report = scan(run.dataset)
    measured = probe(run, report, Wish())
    assert len(measured.steps) == STEPS - 1 and min(measured.steps) > 0
    assert min(measured.loading, measured.caching_latent, measured.sampling_round, measured.exporting) > 0
    assert measured.checkpoint_bytes > 0 and measured.lora_bytes > 0
    found = from_probe(amounts(run, make_plan(report, run), measured), measured, Place("cpu", 10**12))
    assert start_child(run_dir).wait() == 0
    done = payloads(run_dir, "RunFinished")[0]
    assert done["peak_memory_bytes"] == pytest.approx(found.peak_memory_bytes.p50, rel=0.15)
    assert done["steps"] == found.steps


def test_what_is_cached_is_counted_as_the_run_counts(tmp_path: Path) -> None:
    """Crops and mirrors of pictures in training and held out: the forecast's number is the run's own."""
    dataset = {"crop": "random", "crop_variants": 2, "flip": True}
    run_dir = make_run(tmp_path / "run", dataset=dataset, validation={"share": 0.2}, training={"steps": 1})
    run = read_run(run_dir)
    assert start_child(run_dir).wait() == 0
    told = [step["total"] for step in payloads(run_dir, "StageProgressed") if step["stage"] == "caching"]
    assert told[0] == latents(make_plan(scan(run.dataset), run)) == 96


def test_one_of_several_processes_is_measured(tmp_path: Path) -> None:
    """It has its share of the batch and of the threads; the forecast is of what each of them does."""
    run = read_run(make_run(tmp_path / "run", training={"processes": 2, "batch_size": 8, "threads": 2}))
    report, facts = scan(run.dataset), facts_of(run)
    assert facts.threads == 1 and facts.memory_free < facts_of(applied(run, {"training.processes": 1})).memory_free
    measured = probe(run, report, Wish())
    alone = applied(run, {"training.processes": 1, "training.batch_size": 4, "training.threads": 1})
    other = probe(alone, report, Wish())
    assert measured.peak_memory_bytes == pytest.approx(other.peak_memory_bytes, rel=0.1)
    assert measured.latents == other.latents
    by_model = case_of(run, make_plan(report, run), facts).expected["step"]
    assert by_model == pytest.approx(case_of(alone, make_plan(report, alone), facts_of(alone)).expected["step"])


def test_it_can_be_stopped(tmp_path: Path) -> None:
    """A wish to stop ends it, and nothing stays behind."""
    run = read_run(make_run(tmp_path / "run"))
    wish = Wish()
    wish.times = 2
    with pytest.raises(LoomError) as raised:
        probe(run, scan(run.dataset), wish)
    assert raised.value.code == "interrupted"
