"""The time left begins where the forecast was, and ends with the run's own steps."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from loraloom.spec.forecast import FORETOLD, Forecast, Foretold, Range, StageForecast
from loraloom.train.clock import Clock, told

STEPS = 100
FORECAST = Forecast(
    steps=STEPS,
    seconds=Range(p10=90, p50=120, p90=150),
    peak_memory_bytes=Range(p10=1, p50=1, p90=1),
    stages=(
        StageForecast(stage="training", seconds=100),
        StageForecast(stage="sampling", seconds=15),
        StageForecast(stage="exporting", seconds=5),
    ),
    step_seconds=1.0,
    disk_bytes=0,
    free_memory_bytes=1,
    source="model",
    device="cpu",
    fits=True,
)


def test_it_takes_over_without_a_jump() -> None:
    clock = Clock(FORECAST)
    clock.add(9.0)  # the first step warms up
    said = [clock.left(STEPS - 1)]
    assert said[0][0] == pytest.approx(99 + 15 * 0.99 + 5)
    for done in range(2, 61):
        clock.add(2.0)  # twice as slow as was foretold
        said.append(clock.left(STEPS - done))
    middles = [middle for middle, _, _ in said]
    jumps = [abs(after / before - 1) for before, after in pairwise(middles)]
    assert max(jumps) < 0.12
    assert middles[-1] == pytest.approx(2.0 * 40 + 15 * 0.4 + 5, rel=0.06)
    assert all(low <= middle <= high for middle, low, high in said)
    first, last = said[0], said[-1]
    assert (last[2] - last[1]) / last[0] < (first[2] - first[1]) / first[0], "its own range narrows"


def test_without_a_forecast_the_steps_speak() -> None:
    clock = Clock()
    for seconds in (9.0, 1.0, 1.0, 1.0, 1.2):
        clock.add(seconds)
    middle, low, high = clock.left(10)
    assert middle == pytest.approx(10.5) and low <= middle <= high
    assert Clock(FORECAST).left(0) == (0.0, 0.0, 0.0)


def test_what_was_foretold_is_read_from_the_folder(tmp_path: Path) -> None:
    assert told(tmp_path) is None
    foretold = Foretold(device="cpu", features={}, expected={}, forecast=FORECAST)
    (tmp_path / FORETOLD).write_text(foretold.model_dump_json())
    assert told(tmp_path) == FORECAST
    (tmp_path / FORETOLD).write_text("{")
    assert told(tmp_path) is None
