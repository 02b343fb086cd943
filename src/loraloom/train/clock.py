"""How long the rest takes, with a range: from the forecast at first, from the steps so far as they come."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from statistics import fmean, median, quantiles

from pydantic import ValidationError

from loraloom.spec.forecast import FORETOLD, Forecast, Foretold, Range

WEIGHT = 8
"""Steps that the forecast counts like: after so many, half of what is said comes from the run itself."""


def told(run_dir: Path) -> Forecast | None:
    """The forecast that was put into the run folder, if there is one."""
    try:
        return Foretold.model_validate_json((run_dir / FORETOLD).read_bytes()).forecast
    except (OSError, ValidationError):
        return None


class Clock:
    """Keeps the last 200 step times; the first step (warm-up of kernels and caches) does not count once others are there."""

    def __init__(self, forecast: Forecast | None = None) -> None:
        self._times: deque[float] = deque(maxlen=200)
        self._seen = 0
        self._forecast = forecast

    def add(self, seconds: float) -> None:
        """Note one step."""
        if self._seen == 1:
            self._times.clear()
        self._seen += 1
        self._times.append(seconds)

    def left(self, steps: int) -> tuple[float, float, float]:
        """(expected, low, high) seconds for `steps` more, and for what the forecast says of samples and of the end.

        A step is the mean of those so far, its range their 10th and 90th percentile; the forecast counts like WEIGHT.
        """
        each = self._measured()
        rest = 0.0
        if self._forecast is not None:
            each = self._blended(each, self._forecast)
            rest = _besides(self._forecast, steps)
        return each.p50 * steps + rest, each.p10 * steps + rest, each.p90 * steps + rest

    def _measured(self) -> Range:
        times = list(self._times)
        if len(times) < 3:
            each = times[-1] if times else 0.0
            return Range(p10=each * 0.5, p50=each, p90=each * 2)
        deciles = quantiles(times, n=10)
        mean, middle = fmean(times), median(times)
        return Range(p10=min(deciles[0], middle, mean), p50=mean, p90=max(deciles[-1], middle, mean))

    def _blended(self, seen: Range, forecast: Forecast) -> Range:
        count = max(0, self._seen - 1)  # the first one tells nothing that the forecast does not know better
        share = count / (count + WEIGHT)
        wide = forecast.seconds
        step = forecast.step_seconds
        low, high = (step * edge / wide.p50 for edge in (wide.p10, wide.p90))
        return Range(
            p10=share * seen.p10 + (1 - share) * low,
            p50=share * seen.p50 + (1 - share) * step,
            p90=share * seen.p90 + (1 - share) * high,
        )


def _besides(forecast: Forecast, steps: int) -> float:
    """Seconds of samples that are still to be drawn, and of the export; nothing after the last step: they are at work."""
    seconds = {stage.stage: stage.seconds for stage in forecast.stages}
    if steps == 0 or not forecast.steps:
        return 0.0
    return seconds.get("sampling", 0.0) * steps / forecast.steps + seconds.get("exporting", 0.0)
