"""From a few measured steps, from history or from the model to the whole run."""

from __future__ import annotations

from typing import Any

import pytest

from loraloom.data.importer import scan
from loraloom.data.plan import plan as make_plan
from loraloom.forecast.combine import Place, from_history, from_model, from_probe
from loraloom.forecast.counts import amounts, disk, fill, latents, rounds, validation
from loraloom.forecast.history import Predicted
from loraloom.spec.dataset import Bucket, Plan
from loraloom.spec.forecast import Forecast, Measured, Range, StageMemory
from loraloom.spec.run import RUN, Run
from tests.runs import DEMO

MEASURED = Measured(
    loading=4,
    caching_latent=0.5,
    steps=(1.0, 1.0, 1.1),
    sampling_round=8,
    sampling_steps=3,
    exporting=2,
    peak_memory_bytes=1_000,
    checkpoint_bytes=50,
    lora_bytes=10,
    device="cpu",
)


def _run(**groups: Any) -> Run:
    config: dict[str, Any] = {
        "family": "sd1",
        "dataset": {"path": str(DEMO), "resolution": 64},
        "training": {"steps": 100, "batch_size": 4},
        "checkpoints": {"every_steps": 50},
    }
    for name, group in groups.items():
        config[name] = {**config.get(name, {}), **group}
    return RUN.validate_python(config)


def _forecast(run: Run, free: int = 10_000) -> Forecast:
    return from_probe(amounts(run, _plan(run), MEASURED), MEASURED, Place("cpu", free))


def _plan(run: Run) -> Plan:
    return make_plan(scan(run.dataset), run)


def _square(run: Run) -> Plan:
    """24 pictures of one size: every batch of 4 is full."""
    report = scan(run.dataset)
    images = [image.model_copy(update={"width": 64, "height": 64}) for image in report.images]
    return make_plan(report.model_copy(update={"images": images}), run)


def test_time_is_the_sum_of_the_stages() -> None:
    """24 pictures are cached once each, 100 steps taken, samples drawn at the start, at 50 and at the end."""
    run = _run(sample={"prompts": ["a", "b"], "every_steps": 50, "steps": 7})
    found = from_probe(amounts(run, _square(run), MEASURED), MEASURED, Place("cpu", 10_000))
    seconds = {one.stage: one.seconds for one in found.stages}
    assert seconds == {"loading": 4, "caching": 12, "training": 100, "sampling": 8 / 4 * 8 * 3, "exporting": 2}
    assert found.seconds.p50 == sum(seconds.values())
    assert found.seconds.p10 < found.seconds.p50 < found.seconds.p90


@pytest.mark.parametrize(
    ("prompts", "every", "times"), [([], None, 0), (["a"], None, 2), (["a"], 50, 3), (["a"], 30, 5), (["a"], 1, 101)]
)
def test_rounds_of_samples(prompts: list[str], every: int | None, times: int) -> None:
    """At step 0, at multiples, and at the last step, which counts once."""
    assert rounds(_run(sample={"prompts": prompts, "every_steps": every}), 100) == times


def test_crops_and_mirrors_are_cached_too() -> None:
    """Four random crops of each picture, each also mirrored."""
    run = _run(dataset={"crop": "random", "crop_variants": 4, "flip": True})
    assert latents(_plan(run)) == 24 * 4 * 2


def test_what_fits() -> None:
    """With a margin above what was measured."""
    assert _forecast(_run(), 1_060).fits
    assert not _forecast(_run(), 1_020).fits


def test_what_a_card_holds_besides_must_fit_too() -> None:
    """Its context is no part of what the run reports, but of what is held."""
    run = _run()
    plan = _square(run)
    assert from_probe(amounts(run, plan, MEASURED), MEASURED, Place("card", 1_100)).fits
    found = from_probe(amounts(run, plan, MEASURED), MEASURED, Place("card", 1_100, MEMORY, unreported=250))
    assert not found.fits
    assert (found.peak_memory_bytes.p50, max(stage.bytes for stage in found.memory)) == (1_000, 1_250)


def test_batches_that_are_not_full_take_less() -> None:
    """Five pictures of one size and one of another in batches of 4 make three batches with two pictures in the mean."""
    run = _run()
    buckets = (
        Bucket(width=64, height=64, images=5, samples=5, steps=2),
        Bucket(width=64, height=32, images=1, samples=1, steps=1),
    )
    plan = _square(run).model_copy(update={"buckets": buckets, "samples": 6, "batches_per_epoch": 3})
    assert fill(run, _square(run)) == 1
    assert 5.5 / 12 < fill(run, plan) < 2 / 3
    assert fill(run, plan.model_copy(update={"batch_size": 99})) == pytest.approx(fill(run, plan) * 4.2 / 5.2)
    assert fill(run, plan, 32 * 64) > fill(run, plan) * 1.5
    half = _run(training={"micro_batch": 2})
    assert fill(half, _square(half)) == pytest.approx(1)


