"""The memory model: what lies where in which stage, and what raises or lowers it."""

from __future__ import annotations

from typing import Any

import pytest

from loraloom.forecast.cards import card, cards
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.lora import adapted, parameters, state_bytes
from loraloom.forecast.memory import RUNTIME, PlanSize, batch_of, memory, precision_of, reported, size_of
from loraloom.models.resolve import resolve
from loraloom.models.shape import Shape, shape_of, usual_shape
from loraloom.spec.dataset import Bucket, Image, Plan
from loraloom.spec.forecast import StageMemory
from loraloom.spec.run import RUN, Family, Run
from tools import memory_tables

GB = 1 << 30
CPU = DeviceFacts("cpu", "cpu", "cpu", 16 * GB, 12 * GB, ("fp32",), 2)
CARD = card("RTX 3090")


def run(family: Family = "sd1", side: int = 512, **groups: Any) -> Run:
    training = {"steps": 100, **groups.pop("training", {})}
    dataset = {"path": "pictures", "resolution": side}
    return RUN.validate_python({"family": family, "dataset": dataset, "training": training, **groups})


def plan(side: int = 512) -> PlanSize:
    return PlanSize(100, (side, side), float(side * side), 20, 20)


def stages(device: DeviceFacts, family: Family = "sd1", side: int = 512, **groups: Any) -> dict[str, StageMemory]:
    found = memory(run(family, side, **groups), usual_shape(family), plan(side), device)
    return {stage.stage: stage for stage in found}


def peak(device: DeviceFacts = CARD, family: Family = "sd1", side: int = 512, **groups: Any) -> int:
    return max(stage.bytes for stage in stages(device, family, side, **groups).values())


def test_the_stages_in_their_order() -> None:
    assert list(stages(CARD)) == ["loading", "caching", "training", "sampling", "exporting"]
    assert stages(CARD)["sampling"].bytes == 0
    assert stages(CARD, sample={"prompts": ["a"]})["sampling"].bytes > 0


def test_a_checkpoint_on_its_way_takes_the_machines_memory() -> None:
    """Copies of what trains and of the optimizer's two moments, the larger file twice more: seven times the adapter."""
    found = stages(CPU, lora={"rank": 64})["exporting"]
    assert found.parts["working"] == 7 * found.parts["adapter"]
    assert stages(CARD)["exporting"].bytes == 0
    often = stages(CPU, lora={"rank": 64}, checkpoints={"every_steps": 2})["training"]
    once = stages(CPU, lora={"rank": 64})["training"]
    assert often.bytes - once.bytes == found.parts["working"]


def test_a_card_holds_the_base_in_half_and_the_vae_only_where_it_works() -> None:
    found, shape = stages(CARD, sample={"prompts": ["a"]}), usual_shape("sd1")
    unet, vae = shape.parameters["unet"] * 2, shape.parameters["vae"] * 4
    assert found["caching"].parts["base"] == vae
    assert found["training"].parts["base"] == unet
    assert found["sampling"].parts["base"] == unet + vae


def test_text_encoders_stay_where_they_train_or_captions_vary() -> None:
    text = usual_shape("sd1").parameters["text_encoder"] * 2
    plain = stages(CARD)["training"].parts["base"]
    assert stages(CARD, lora={"text_encoder": True})["training"].parts["base"] == plain + text
    assert stages(CARD, caption={"shuffle": True})["training"].parts["base"] == plain + text


@pytest.mark.parametrize("device", [CPU, CARD])
def test_more_takes_more(device: DeviceFacts) -> None:
    least = peak(device)
    assert peak(device, training={"batch_size": 2}) > least
    assert peak(device, side=640) > least
    assert peak(device, lora={"rank": 64}) > least
    assert peak(device, lora={"targets": "attention+ff+conv"}) > least > peak(device, lora={"targets": "attention"})
    assert peak(device, lora={"text_encoder": True}) > least
    assert peak(device, training={"ema": 0.99}) > least
    assert peak(device, optimizer={"name": "prodigy"}) > least > peak(device, optimizer={"name": "lion"})


@pytest.mark.parametrize("device", [CPU, CARD])
def test_what_saves_memory(device: DeviceFacts) -> None:
    full = peak(device, training={"batch_size": 4})
    assert peak(device, training={"batch_size": 4, "gradient_checkpointing": True}) < full
    assert peak(device, training={"batch_size": 4, "micro_batch": 1}) == peak(device)
    assert peak(device, training={"batch_size": 4, "accumulation": 4}) == full
    assert peak(CARD, training={"precision": "bf16"}) < peak(CARD, training={"precision": "fp32"})


def test_a_batch_is_no_larger_than_the_fullest_bucket() -> None:
    small = PlanSize(10, (64, 64), 4096.0, 3, 3, crowd=3)
    assert batch_of(run(training={"batch_size": 8}), small) == 3
    assert batch_of(run(training={"batch_size": 8, "micro_batch": 2}), small) == 2


def test_loom_reports_a_card_without_its_context() -> None:
    found = memory(run(), usual_shape("sd1"), plan(), CARD)
    assert max(stage.bytes for stage in found) - reported(found, CARD) == RUNTIME["cuda"]
    on_cpu = memory(run(), usual_shape("sd1"), plan(), CPU)
    assert max(stage.bytes for stage in on_cpu) == reported(on_cpu, CPU)


