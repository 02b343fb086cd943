"""From a few measured steps to the whole run."""

from __future__ import annotations

from typing import Any

import pytest

from loraloom.data.importer import scan
from loraloom.data.plan import plan as make_plan
from loraloom.forecast.combine import forecast, latents, rounds
from loraloom.spec.forecast import Forecast, Measured
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
    return forecast(run, make_plan(scan(run.dataset), run), MEASURED, free)


def test_time_is_the_sum_of_the_stages() -> None:
    """24 pictures are cached once each, 100 steps taken, samples drawn at the start, at 50 and at the end."""
    found = _forecast(_run(sample={"prompts": ["a", "b"], "every_steps": 50, "steps": 7}))
    seconds = {one.stage: one.seconds for one in found.stages}
    assert seconds == {"loading": 4, "caching": 12, "training": 100, "sampling": 8 / 4 * 8 * 3, "exporting": 2}
    assert found.seconds.p50 == sum(seconds.values())
    assert found.seconds.p10 < found.seconds.p50 < found.seconds.p90


@pytest.mark.parametrize(
    ("prompts", "every", "times"), [([], None, 0), (["a"], None, 2), (["a"], 50, 3), (["a"], 30, 5)]
)
def test_rounds_of_samples(prompts: list[str], every: int | None, times: int) -> None:
    """At step 0, at multiples, and at the last step, which counts once."""
    assert rounds(_run(sample={"prompts": prompts, "every_steps": every}), 100) == times


def test_crops_and_mirrors_are_cached_too() -> None:
    """Four random crops of each picture, each also mirrored."""
    run = _run(dataset={"crop": "random", "crop_variants": 4, "flip": True})
    assert latents(make_plan(scan(run.dataset), run)) == 24 * 4 * 2


def test_what_fits() -> None:
    """With a margin above what was measured."""
    assert _forecast(_run(), 1_060).fits
    assert not _forecast(_run(), 1_040).fits
