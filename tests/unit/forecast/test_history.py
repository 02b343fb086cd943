"""Learning from finished runs, on runs whose truth is known because it is made here."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest

from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.features import features
from loraloom.forecast.history import PROBE_SPREAD, Predicted, learn, probe_spread
from loraloom.forecast.kernels import KERNELS
from loraloom.forecast.memory import PlanSize
from loraloom.models.shape import usual_shape
from loraloom.spec.forecast import Forecast, Outcome, Range
from loraloom.spec.run import RUN

CPU = "Processor, 2 threads"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PICTURE = 64 * 64


def _outcome(random_: random.Random, index: int, noise: float = 0.05, outliers: float = 0.0, **changed: Any) -> Outcome:
    """A run of a machine whose step takes a + b * work, 50 % slower than the model thinks and with a cost of each call that
    the model has not heard of; it holds 0.14 GB more than the model thinks, and 20 % more for the pictures."""
    base = random_.choice(["thimble", "large"])
    size = 1.0 if base == "thimble" else 8.0
    batch, calls = random_.choice([1, 2, 4, 8]), random_.choice([1, 1, 2, 4])
    pixels, rank = random_.choice([64, 96, 128, 192]) ** 2, random_.choice([4, 16, 64])
    checkpointing, bf16 = random_.random() < 0.3, base == "large" and random_.random() < 0.3
    pictures = batch * pixels / PICTURE * size
    work = calls * pictures * (1.33 if checkpointing else 1)
    speed = (0.7 if bf16 else 1) * (1.1 if checkpointing else 1) * (1 + rank / 500)
    step = calls * 0.03 * math.sqrt(size) + work * 0.075 * speed
    held = pictures * 30e6 * (0.4 if checkpointing else 1)
    off = math.exp(random_.gauss(0, noise)) * (3 if random_.random() < outliers else 1)
    values: dict[str, Any] = {
        "id": f"run {index}",
        "name": "lora",
        "time": (BEGIN + timedelta(hours=index)).isoformat(),
        "device": CPU,
        "family": "sd1",
        "base_model": base,
        "features": {
            "log_micro": math.log(batch),
            "log_calls": math.log(calls),
            "log_pixels": math.log(pixels),
            "log_rank": math.log(rank),
            "checkpointing": float(checkpointing),
            "bf16": float(bf16),
        },
        "expected": {
            "loading": 2 + size,
            "step": work * 0.05,
            "peak_memory_bytes": 600e6 + size * 40e6 + held,
        },
        "took": {
            "loading": 5 + size * math.exp(random_.gauss(0, noise)),
            "step": step * off,
            "peak_memory_bytes": (740e6 + size * 47e6 + held * 1.2) * math.exp(random_.gauss(0, 0.01)),
        },
    }
    return Outcome.model_validate(values | changed)


def _predict(past: Sequence[Outcome], asked: Outcome) -> Predicted:
    learned = learn(past, CPU)
    assert learned is not None
    return learned.predict(asked.features, asked.expected, asked.family, asked.base_model)


def _judge(runs: int, outliers: float, key: str) -> tuple[float, float, float]:
    """Median error of the model alone, of what was learned from `runs`, and the share of fresh runs inside the range."""
    alone: list[float] = []
    errors: list[float] = []
    inside: list[bool] = []
    for seed in range(8):
        random_ = random.Random(seed)
        past = [_outcome(random_, index, outliers=outliers) for index in range(runs)]
        for _ in range(10):
            fresh = _outcome(random_, runs, outliers=outliers)
            predicted = _predict(past, fresh)
            told = predicted.peak_memory_bytes if key == "peak_memory_bytes" else predicted.seconds[key]
            truth = fresh.took[key]
            alone.append(abs(fresh.expected[key] / truth - 1))
            errors.append(abs(told.p50 / truth - 1))
            inside.append(told.p10 <= truth <= told.p90)
    return median(alone), median(errors), sum(inside) / len(inside)


@pytest.mark.parametrize(("runs", "better"), [(1, 2), (3, 2.5), (20, 5)])
def test_time_is_learned(runs: int, better: float) -> None:
    """One run corrects the level, more the rest: so many times better than the model, and ranges that hold."""
    alone, error, inside = _judge(runs, 0.0, "step")
    assert error < alone / better
    assert inside >= 0.75


def test_time_is_learned_among_outliers() -> None:
    """Every tenth run took three times as long, and so do the fresh ones."""
    alone, error, inside = _judge(20, 0.1, "step")
    assert error < alone / 3
    assert inside >= 0.75


@pytest.mark.parametrize(("runs", "most"), [(1, 0.08), (3, 0.05), (20, 0.02)])
def test_memory_is_learned(runs: int, most: float) -> None:
    """The model lacks an addend and a factor; both are found."""
    alone, error, inside = _judge(runs, 0.0, "peak_memory_bytes")
    assert error < most < alone
    assert inside >= 0.75


def test_an_outlier_moves_nothing() -> None:
    """One run among eleven took ten times as long; what is forecast for one like it stays what it was, to a few percent."""
    random_ = random.Random(1)
    past = [_outcome(random_, index, noise=0.02) for index in range(10)]
    asked = past[4]
    slow = asked.model_copy(update={"id": "slow", "took": {**asked.took, "step": asked.took["step"] * 10}})
    before, after = (_predict(some, asked).seconds["step"].p50 for some in (past, [*past, slow]))
    assert after == pytest.approx(before, rel=0.1)


def test_only_runs_on_the_same_device_count() -> None:
    """A faster machine's runs change no digit; without any of its own there is nothing."""
    random_ = random.Random(2)
    own = [_outcome(random_, index) for index in range(3)]
    others = [_outcome(random_, index, device="Card", took={"step": 1e-3}) for index in range(20)]
    asked = _outcome(random_, 30)
    assert _predict([*others, *own], asked) == _predict(own, asked)
    assert _predict(own, asked).runs == 3
    assert learn(others, CPU) is None