def test_precision_is_chosen_as_training_does() -> None:
    large, small = usual_shape("sd1"), shape_of(resolve("thimble"))
    fast = DeviceFacts("cpu", "cpu", "cpu", GB, GB, ("fp32", "bf16"), 2)
    assert precision_of(run(), large, CPU) == "fp32"
    assert precision_of(run(), large, fast) == "bf16"
    assert precision_of(run(), small, fast) == "fp32"
    assert precision_of(run(), small, CARD) == "bf16"
    assert precision_of(run(), large, card("RTX 2080 Ti")) == "fp16"
    assert precision_of(run(training={"precision": "fp32"}), large, CARD) == "fp32"


# Resident peaks of runs of three or four steps with one thread, MiB; the last five were not looked at when the model was fitted.
MEASURED: list[tuple[int, dict[str, Any]]] = [
    (531, {"side": 64}),
    (576, {"side": 64, "training": {"batch_size": 4}, "lora": {"targets": "attention"}}),
    (1099, {"side": 128, "training": {"batch_size": 8}}),
    (913, {"side": 128, "training": {"batch_size": 8, "gradient_checkpointing": True}}),
    (1620, {"side": 192, "training": {"batch_size": 8}, "lora": {"targets": "attention"}}),
    (3084, {"side": 192, "training": {"batch_size": 16}, "lora": {"targets": "attention+ff+conv"}}),
    (
        641,
        {
            "side": 128,
            "training": {"batch_size": 2, "gradient_checkpointing": True},
            "lora": {"targets": "attention+ff+conv"},
        },
    ),
    (
        819,
        {
            "side": 96,
            "training": {"batch_size": 8},
            "lora": {"rank": 64, "targets": "attention", "text_encoder": True},
        },
    ),
    (806, {"side": 128, "training": {"batch_size": 4}, "sample": {"prompts": ["a", "b"]}}),
    (692, {"side": 128, "training": {"batch_size": 8, "micro_batch": 2}}),
]


@pytest.mark.parametrize(("truth", "groups"), MEASURED)
def test_the_model_against_measured_runs_of_the_embedded_base(truth: int, groups: dict[str, Any]) -> None:
    groups = dict(groups)
    side = groups.pop("side")
    settings = {"lora": {"rank": 4, "alpha": 4}, **groups}
    settings["lora"] = {"rank": 4, "alpha": 4, **settings["lora"]}
    found = memory(run("sd1", side, **settings), shape_of(resolve("thimble")), plan(side), CPU)
    assert -0.1 < reported(found, CPU) / (truth << 20) - 1 < 0.15


def test_the_size_of_a_plan() -> None:
    pictures = [Image(path=n, name=n, width=9, height=9, sha256=n, captions=(n[0],)) for n in ("aa", "ab", "bb")]
    made = Plan(
        images=tuple(pictures[:2]),
        held_out=(pictures[2],),
        sizes={"aa": (64, 64), "ab": (96, 64), "bb": (64, 64)},
        buckets=(
            Bucket(width=64, height=64, images=1, samples=3, steps=2),
            Bucket(width=96, height=64, images=1, samples=1, steps=1),
        ),
        samples=4,
        batch_size=2,
        accumulation=1,
        flip=True,
        variants=2,
        batches_per_epoch=3,
        steps_per_epoch=3,
        total_batches=6,
        total_steps=6,
        epochs=2,
    )
    found = size_of(made)
    assert found == PlanSize(6, (96, 64), (3 * 4096 + 6144) / 4, 12, 2, crowd=3)


def base() -> Shape:
    return usual_shape("sdxl")


def test_a_lora_has_as_many_parameters_as_its_file() -> None:
    lora = run("sdxl", 1024, lora={"rank": 8}).lora
    found = adapted(base(), lora)
    assert {len(found.layers["unet"])} == {722}  # kohya's default set of SDXL
    assert parameters(found, lora) == sum(8 * (layer.shape[0] + layer.shape[1]) for layer in found.layers["unet"])
    some = run("sdxl", 1024, lora={"rank": 8, "exclude_blocks": ["up_blocks"]}).lora
    assert 0 < parameters(adapted(base(), some), some) < parameters(found, lora)


def test_optimizers_remember_what_their_papers_say() -> None:
    sizes = {
        name: state_bytes(adapted(base(), run("sdxl").lora), run("sdxl", optimizer={"name": name}))
        for name in ("adamw", "adamw8bit", "lion", "prodigy", "adafactor", "adamw_schedulefree")
    }
    assert sizes["adamw"] == sizes["adamw_schedulefree"] == 2 * sizes["lion"] == sizes["prodigy"] / 2
    assert sizes["adafactor"] < sizes["adamw8bit"] < sizes["lion"]


def test_the_table_of_cards() -> None:
    assert len({one.name for one in cards()}) == len(cards()) > 25
    assert all(one.tensor >= one.fp32 * 1.5 and 20 < one.watts < 1000 for one in cards())
    assert card("rtx 3060").name == "NVIDIA GeForce RTX 3060"
    assert "bf16" not in card("Tesla T4").dtypes
    with pytest.raises(KeyError):
        card("Abacus 3000")


def test_the_page_of_cards_is_current() -> None:
    assert memory_tables.PAGE.read_text("utf-8") == memory_tables.page()
