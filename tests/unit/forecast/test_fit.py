"""Fit to this machine: the fewest changes that fit, what gets faster where there is room, and what `auto` picks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loraloom import presets
from loraloom.forecast.auto import auto_batch, auto_resolution
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.fit import fit
from loraloom.forecast.ladder import applied, at_once
from loraloom.forecast.memory import PlanSize, memory, precision_of
from loraloom.forecast.room import MARGIN
from loraloom.models.resolve import resolve
from loraloom.models.shape import Shape, shape_of, usual_shape
from loraloom.spec.forecast import Fitted, SettingChange, StageMemory
from loraloom.spec.run import NATIVE_RESOLUTION, RUN, Run

GB = 10**9
ALL = ("fp32", "bf16", "fp16")
BASE = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0}


def simple(run: Run, shape: Shape, plan: PlanSize, device: DeviceFacts) -> tuple[StageMemory, ...]:
    """Memory that one can reckon in the head, in GB: base 4 (half in bf16), a picture of 512 x 512 at once 1 (0.25 with
    checkpointing), the optimizer 0.4 (adafactor 0, 8 bits 0.1), the cache 0.2 in memory, a sample of 512 x 512 2."""
    base = BASE[precision_of(run, shape, device)]
    area = plan.largest[0] * plan.largest[1] / 512**2
    picture = area * (0.25 if run.training.gradient_checkpointing else 1.0)
    optimizer = {"adafactor": 0.0, "adamw8bit": 0.1}.get(run.optimizer.name, 0.4)
    cache = 0.2 if run.training.cache == "memory" else 0.0
    side = run.dataset.resolution
    sample = 2 * (run.sample.width or side) * (run.sample.height or side) / 512**2 if run.sample.prompts else 0.0
    held = base + optimizer + cache
    return (
        StageMemory(stage="caching", parts={"base": int(base * GB), "cache": int(cache * GB)}),
        StageMemory(stage="training", parts={"base": int(held * GB), "activations": int(picture * at_once(run) * GB)}),
        StageMemory(stage="sampling", parts={"base": int(held * GB), "working": int(sample * GB)}),
    )


def _device(free: float, kind: Any = "cuda", dtypes: tuple[str, ...] = ALL) -> DeviceFacts:
    """With `free` GB beyond the margin."""
    return DeviceFacts(kind, kind, kind, 64 * GB, int(free * (1 + MARGIN) * GB) + 1, dtypes)


def _run(family: str = "sd1", **groups: Any) -> Run:
    config: dict[str, Any] = {"dataset": {"path": "x", "resolution": 512}, "training": {"steps": 10, "batch_size": 4}}
    for name, group in groups.items():
        config[name] = {**config.get(name, {}), **group}
    return RUN.validate_python({"family": family, **config})


def _plan(run: Run, pictures: int = 20) -> PlanSize:
    side = run.dataset.resolution
    return PlanSize(steps=10, largest=(side, side), mean_pixels=side * side, latents=pictures, captions=pictures)


def _fit(run: Run, device: DeviceFacts, eight: bool = False, **more: Any) -> tuple[Run, Fitted]:
    more = {"memory": simple} | more
    return fit(run, usual_shape(run.family), _plan(run), device, eight_bit=eight, **more)


def _new(fitted: Fitted) -> dict[str, Any]:
    return {change.key: change.new for change in fitted.changes}


def test_what_fits_stays() -> None:
    run = _run()  # 2 + 0.4 + 0.2 + 4 = 6.6
    assert _fit(run, _device(6.6)) == (run, Fitted(changes=(), fits=True))


@pytest.mark.parametrize(
    ("free", "changes"),
    [
        (6.5, {"training.micro_batch": 2}),
        (4.6, {"training.micro_batch": 2}),
        (4.5, {"training.micro_batch": 1, "sample.width": 448, "sample.height": 448}),
        (3.6, {"training.micro_batch": 1, "sample.width": 320, "sample.height": 320}),
    ],
)
def test_down_the_ladder_with_samples_beside_it(free: float, changes: dict[str, Any]) -> None:
    """A sample takes 2 GB beside 2.6: below 4.6 it has to be smaller too."""
    run, fitted = _fit(_run(sample={"prompts": ["a cat"]}), _device(free))
    assert fitted.fits and _new(fitted) == changes
    assert (run.training.batch_size, run.training.accumulation) == (4, 1)


@pytest.mark.parametrize(
    ("free", "changes"),
    [
        (4.6, {"training.micro_batch": 2}),
        (3.6, {"training.micro_batch": 1}),
        (3.5, {"training.micro_batch": 2, "training.gradient_checkpointing": True}),
        (2.9, {"training.micro_batch": 1, "training.gradient_checkpointing": True}),
        (2.7, {"training.micro_batch": 1, "training.gradient_checkpointing": True, "training.cache": "disk"}),
        (2.5, {"training.gradient_checkpointing": True, "training.micro_batch": 1, "optimizer.name": "adafactor"}),
    ],
)
def test_the_fewest_changes(free: float, changes: dict[str, Any]) -> None:
    """What a later rung made needless is taken back: with checkpointing two pictures go at once again."""
    run, fitted = _fit(_run(), _device(free))
    assert fitted.fits and _new(fitted) == changes
    assert max(stage.bytes for stage in simple(run, usual_shape("sd1"), _plan(run), _device(free))) <= free * GB + 1


def test_checkpointing_can_make_it_needless_to_split_batches() -> None:
    """One of three pictures at once is 3.6, all three with checkpointing 3.35."""
    assert _new(_fit(_run(training={"batch_size": 3}), _device(3.5))[1]) == {"training.gradient_checkpointing": True}


def test_as_many_pictures_at_once_as_fit() -> None:
    """Room for 5 of 16 pictures: halving finds 4, with or without checkpointing."""
    assert _new(_fit(_run(training={"batch_size": 16}), _device(7.6))[1]) == {"training.micro_batch": 4}
    kept = _run(training={"batch_size": 16, "micro_batch": 8, "gradient_checkpointing": True})
    assert _new(_fit(kept, _device(3.7))[1]) == {"training.micro_batch": 4}


def test_eight_bits_come_first_on_cuda() -> None:
    run = _run(training={"gradient_checkpointing": True})  # 2.6 + 1 = 3.6
    assert _new(_fit(run, _device(3.3), eight=True)[1]) == {"optimizer.name": "adamw8bit"}
    assert _new(_fit(run, _device(3.3), eight=False)[1]) == {"training.micro_batch": 2}
    on_cpu = _device(5.3, "cpu", ("fp32",))
    assert "optimizer.name" not in _new(_fit(run, on_cpu, eight=True)[1])
    prodigy = _run(training={"gradient_checkpointing": True}, optimizer={"name": "prodigy", "learning_rate": 1})
    assert _new(_fit(prodigy, _device(3.3), eight=True)[1]) == {"training.micro_batch": 2}


def test_eight_bits_that_do_not_help_are_not_asked_for() -> None:
    assert _new(_fit(_run(), _device(4.6), eight=True)[1]) == {"training.micro_batch": 2}


@pytest.mark.parametrize(
    ("wanted", "kind", "dtypes", "new", "code"),
    [
        ("fp32", "cuda", ("fp32", "bf16", "fp16"), "bf16", "precision_fast"),
        ("bf16", "cuda", ("fp32", "fp16"), "fp16", "precision_fast"),
        ("fp16", "cpu", ("fp32",), "fp32", "precision_cuda"),
        ("bf16", "cpu", ("fp32",), "fp32", "precision_fast"),
        ("auto", "cuda", ("fp32", "fp16"), None, ""),
        ("bf16", "cuda", ("fp32", "bf16", "fp16"), None, ""),
    ],
)
def test_precision(wanted: str, kind: str, dtypes: tuple[str, ...], new: str | None, code: str) -> None:
    """What is fast on the device, whatever is free."""
    _, fitted = _fit(_run(training={"precision": wanted}), _device(30, kind, dtypes))
    assert [(change.key, change.new, change.code) for change in fitted.changes] == (
        [("training.precision", new, code)] if new else []
    )


def test_the_resolution_only_where_it_may() -> None:
    low = _device(2.15)
    run, fitted = _fit(_run(), low)
    assert not fitted.fits and run.dataset.resolution == 512
    assert {"training.micro_batch", "training.gradient_checkpointing", "training.cache"} <= set(_new(fitted))
    run, fitted = _fit(_run(training={"lower_resolution": True}), low)
    assert fitted.fits and run.dataset.resolution == 384  # 0.25 * 0.56 = 0.14


def test_samples_are_given_up_last() -> None:
    """0.5 GB for one of 256 pixels is too much: none is drawn."""
    run, fitted = _fit(_run(sample={"prompts": ["a", "b"]}), _device(2.4))
    assert fitted.fits and run.sample.prompts == ()
    assert [change.code for change in fitted.changes if change.key == "sample.prompts"] == ["samples_none"]


def test_a_preset_for_small_cards_gets_faster_on_a_large_one() -> None:
    small = _run(training={"gradient_checkpointing": True, "micro_batch": 1, "accumulation": 3})
    run, fitted = _fit(small, _device(20))
    assert _new(fitted) == {"training.gradient_checkpointing": False, "training.micro_batch": None}
    assert {change.code for change in fitted.changes} == {"checkpointing_off", "micro_batch_off"}
    assert (run.training.batch_size, run.training.accumulation) == (4, 3)


def test_only_with_ample_room() -> None:
    """All at once without checkpointing is 6.6: that it just fits is not enough; one at a time, 3.6, has room."""
    small = _run(training={"gradient_checkpointing": True, "micro_batch": 1})
    assert _new(_fit(small, _device(6.7))[1]) == {"training.gradient_checkpointing": False}
    assert _new(_fit(small, _device(3.7))[1]) == {}
    assert _new(_fit(small, _device(4.2))[1]) == {"training.gradient_checkpointing": False}


def test_each_change_says_why() -> None:
    _, fitted = _fit(_run(), _device(2.9))
    micro, checkpointing = fitted.changes
    assert (micro.old, micro.new, micro.code) == (None, 1, "micro_batch_lowered")
    assert micro.message == "1 of 4 pictures at once: 3.6 GB instead of 6.6 GB. The batch stays what it is."
    assert micro.values["before"] == 6_600_000_000 and micro.values["after"] == 3_600_000_000
    assert (checkpointing.old, checkpointing.new, checkpointing.code) == (False, True, "checkpointing_on")
    assert checkpointing.values["before"] == 3_600_000_000 and "2.9 GB instead of 3.6 GB" in checkpointing.message
    assert SettingChange.model_validate_json(micro.model_dump_json()) == micro


# -- auto ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("free", "batch"), [(3.59, 1), (3.6, 1), (4.6, 2), (5.5, 2), (9.6, 7), (2.0, 1), (60.0, 20)])
def test_auto_batch(free: float, batch: int) -> None:
    """The largest that fits, not more than there are pictures, one where nothing fits."""
    run = _run(training={"micro_batch": 1})
    assert auto_batch(run, usual_shape("sd1"), _plan, _device(free), memory=simple) == batch


@pytest.mark.parametrize(
    ("dataset", "pictures", "most"), [({}, 500, 64), ({"repeats": 3}, 10, 30), ({"flip": True}, 30, 15), ({}, 1, 1)]
)
def test_auto_batch_is_an_epoch_at_most(dataset: dict[str, Any], pictures: int, most: int) -> None:
    """Mirrored pictures are latents, not pictures more in an epoch."""
    run = _run(dataset=dataset)
    found = auto_batch(run, usual_shape("sd1"), lambda r: _plan(r, pictures), _device(900.0), memory=simple)
    assert found == most


def test_auto_batch_is_the_fullest_bucket_at_most() -> None:
    """No batch would ever be larger."""
    found = auto_batch(
        _run(), usual_shape("sd1"), lambda run: replace(_plan(run), crowd=7), _device(900.0), memory=simple
    )
    assert found == 7


@pytest.mark.parametrize(
    ("family", "free", "side"),
    [
        ("sd1", 9.0, 512),
        ("sd1", 2.84, 448),
        ("sd1", 1.0, 256),
        ("sdxl", 3.6, 1024),
        ("sdxl", 3.2, 768),
        ("sd2", 9.0, 768),
    ],
)
def test_auto_resolution(family: str, free: float, side: int) -> None:
    """The base's own, or the next lower one that fits with one picture at a time and checkpointing."""
    run = _run(family, dataset={"resolution": NATIVE_RESOLUTION[family]})  # pyright: ignore[reportArgumentType]
    assert auto_resolution(run, usual_shape(run.family), _plan, _device(free), memory=simple) == side


