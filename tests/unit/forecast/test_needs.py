"""What presets need: on every class of card and without one, from the memory model."""

from __future__ import annotations

from itertools import pairwise

import pytest
from pydantic import ValidationError

from loraloom import presets
from loraloom.forecast.needs import CLASSES, GIB, TAKEN, Need, needs
from loraloom.models.resolve import resolve
from loraloom.models.shape import shape_of
from loraloom.models.text_shape import usual_text_shape
from loraloom.spec.run import Family

FOR_CARDS = [
    (name, family)
    for name in presets.names()
    for family in presets.read(name).families
    if presets.read(name).memory and family != "causal_lm"
]
FOR_TEXTS = [name for name in presets.names() if "causal_lm" in presets.read(name).families]
FOR_LAPTOPS = [name for name in presets.names() if not presets.read(name).memory and name not in FOR_TEXTS]


def _needs(name: str, family: Family) -> tuple[Need, ...]:
    return needs(presets.read(name).settings, family)


def test_there_are_some() -> None:
    assert len(FOR_CARDS) >= 18 and len(FOR_LAPTOPS) >= 4 and len(FOR_TEXTS) >= 5


@pytest.mark.parametrize(("name", "family"), FOR_CARDS)
def test_every_class_is_answered(name: str, family: Family) -> None:
    found = _needs(name, family)
    assert [need.gigabytes for need in found] == [*CLASSES, None]
    cards = found[:-1]
    for smaller, larger in pairwise(cards):
        assert larger.fits or not smaller.fits
    for need in cards:
        assert need.gigabytes is not None
        assert need.fits == (need.peak_bytes * 1.16 < need.gigabytes * GIB - TAKEN)
        assert all(change.message and change.old != change.new for change in need.changes)


@pytest.mark.parametrize(("name", "family"), FOR_CARDS)
def test_it_fits_where_the_preset_says(name: str, family: Family) -> None:
    """A preset for several families says from which card on it fits the smaller ones; SDXL from 12 GB, or what it says."""
    preset = presets.read(name)
    fits = {need.gigabytes for need in _needs(name, family) if need.fits}
    said = preset.memory if preset.families == (family,) or family != "sdxl" else [s for s in preset.memory if s >= 12]
    assert set(said) <= fits


@pytest.mark.parametrize("size", [24, 48])
def test_batch_4_at_512_stays_on_24_gb(size: int) -> None:
    settings = {"training": {"epochs": 10, "batch_size": 4, "precision": "bf16"}, "lora": {"rank": 16}}
    need = next(need for need in needs(settings, "sd1") if need.gigabytes == size)
    assert need.fits and need.changes == ()


def test_less_goes_down_the_ladder() -> None:
    settings = {"training": {"epochs": 10, "batch_size": 4}}
    found = {need.gigabytes: need for need in needs(settings, "sd1")}
    keys = [change.key for change in found[6].changes]
    assert found[6].fits and keys[0] == "training.micro_batch"
    assert all(change.key != "training.batch_size" for need in found.values() for change in need.changes)


@pytest.mark.parametrize("name", FOR_LAPTOPS)
def test_laptop_presets_need_next_to_nothing(name: str) -> None:
    settings = presets.read(name).settings
    settings = settings | {"dataset": {"resolution": 64} | settings.get("dataset", {})}
    computer = needs(settings, "sd1", shape_of(resolve("thimble")))[-1]
    assert computer.gigabytes is None and computer.fits and computer.changes == ()
    assert computer.peak_bytes < 2 * GIB


@pytest.mark.parametrize("name", FOR_TEXTS)
def test_presets_for_texts_fit_where_they_say(name: str) -> None:
    """With a model of 1 B; a preset for any machine with the small one on a computer without a card."""
    preset = presets.read(name)
    fits = {need.gigabytes for need in needs(preset.settings, "causal_lm") if need.fits}
    assert set(preset.memory) <= fits
    computer = needs(preset.settings, "causal_lm", usual_text_shape("smollm2-135m"))[-1]
    assert computer.gigabytes is None and computer.fits


def test_it_is_reckoned_once() -> None:
    settings = presets.read("style-sd1").settings
    assert needs(settings, "sd1") is needs(dict(reversed(settings.items())), "sd1")
    assert needs(settings, "sd1") is not needs(settings, "sd2")


def test_settings_that_make_no_run() -> None:
    with pytest.raises(ValidationError):
        needs({"training": {"epochs": 0}}, "sd1")
