"""The rungs: which setting is lowered next, and what never changes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from loraloom.forecast.ladder import applied, at_once, next_rung
from loraloom.spec.event import Stage
from loraloom.spec.run import RUN, Run


def _run(family: str = "sd1", **groups: Any) -> Run:
    config: dict[str, Any] = {"dataset": {"path": "x", "resolution": 512}, "training": {"steps": 10, "batch_size": 8}}
    for name, group in groups.items():
        config[name] = {**config.get(name, {}), **group}
    return RUN.validate_python({"family": family, **config})


def _descend(run: Run, kind: str = "cuda", **how: Any) -> list[tuple[str, Any, Any]]:
    rungs: list[tuple[str, Any, Any]] = []
    while (rung := next_rung(run, kind, **how)) is not None:
        rungs.append(rung)
        run = applied(run, {rung[0]: rung[2]})
        assert len(rungs) < 50, "it never ends"
    return rungs


def test_the_order() -> None:
    """Pictures at once, then checkpointing, then the cache, then the optimizer; the resolution only where it may be."""
    assert _descend(_run(), eight_bit=False) == [
        ("training.micro_batch", 8, 4),
        ("training.micro_batch", 4, 2),
        ("training.micro_batch", 2, 1),
        ("training.gradient_checkpointing", False, True),
        ("training.cache", "memory", "disk"),
        ("optimizer.name", "adamw", "adafactor"),
    ]


def test_the_effective_batch_stays() -> None:
    run = _run(training={"batch_size": 6, "accumulation": 3, "lower_resolution": True})
    for key, _, new in _descend(run):
        run = applied(run, {key: new})
    assert (run.training.batch_size, run.training.accumulation, at_once(run)) == (6, 3, 1)


@pytest.mark.parametrize(
    ("batch", "micro", "first"),
    [(8, None, (8, 4)), (8, 6, (6, 3)), (5, None, (5, 2)), (2, 8, (8, 1)), (4, 3, (3, 1))],
)
def test_pictures_at_once(batch: int, micro: int | None, first: tuple[int, int]) -> None:
    """Halved from what is really computed at once: a micro batch above the batch counts as the batch."""
    run = _run(training={"batch_size": batch, "micro_batch": micro})
    assert next_rung(run, "cpu") == ("training.micro_batch", *first)


def test_hard_goes_to_one_at_once() -> None:
    assert next_rung(_run(), "cpu", hard=True) == ("training.micro_batch", 8, 1)


@pytest.mark.parametrize(
    ("name", "kind", "eight_bit", "new"),
    [
        ("adamw", "cuda", True, "adamw8bit"),
        ("adamw", "cuda", False, "adafactor"),
        ("adamw", "cpu", True, "adafactor"),
        ("adamw", "mps", True, "adafactor"),
        ("adamw_schedulefree", "cuda", True, "adamw8bit"),
        ("prodigy", "cuda", True, None),
        ("lion", "cuda", True, None),
        ("adafactor", "cuda", True, None),
        ("adamw8bit", "cuda", True, None),
    ],
)
def test_the_optimizer(name: str, kind: str, eight_bit: bool, new: str | None) -> None:
    rungs = {key: to for key, _, to in _descend(_run(optimizer={"name": name}), kind, eight_bit=eight_bit)}
    assert rungs.get("optimizer.name") == new


@pytest.mark.parametrize(
    ("family", "start", "steps"),
    [
        ("sd1", 512, [448, 384, 320, 256]),
        ("sd1", 520, [512, 448, 384, 320, 256]),
        ("sd2", 768, [704, 640, 576, 512, 448, 384]),
        ("sdxl", 1024, [960, 896, 832, 768, 704, 640, 576, 512]),
        ("sd1", 128, [64]),
        ("sd1", 64, []),
        ("sd1", 256, []),
    ],
)
def test_the_resolution(family: str, start: int, steps: list[int]) -> None:
    run = _run(family, dataset={"resolution": start}, training={"lower_resolution": True})
    assert [new for key, _, new in _descend(run) if key == "dataset.resolution"] == steps


@pytest.mark.parametrize(
    ("stage", "keys"),
    [
        ("loading", []),
        ("caching", ["training.cache", "dataset.resolution"]),
        ("sampling", ["sample.prompts", "training.cache", "dataset.resolution"]),
        ("exporting", []),
    ],
)
def test_what_helps_each_stage(stage: Stage, keys: list[str]) -> None:
    """Fewer pictures at once are no help where pictures go one by one."""
    run = _run(training={"lower_resolution": True}, sample={"prompts": ["a cat"]})
    assert list(dict.fromkeys(key for key, _, _ in _descend(run, stage=stage))) == keys


def test_a_length_replaces_the_other() -> None:
    run = _run()
    assert applied(run, {"training.epochs": 3}).training.steps is None
    assert applied(run, {"training.steps": 7}).training.steps == 7
    assert applied(run, {"training.steps": 7, "training.epochs": None}).training.steps == 7
    assert applied(run, {"lora.rank": 4}).training.steps == 10


def test_a_wrong_value_is_refused() -> None:
    with pytest.raises(ValidationError):
        applied(_run(), {"training.micro_batch": 0})
    with pytest.raises(ValidationError):
        applied(_run(), {"training.micro_bach": 2})
