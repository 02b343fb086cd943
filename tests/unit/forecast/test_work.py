"""The time model: what costs more takes longer, and it is near what others publish."""

from __future__ import annotations

from typing import Any

import pytest

from loraloom.forecast.cards import card
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.memory import PlanSize
from loraloom.forecast.work import expected
from loraloom.models.shape import usual_shape
from loraloom.spec.run import RUN, Family

CPU = DeviceFacts("cpu", "cpu", "cpu", 1 << 34, 1 << 34, ("fp32",), 2)
CARD = card("RTX 3090")


def seconds(
    device: DeviceFacts = CARD, family: Family = "sd1", side: int = 512, steps: int = 100, **groups: Any
) -> dict[str, float]:
    dataset = {"path": "pictures", "resolution": side}
    training = {"steps": steps, **groups.pop("training", {})}
    run = RUN.validate_python({"family": family, "dataset": dataset, "training": training, **groups})
    return expected(run, usual_shape(family), PlanSize(steps, (side, side), float(side * side), 20, 20), device)


@pytest.mark.parametrize("device", [CPU, CARD])
def test_more_takes_longer(device: DeviceFacts) -> None:
    step = seconds(device)["step"]
    assert seconds(device, training={"batch_size": 2})["step"] > step
    assert seconds(device, side=576)["step"] > step
    assert seconds(device, lora={"rank": 64})["step"] > step
    assert seconds(device, lora={"targets": "attention+ff+conv"})["step"] > step
    assert seconds(device, training={"gradient_checkpointing": True})["step"] > 1.2 * step
    assert seconds(device, lora={"text_encoder": True})["step"] > step
    assert seconds(device, training={"accumulation": 3})["step"] == pytest.approx(3 * step)


@pytest.mark.parametrize("device", [CPU, CARD])
def test_a_larger_batch_takes_less_for_each_picture_and_its_parts_more(device: DeviceFacts) -> None:
    whole = seconds(device, training={"batch_size": 4})["step"]
    assert whole < 4 * seconds(device)["step"]
    assert seconds(device, training={"batch_size": 4, "micro_batch": 1})["step"] == pytest.approx(
        4 * seconds(device)["step"]
    )


def test_stages_grow_with_what_they_do() -> None:
    none, two = seconds(), seconds(sample={"prompts": ["a"], "every_steps": 10})
    assert none["sampling"] == 0
    assert two["sampling"] == pytest.approx(11 / 2 * seconds(sample={"prompts": ["a"]})["sampling"])
    assert seconds(steps=200)["training"] == pytest.approx(2 * none["training"])
    assert all(none[stage] > 0 for stage in ("loading", "caching", "training", "exporting", "step"))


def test_faster_devices_are_faster() -> None:
    slow, fast = card("RTX 3060"), card("RTX 4090")
    assert seconds(fast)["step"] < seconds(slow)["step"] < seconds(CPU)["step"]
    more = DeviceFacts("cpu", "cpu", "cpu", 1 << 34, 1 << 34, ("fp32",), 8)
    assert seconds(more)["step"] < seconds(CPU)["step"]
    assert seconds(CPU, training={"precision": "bf16"})["step"] > seconds(CPU)["step"]


def test_within_two_of_a_published_time() -> None:
    """The guide of diffusers: 15,000 steps of four pictures, one at a time, in about five hours on an RTX 2080 Ti."""
    settings: dict[str, Any] = {"training": {"accumulation": 4}, "lora": {"rank": 4, "targets": "attention"}}
    assert 0.6 < seconds(card("RTX 2080 Ti"), **settings)["step"] < 2.4