def test_the_same_base_counts_more() -> None:
    """Two bases that the model misjudges differently are told apart after one run each."""
    random_ = random.Random(3)
    model = _outcome(random_, 0)
    slow = {"step": model.expected["step"] * 2}
    fast = {"step": model.expected["step"] / 2}
    past = [
        model.model_copy(update={"id": "a", "base_model": "slow", "took": slow}),
        model.model_copy(update={"id": "b", "base_model": "fast", "took": fast}),
    ]
    told = {base: _predict(past, model.model_copy(update={"base_model": base})) for base in ("slow", "fast")}
    assert told["slow"].seconds["step"].p50 > told["fast"].seconds["step"].p50 * 1.5


def test_newer_runs_count_more() -> None:
    """A machine became twice as fast: ten runs later the forecast follows it, not the mean of all."""
    random_ = random.Random(4)
    past: list[Outcome] = []
    for index in range(40):
        one = _outcome(random_, index * 24, noise=0.02)
        faster = {name: value / 2 if name == "step" else value for name, value in one.took.items()}
        past.append(one.model_copy(update={"took": faster}) if index >= 30 else one)
    asked = _outcome(random_, 1000, noise=0)
    error = math.log(_predict(past, asked).seconds["step"].p50 / (asked.took["step"] / 2))
    assert abs(error) < math.log(2) / 4


def test_ranges_grow_outside_what_was_seen() -> None:
    """Twenty runs of small pictures say less of large ones."""
    random_ = random.Random(5)
    past = [one for index in range(80) if (one := _outcome(random_, index)).features["log_pixels"] < math.log(128**2)]
    inside = past.pop()
    far = inside.model_copy(
        update={
            "features": {**inside.features, "log_pixels": math.log(1024**2)},
            "expected": {name: value * 80 for name, value in inside.expected.items()},
        }
    )

    def width(asked: Outcome) -> float:
        step = _predict(past, asked).seconds["step"]
        return step.p90 / step.p10

    assert len(past) > 20
    assert width(far) > width(inside) * 1.2