def test_auto_resolution_of_the_built_in_base() -> None:
    shape = shape_of(resolve("thimble"))
    assert auto_resolution(_run(), shape, _plan, _device(9.0), memory=simple) == 64
    assert auto_resolution(_run(), shape, _plan, _device(0.1), memory=simple) == 64


def test_processes_share_a_batch() -> None:
    """Each computes its part at once; what is said to be lowered is less than that."""
    run, shape = _run(training={"processes": 2, "batch_size": 8}), usual_shape("sd1")
    assert at_once(run) == 4 and run.training.passes(8) == 1
    changed, fitted = fit(run, shape, _plan(run), _device(2 + 0.4 + 0.2 + 4.1), memory=simple, eight_bit=False)
    assert changed == run and fitted.changes == () and fitted.fits
    changed, fitted = fit(run, shape, _plan(run), _device(2 + 0.4 + 0.2 + 2.1), memory=simple, eight_bit=False)
    assert at_once(changed) == 2 and changed.training.passes(8) == 2 and fitted.fits
    alone = applied(run, {"training.processes": 1, "training.batch_size": 4})
    assert memory(run, shape, _plan(run), _device(9)) == memory(alone, shape, _plan(alone), _device(9))


# -- with the memory model itself ---------------------------------------------------------------------------------------

