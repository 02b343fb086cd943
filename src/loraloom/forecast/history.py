"""Learns from finished runs: how much longer a device takes, and how much more it holds, than the model says.

For each quantity the logarithm of took / expected is regressed (`forecast.regression`). Its prior is 0, the model: one
finished run moves the whole level, many bend it along what makes steps longer. Runs on other devices do not count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from loraloom.spec.forecast import Outcome, Range

if TYPE_CHECKING:
    from loraloom.forecast.regression import Point, Regression, Spread

PEAK = "peak_memory_bytes"
TEXTS = "causal_lm"
"""Family of runs on texts, which tell nothing of pictures."""
QUANTITIES = ("loading", "caching", "step", "sampling", "exporting", PEAK)
"""What is learned; the time of training is that of its steps, which `forecast.combine` counts."""
NEWEST = 150
"""Runs of a device that are looked at: the regression's work grows with their cube."""
DRIFT_RUNS, DRIFT_DAYS = 20, 30
"""So many runs, or days, later a device has forgotten two thirds of how it was then: drivers, cooling, other programs."""
LEAST = {"loading": 0.1, "caching": 0.06, "step": 0.04, "sampling": 0.06, "exporting": 0.1, PEAK: 0.02}
"""No range is narrower, however alike the runs were: half of it, in parts of the middle."""
PROBE_SPREAD = 0.12
"""Half of the range of time after a measurement, in parts of the middle: the machine does other things too, later."""


@dataclass(frozen=True)
class Predicted:
    """Seconds of the stages (`step`: of one step) and bytes at most, and the finished runs that say so."""

    seconds: Mapping[str, Range]
    peak_memory_bytes: Range
    runs: int


def learn(outcomes: Sequence[Outcome], device: str, texts: bool = False) -> Learned | None:
    """What the finished runs on `device` (its name) tell, of pictures or of texts; None where there are none. The order of
    `outcomes` is free."""
    some = (one for one in outcomes if one.device == device and one.took and (one.family == TEXTS) == texts)
    told = sorted(some, key=_time)[-NEWEST:]
    return Learned(told, texts) if told else None


class Learned:
    """A regression for each quantity. Milliseconds for a few runs, about 0.1 s for NEWEST of them: keep it."""

    def __init__(self, outcomes: Sequence[Outcome], texts: bool = False) -> None:
        """`outcomes`: of one device and one kind, oldest first."""
        from loraloom.forecast import kernels  # numpy is loaded where there is something to learn from
        from loraloom.forecast.language import kernels as of_texts
        from loraloom.forecast.regression import Regression

        likely = of_texts.KERNELS if texts else kernels.KERNELS

        self.runs = sum(_ratio(one, "step") is not None for one in outcomes)
        self._now = _place(outcomes, len(outcomes) - 1) if outcomes else 0.0
        self._regressions: dict[str, Regression] = {}
        for name in QUANTITIES:
            points: list[Point] = []
            values: list[float] = []
            for index, one in enumerate(outcomes):
                value = _ratio(one, name)
                if value is not None:
                    place = _place(outcomes, index)
                    points.append(_point(name, one.features, one.expected, one.family, one.base_model, place))
                    values.append(value)
            self._regressions[name] = Regression(likely[name], points, values)

    def predict(
        self, features: Mapping[str, float], expected: Mapping[str, float], family: str, base_model: str
    ) -> Predicted:
        """Ranges for a run that was not yet; what the model expects to take nothing takes nothing.

        `expected`: seconds by stage, `step` among them, and `peak_memory_bytes`.
        """
        ranges: dict[str, Range] = {}
        for name in QUANTITIES:
            if expected.get(name, 0.0) <= 0:
                ranges[name] = Range(p10=0, p50=0, p90=0)
                continue
            point = _point(name, features, expected, family, base_model, self._now)
            ranges[name] = _range(expected[name], self._regressions[name].predict(point), LEAST[name])
        peak = ranges.pop(PEAK)
        return Predicted(ranges, peak, self.runs)


def probe_spread(outcomes: Sequence[Outcome], device: str) -> float:
    """Half of the range, in parts of the middle, that forecasts by a probe need on `device`: from how far they were off,
    and from PROBE_SPREAD, which counts like six of them. One run far off counts like one at three times that."""
    offs = [
        min(abs(math.log(seconds / one.told.seconds.p50)), 3 * PROBE_SPREAD)
        for one in outcomes
        if one.device == device and one.told is not None and one.told.source == "probe"
        if (seconds := total_seconds(one.took)) is not None and one.told.seconds.p50 > 0
    ]
    usual = 6 * (PROBE_SPREAD / 1.28) ** 2  # 1.28 deviations are the range's half
    return 1.28 * math.sqrt((usual + sum(off**2 for off in offs)) / (6 + len(offs)))


def total_seconds(took: Mapping[str, float]) -> float | None:
    """Seconds of a whole run by what its parts took; None where only some of its steps are known."""
    stages = [seconds for name, seconds in took.items() if name not in ("step", PEAK)]
    return sum(stages) if "training" in took else None


def _point(
    name: str,
    features: Mapping[str, float],
    expected: Mapping[str, float],
    family: str,
    base_model: str,
    place: float,
) -> Point:
    from loraloom.forecast.regression import Point

    amount = expected[name]
    own = {"log_expected": math.log(amount)}
    if name == PEAK:
        own["gigabyte_share"] = 1e9 / amount
    if name == "step":
        own["log_call"] = math.log(amount) - features.get("log_calls", 0.0)
    return Point({**features, **own}, (family, f"{family} {base_model}"), place)


def _ratio(outcome: Outcome, name: str) -> float | None:
    """Logarithm of took / expected; None where one of them is not known or nothing."""
    took, expected = outcome.took.get(name, 0.0), outcome.expected.get(name, 0.0)
    return math.log(took / expected) if took > 0 and expected > 0 else None


def _range(expected: float, spread: Spread, least: float) -> Range:
    reach = max(spread.reach, least)
    middle = expected * math.exp(spread.middle)
    return Range(p10=middle * math.exp(-reach), p50=middle, p90=middle * math.exp(reach))


def _place(outcomes: Sequence[Outcome], index: int) -> float:
    """Where a run stands on the way of its device, by the runs and the days before it."""
    days = (_time(outcomes[index]) - _time(outcomes[0])) / 86400
    return index / DRIFT_RUNS + days / DRIFT_DAYS


def _time(outcome: Outcome) -> float:
    try:
        return datetime.fromisoformat(outcome.time).timestamp()
    except ValueError:
        return 0.0