def test_what_takes_nothing_takes_nothing() -> None:
    """No samples were asked for, then or now: nothing is learned and nothing is said of them."""
    random_ = random.Random(6)
    past = [_outcome(random_, index) for index in range(3)]
    assert _predict(past, _outcome(random_, 4)).seconds["sampling"] == Range(p10=0, p50=0, p90=0)


def test_what_was_never_seen_is_the_models_with_a_wide_range() -> None:
    """Runs without samples say nothing about the time of samples."""
    random_ = random.Random(7)
    past = [_outcome(random_, index) for index in range(3)]
    asked = _outcome(random_, 4)
    sampling = _predict(past, asked.model_copy(update={"expected": {**asked.expected, "sampling": 10}})).seconds[
        "sampling"
    ]
    assert sampling.p50 == pytest.approx(10)
    assert sampling.p90 > 20


def _probed(off: float) -> Outcome:
    seconds = Range(p10=90, p50=100, p90=110)
    told = Forecast(
        steps=1,
        seconds=seconds,
        peak_memory_bytes=seconds,
        stages=(),
        step_seconds=1,
        disk_bytes=0,
        free_memory_bytes=0,
        source="probe",
        device=CPU,
        fits=True,
    )
    return _outcome(random.Random(0), 0, took={"training": 100 * off, "step": 1.0}, told=told)


def test_spread_of_probes() -> None:
    """As expected without runs, narrower after good ones, wider after bad ones, and one bad one does not break it."""
    assert probe_spread([], CPU) == pytest.approx(PROBE_SPREAD)
    good = [_probed(1.02), _probed(0.99)] * 10
    bad = [_probed(1.3), _probed(0.8)] * 10
    assert probe_spread(good, CPU) < PROBE_SPREAD * 0.6
    assert probe_spread(bad, CPU) > PROBE_SPREAD * 1.5
    assert probe_spread([*good, _probed(50)], CPU) < PROBE_SPREAD
    assert probe_spread(bad, "another") == pytest.approx(PROBE_SPREAD)


def _features(**groups: Any) -> dict[str, float]:
    config: dict[str, Any] = {"family": "sd1", "dataset": {"path": "d"}, "training": {"steps": 10, "batch_size": 4}}
    for name, group in groups.items():
        config[name] = {**config.get(name, {}), **group}
    plan = PlanSize(steps=10, largest=(512, 512), mean_pixels=2.0**18, latents=20, captions=20)
    device = DeviceFacts("cpu", CPU, "cpu", 2**34, 2**34, ("fp32",), 2)
    return features(RUN.validate_python(config), usual_shape("sd1"), plan, device)


@pytest.mark.parametrize(
    ("group", "setting", "value", "changed"),
    [
        ("training", "batch_size", 8, {"log_batch", "log_micro"}),
        ("training", "micro_batch", 1, {"log_micro", "log_calls"}),
        ("training", "accumulation", 3, {"log_calls"}),
        ("training", "gradient_checkpointing", True, {"checkpointing"}),
        ("training", "precision", "bf16", {"bf16"}),
        ("training", "cache", "disk", {"disk_cache"}),
        ("lora", "rank", 64, {"log_rank"}),
        ("lora", "targets", "attention+ff+conv", {"convolutions"}),
        ("lora", "targets", "attention", {"feed_forward"}),
        ("lora", "dora", True, {"dora"}),
        ("lora", "text_encoder", True, {"text_encoder"}),
        ("optimizer", "name", "lion", {"other_optimizer"}),
        ("sample", "prompts", ["a", "b"], {"log_prompts"}),
    ],
)
def test_features(group: str, setting: str, value: Any, changed: set[str]) -> None:
    """What makes a run longer or larger is seen, each by itself."""
    usual, other = _features(), _features(**{group: {setting: value}})
    assert usual.keys() == other.keys()
    assert {name for name in usual if usual[name] != other[name]} == changed


def test_every_feature_that_is_learned_from_is_there() -> None:
    """A kernel that names a feature nobody makes would learn nothing from it."""
    made = {*_features(), "log_expected", "gigabyte_share", "log_call"}
    for name, kernel in KERNELS.items():
        bend = {kernel.bend[0]} if kernel.bend else set[str]()
        assert kernel.linear.keys() | bend <= made, name