PRESETS = [
    (name, family) for name in presets.names() for family in presets.read(name).families if family != "causal_lm"
]


def _preset(name: str, family: str) -> Run:
    settings = presets.read(name).settings
    dataset = {"path": "x", "resolution": NATIVE_RESOLUTION[family]} | settings.get("dataset", {})  # pyright: ignore[reportArgumentType]
    return RUN.validate_python({**settings, "family": family, "dataset": dataset})


@pytest.mark.parametrize(("name", "family"), PRESETS)
@pytest.mark.parametrize("free", [5.0, 11.0, 23.0])
def test_what_fits_does_so_by_the_model_and_stays(name: str, family: str, free: float) -> None:
    """The settings that come out fit with the margin, and fitting them again changes nothing."""
    run = _preset(name, family)
    shape, device = usual_shape(run.family), DeviceFacts("cuda:0", "a card", "cuda", 64 * GB, int(free * GB), ALL)
    changed, fitted = fit(run, shape, _plan(run), device, eight_bit=True)
    peak = max(stage.bytes for stage in memory(changed, shape, _plan(changed), device))
    assert fitted.fits == (peak * (1 + MARGIN) <= device.memory_free)
    assert (changed.training.batch_size, changed.training.accumulation) == (
        run.training.batch_size,
        run.training.accumulation,
    )
    if fitted.fits:
        again, nothing = fit(changed, shape, _plan(changed), device, eight_bit=True)
        assert again == changed and nothing.changes == ()


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_one_more_than_auto_does_not_fit(family: str) -> None:
    resolution = NATIVE_RESOLUTION[family]  # pyright: ignore[reportArgumentType]
    run = _run(family, dataset={"resolution": resolution}, training={"gradient_checkpointing": True})
    shape, found = usual_shape(run.family), []
    for free in (12, 18, 24):
        device = DeviceFacts("cuda:0", "a card", "cuda", 64 * GB, free * GB, ALL)
        batch = auto_batch(run, shape, lambda one: _plan(one, 100), device)
        more = applied(run, {"training.batch_size": batch + 1})
        peak = max(stage.bytes for stage in memory(more, shape, _plan(more, 100), device))
        assert batch == 64 or peak * (1 + MARGIN) > device.memory_free
        found.append(batch)
    assert found == sorted(found) and found[0] < found[-1]