def test_validation_is_time_of_training() -> None:
    """Held-out pictures pass forward twice each, one by one, at step 30, 60, 90 and 100; a step is full batches of 4."""
    run = _run(validation={"share": 0.25, "every_steps": 30})
    plan = _square(run)
    assert len(plan.held_out) == 6
    passes = 6 * 2 * 4
    steps = validation(run, plan)
    assert 0.25 * passes / 4 < steps < passes / 4  # of each picture's part of a step, the forward pass alone
    assert validation(_run(validation={"share": 0.25, "every_steps": 50}), plan) == pytest.approx(steps / 2)
    found = from_probe(amounts(run, plan, MEASURED), MEASURED, Place("cpu", 10_000))
    training = next(one.seconds for one in found.stages if one.stage == "training")
    assert training == pytest.approx(found.step_seconds * (100 + steps))
    assert validation(_run(), _plan(_run())) == 0


def test_accumulation_makes_validation_a_smaller_part() -> None:
    """Of two batches a step, a validation is half as many steps."""
    one, two = (_run(validation={"share": 0.25}, training={"accumulation": count}) for count in (1, 2))
    assert validation(two, _square(two)) == pytest.approx(validation(one, _square(one)) / 2)


def test_disk_counts_the_checkpoints_that_stay() -> None:
    """Of 10 written the newest 3 stay, and those at multiples of 50; a short run writes fewer, by minutes perhaps more."""
    rules = {"every_steps": 10, "keep_last": 3, "every_minutes": None}
    assert disk(_run(checkpoints=rules), 100, 60, 50, 10) == 3 * 50 + 10
    assert disk(_run(checkpoints={**rules, "keep_every": 50}), 100, 60, 50, 10) == 5 * 50 + 10
    assert disk(_run(checkpoints={**rules, "every_steps": 100}), 100, 60, 50, 10) == 50 + 10
    assert disk(_run(checkpoints={"every_steps": None, "every_minutes": 10}), 100, 1300, 50, 10) == 3 * 50 + 10


def test_noisy_steps_make_a_wider_range() -> None:
    """Steps from 0.7 to 1.3 s say less than those that are alike; so does a device whose probes were often off."""
    run = _run()
    plan, place = _square(run), Place("cpu", 10_000)

    def width(found: Forecast) -> float:
        return found.seconds.p90 / found.seconds.p10

    calm = from_probe(amounts(run, plan, MEASURED), MEASURED, place)
    noisy = from_probe(amounts(run, plan, MEASURED), MEASURED.model_copy(update={"steps": (0.7, 1.0, 1.3)}), place)
    known = from_probe(amounts(run, plan, MEASURED), MEASURED, place, spread=0.4)
    shared = from_probe(amounts(run, plan, MEASURED), MEASURED, place, busy=0.8)
    assert noisy.seconds.p50 == calm.seconds.p50
    assert width(noisy) > width(calm)
    assert width(known) > width(calm)
    assert width(shared) > width(calm) * 1.5


def test_cached_pictures_that_were_not_measured_are_added() -> None:
    """The probe held fewer latents than the run will."""
    run = _run()
    found = from_probe(amounts(run, _square(run), MEASURED), MEASURED, Place("cpu", 10_000), unmeasured_bytes=500)
    assert found.peak_memory_bytes.p50 == 1_500


MEMORY = (
    StageMemory(stage="caching", parts={"runtime": 100, "base": 300}),
    StageMemory(stage="training", parts={"runtime": 100, "base": 300, "adapter": 40, "optimizer": 60}),
)
EXPECTED = {
    "loading": 4.0,
    "caching": 12.0,
    "training": 999.0,
    "step": 2.0,
    "sampling": 30.0,
    "exporting": 1.0,
    "peak_memory_bytes": 500.0,
}


def test_from_the_model() -> None:
    """Steps of two seconds, counted here; a checkpoint holds the adapter and the optimizer, the file half of the adapter."""
    run = _run(checkpoints={"every_steps": None, "every_minutes": None})
    found = from_model(amounts(run, _square(run)), EXPECTED, Place("card", 10_000, MEMORY))
    assert {one.stage: one.seconds for one in found.stages}["training"] == 200
    assert found.seconds.p50 == 247
    assert found.seconds.p90 > found.seconds.p50 * 1.5
    assert found.disk_bytes == 100 + 20
    assert (found.source, found.device, found.runs) == ("model", "card", 0)
    assert found.memory == MEMORY


def test_from_history() -> None:
    """What was learned is added up with its ranges, and the model's parts of memory are scaled to it."""
    exact = {name: Range(p10=value, p50=value, p90=value) for name, value in EXPECTED.items()}
    wide = exact | {"step": Range(p10=1, p50=2, p90=4)}
    run = _run()
    place = Place("card", 700, MEMORY)
    peak = Range(p10=900, p50=1_000, p90=1_100)
    found = from_history(amounts(run, _square(run)), Predicted(wide, peak, 7), place)
    assert (found.source, found.runs, found.fits) == ("history", 7, False)
    assert max(stage.bytes for stage in found.memory) == 1_000
    assert found.memory[0].parts == {"runtime": 200, "base": 600}
    assert found.seconds.p50 == 247
    assert 47 + 200 * 1.5 < found.seconds.p90 < 47 + 200 * 2.2
    certain = from_history(amounts(run, _square(run)), Predicted(exact, peak, 7), place)
    assert certain.seconds.p10 == pytest.approx(certain.seconds.p90)
