"""Forecasts of runs on texts: their shape, what goes through the model at once, memory, time, fit, ladder, auto."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loraloom import presets
from loraloom.data.examples.sampler import batch
from loraloom.forecast import model
from loraloom.forecast.auto import MOST, auto_batch
from loraloom.forecast.cards import card
from loraloom.forecast.combine import Place, from_model, from_probe
from loraloom.forecast.facts import DeviceFacts
from loraloom.forecast.fit import fit
from loraloom.forecast.ladder import applied, next_rung
from loraloom.forecast.language import counts
from loraloom.forecast.language.advice import advise
from loraloom.forecast.language.features import features
from loraloom.forecast.language.kernels import KERNELS
from loraloom.forecast.language.measured import amounts, measured_size, unmeasured
from loraloom.forecast.language.replan import replan
from loraloom.forecast.language.size import TextSize, fullest, size_of
from loraloom.forecast.needs import CLASSES, needs
from loraloom.forecast.room import MARGIN
from loraloom.models.resolve import resolve
from loraloom.models.shape import shape_of
from loraloom.models.text_shape import TextShape, decoder_layers, usual_size, usual_text_shape
from loraloom.spec.example import TextPlan
from loraloom.spec.forecast import Measured
from loraloom.spec.text import TextRun
from tests.fake_weights import header_only

GB = 1 << 30
CPU = DeviceFacts("cpu", "cpu", "cpu", 16 * GB, 12 * GB, ("fp32",), 2)
CARD = card("RTX 3090")
SMALL, LARGE = usual_text_shape("smollm2-135m"), usual_text_shape("llama-7b")
LENGTHS = tuple(20 + 17 * i % 180 for i in range(50))
PRESET: dict[str, Any] = {"training": {"epochs": 3, "batch_size": 8}}


def run(**groups: Any) -> TextRun:
    training = {"epochs": 4, "batch_size": 8, **groups.pop("training", {})}
    if "steps" in training:
        training.pop("epochs")
    return TextRun.model_validate({"dataset": {"path": "x"}, "training": training, **groups})


def plan(given: TextRun, lengths: tuple[int, ...] = LENGTHS, **changes: Any) -> TextPlan:
    whole = TextPlan(
        examples=len(lengths),
        held_out=0,
        lengths=lengths,
        trained=tuple(length // 2 for length in lengths),
        samples=1,
        batch_size=1,
        accumulation=1,
        batches_per_epoch=1,
        steps_per_epoch=1,
        total_batches=1,
        total_steps=1,
        epochs=1,
    )
    return replan(whole, given, given).model_copy(update=changes)


def sized(given: TextRun, **changes: Any) -> TextSize:
    return size_of(plan(given, **changes), given)


def peak(given: TextRun, shape: TextShape = SMALL, device: DeviceFacts = CPU, **changes: Any) -> int:
    return max(stage.bytes for stage in model.memory(given, shape, sized(given, **changes), device))


def step(given: TextRun, shape: TextShape = SMALL, device: DeviceFacts = CPU) -> float:
    made = plan(given)
    return model.expected(given, made, shape, size_of(made, given), device)["step"]


# -- shapes -------------------------------------------------------------------------------------------------------------


def test_usual_shapes_have_the_parameters_of_the_published_models() -> None:
    published = {"smollm2-135m": 134_515_008, "llama-1b": 1_235_814_400, "llama-7b": 6_738_415_616}
    assert {name: usual_text_shape(name).parameters for name in published} == published  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("name", "size"),
    [("meta-llama/Llama-2-13b-hf", "llama-7b"), ("Qwen/Qwen2.5-1.5B", "llama-1b"), ("a/SmolLM2-360M", "smollm2-135m")],
)
def test_a_hub_id_that_is_not_here_has_the_usual_shape_of_its_size(name: str, size: str) -> None:
    assert usual_size(name) == size


def test_a_folder_is_read_from_its_config_and_headers(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        '{"architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "hidden_size": 64, "intermediate_size": 96, '
        '"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100, "sliding_window": 32}'
    )
    shapes = {f"model.layers.{n}.mlp.gate_up_proj.weight": (192, 64) for n in range(2)}
    header_only(tmp_path / "model.safetensors", shapes | {"model.embed_tokens.weight": (100, 64)})
    (tmp_path / "tokenizer.json").write_text("{}")
    shape = shape_of(resolve(str(tmp_path)))
    assert isinstance(shape, TextShape)
    assert (shape.parameters, shape.stored, shape.file_bytes) == (
        2 * 192 * 64 + 6400,
        "fp16",
        2 * (2 * 192 * 64 + 6400),
    )
    assert [layer.path.rpartition(".")[2] for layer in decoder_layers(shape, 0)] == [
        "qkv_proj", "gate_up_proj", "o_proj", "down_proj",
    ]  # fmt: skip
    assert shape.windowed == (True, True) and shape_of(resolve(str(tmp_path))) is shape


# -- what goes through at once ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("batch_size", "micro"), [(8, None), (8, 3), (7, 2), (1, None), (64, 10)])
@pytest.mark.parametrize("repeats", [1, 3])
def test_the_fullest_row_is_the_one_that_the_run_will_make(batch_size: int, micro: int | None, repeats: int) -> None:
    given = run(
        training={"batch_size": batch_size, "micro_batch": micro},
        dataset={"path": "x", "repeats": repeats},
    )
    made = plan(given)
    rows: list[int] = []
    for number in range(made.total_batches):
        items = batch(made, given.training.seed, number)
        for first in range(0, len(items), micro or batch_size):
            rows.append(sum(made.lengths[item] for item in items[first : first + (micro or batch_size)]))
    size = size_of(made, given)
    many = min(micro or batch_size, size.samples)
    assert fullest(size, batch_size, many).tokens == max(rows)


def test_another_plan_of_the_same_texts() -> None:
    before = run()
    after = applied(before, {"training.batch_size": 16, "training.steps": 9, "training.accumulation": 2})
    assert isinstance(after, TextRun)
    made = replan(plan(before), before, after)
    assert (made.total_steps, made.total_batches, made.batches_per_epoch, made.epochs) == (9, 18, 4, 4.5)
    shorter = run(dataset={"path": "x", "max_length": 100})
    assert max(replan(plan(before), before, shorter).lengths) == 100
    assert all(learned < length for learned, length in zip(*_cut(before, shorter), strict=True))
    cut = plan(shorter, tuple(min(100, length) for length in LENGTHS), cut=20, cut_tokens=800)
    longer = run(dataset={"path": "x", "max_length": 400})
    assert max(replan(cut, shorter, longer).lengths) == 140


def _cut(before: TextRun, after: TextRun) -> tuple[tuple[int, ...], tuple[int, ...]]:
    made = replan(plan(before), before, after)
    return made.trained, made.lengths


# -- memory and time ----------------------------------------------------------------------------------------------------


def test_what_needs_more_memory_and_less() -> None:
    given = run()
    assert peak(run(training={"batch_size": 16})) > peak(given) > peak(run(training={"micro_batch": 4}))
    assert peak(run(training={"gradient_checkpointing": True})) < peak(given)
    assert peak(run(lora={"targets": "all-linear"})) > peak(given) > peak(run(lora={"dropout": 0}))
    assert peak(given, lengths=tuple(2 * length for length in LENGTHS)) > peak(given)
    assert peak(given, LARGE) > 10 * peak(given, SMALL)
    assert peak(run(training={"precision": "bf16"})) < peak(given)


def test_a_quantised_base_is_as_small_as_its_bits() -> None:
    base = {
        kind: {s.stage: s for s in model.memory(run(training={"quantization": kind}), LARGE, sized(run()), CARD)}[
            "training"
        ].parts["base"]
        for kind in ("none", "int8", "nf4")
    }
    assert base["none"] == LARGE.parameters * 2
    assert base["int8"] == pytest.approx(6.74e9, rel=0.05) and base["nf4"] == pytest.approx(3.9e9, rel=0.08)


def test_a_7b_on_a_card_of_24_gb_as_people_report_it() -> None:
    """QLoRA's paper: 7B of LLaMA in 5 to 6 GB with checkpointing; in bf16 LoRA takes 13.5 GB of weights and some."""
    given = run(training={"batch_size": 1, "gradient_checkpointing": True, "quantization": "nf4"})
    assert 4.5e9 < peak(given, LARGE, CARD) < 7e9
    assert 14e9 < peak(run(training={"batch_size": 1, "gradient_checkpointing": True}), LARGE, CARD) < 17e9


@pytest.mark.parametrize("device", [CPU, CARD])
def test_what_takes_longer(device: DeviceFacts) -> None:
    given = run()
    assert step(run(training={"batch_size": 16}), device=device) > step(given, device=device)
    assert step(run(training={"micro_batch": 1}), device=device) > step(given, device=device)
    assert step(run(training={"accumulation": 2}), device=device) == pytest.approx(2 * step(given, device=device))
    assert step(run(training={"gradient_checkpointing": True}), device=device) > 1.2 * step(given, device=device)
    assert step(run(lora={"targets": "all-linear"}), device=device) > step(given, device=device)
    assert step(given, LARGE, device) > 3 * step(given, device=device)
    assert step(given, device=CPU) > step(given, device=CARD)


def test_answers_and_validation_take_time() -> None:
    asked = run(sample={"prompts": ["a", "b"], "every_steps": 5, "max_tokens": 50})
    made = plan(asked)
    stages = model.expected(asked, made, SMALL, size_of(made, asked), CPU)
    assert counts.rounds(asked, made.total_steps) == 2 + (made.total_steps - 1) // 5
    assert stages["sampling"] > 0 and stages["caching"] == 0
    held = plan(asked, held_out=10, held_out_lengths=LENGTHS[:10])
    assert counts.validation(asked, held) == pytest.approx(0.34 * sum(LENGTHS[:10]) / (sum(LENGTHS) / 7))


def test_from_a_measurement_of_the_fullest_batch() -> None:
    """Steps of the run have fewer tokens than those measured, the peak is theirs; answers are longer."""
    given = run(sample={"prompts": ["a"], "max_tokens": 100})
    made = plan(given)
    size = size_of(made, given)
    few = measured_size(size, given)
    assert sum(few.lengths) == fullest(size, 8, 8).tokens and few.samples == 8
    found = Measured(
        loading=4, caching_latent=0, steps=(1.0, 1.0), sampling_round=2, sampling_steps=16, exporting=1,
        peak_memory_bytes=2 * GB, checkpoint_bytes=50, lora_bytes=10, device="cpu",
    )  # fmt: skip
    counted = amounts(given, made, SMALL, size, CPU, found)
    mean = sum(LENGTHS) / len(LENGTHS) / (sum(few.lengths) / 8)
    assert counted.fill == pytest.approx(mean * 50 / 56, rel=0.05)
    forecast = from_probe(counted, found, Place("cpu", 8 * GB), unmeasured_bytes=unmeasured(given, SMALL, size, CPU))
    stages = {one.stage: one.seconds for one in forecast.stages}
    assert stages["sampling"] == pytest.approx(2 * 2 * 100 * 0.7 / 16)
    assert stages["training"] == pytest.approx(counted.fill * made.total_steps)
    assert forecast.peak_memory_bytes.p50 == pytest.approx(2 * GB, rel=0.001)
    alone = from_model(counts.amounts(given, made), model.expected(given, made, SMALL, size, CPU), Place("cpu", 8 * GB))
    assert alone.steps == made.total_steps == 28 and alone.seconds.p50 > 0


# -- features -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "setting", "value", "changed"),
    [
        ("training", "batch_size", 16, {"log_batch", "log_micro"}),
        ("training", "micro_batch", 2, {"log_micro", "log_calls"}),
        ("training", "gradient_checkpointing", True, {"checkpointing"}),
        ("training", "quantization", "nf4", {"quantised"}),
        ("training", "precision", "bf16", {"bf16"}),
        ("lora", "rank", 64, {"log_rank"}),
        ("lora", "targets", "all-linear", {"more_attention", "feed_forward"}),
        ("lora", "dropout", 0, {"dropout"}),
        ("lora", "dora", True, {"dora"}),
        ("optimizer", "name", "lion", {"other_optimizer"}),
        ("sample", "prompts", ["a", "b"], {"log_prompts"}),
    ],
)
def test_features(group: str, setting: str, value: Any, changed: set[str]) -> None:
    """What makes a run longer or larger is seen, each by itself."""
    usual = features(run(), SMALL, sized(run()), CPU)
    given = run(**{group: {setting: value}})
    other = features(given, SMALL, sized(given), CPU)
    assert usual.keys() == other.keys()
    assert {name for name in usual if usual[name] != other[name]} == changed


def test_every_feature_that_is_learned_from_is_there() -> None:
    made = {*features(run(), SMALL, sized(run()), CPU), "log_expected", "gigabyte_share", "log_call"}
    for name, kernel in KERNELS.items():
        assert kernel.linear.keys() | ({kernel.bend[0]} if kernel.bend else set()) <= made, name


# -- fit, ladder, auto, needs -------------------------------------------------------------------------------------------


def test_the_rungs_in_their_order() -> None:
    given, seen = run(training={"batch_size": 4}, sample={"prompts": ["a"]}), list[tuple[str, Any]]()
    while (rung := next_rung(given, "cuda", eight_bit=True)) is not None:
        seen.append((rung[0], rung[2]))
        lowered = applied(given, {rung[0]: rung[2]})
        assert isinstance(lowered, TextRun)
        given = lowered
    assert seen == [
        ("training.micro_batch", 2),
        ("training.micro_batch", 1),
        ("training.gradient_checkpointing", True),
        ("optimizer.name", "adamw8bit"),
        ("training.quantization", "int8"),
        ("training.quantization", "nf4"),
    ]
    assert next_rung(run(), "cpu", "loading") is None and next_rung(run(), "cuda", "loading", eight_bit=False) is None
    assert next_rung(run(sample={"prompts": ["a"]}), "cpu", "sampling") == ("sample.prompts", ["a"], [])


def test_fit_says_what_would() -> None:
    """12 GB: a 7B model in bf16 does not fit, in 8 bits with checkpointing it does; the batch stays what it is."""
    given, device = run(), DeviceFacts("cuda:0", "a card", "cuda", 12 * GB, 11 * GB, ("fp32", "bf16", "fp16"))
    changed, fitted = fit(given, LARGE, sized(given), device, eight_bit=True)
    assert fitted.fits and changed.training.batch_size == 8
    assert {change.key: change.new for change in fitted.changes}["training.quantization"] == "int8"
    assert peak(changed, LARGE, device) * (1 + MARGIN) <= device.memory_free  # pyright: ignore[reportArgumentType]
    again, nothing = fit(changed, LARGE, sized(given), device, eight_bit=True)
    assert again == changed and nothing.changes == ()
    assert not fit(given, LARGE, sized(given), device, eight_bit=False)[1].fits
    assert all(change.message and change.code for change in fitted.changes)
    parts = fit(given, SMALL, sized(given), replace(CPU, memory_free=peak(given) - 1))[1].changes
    assert [change.code for change in parts] == ["texts_at_once"]


@pytest.mark.parametrize(("free", "low", "high"), [(1.2, 1, 3), (4, 6, 49), (100, 50, 50)])
def test_auto_batch(free: float, low: int, high: int) -> None:
    """As many as fit, an epoch at most."""
    given, device = run(), replace(CPU, memory_free=int(free * GB))
    found = auto_batch(given, SMALL, lambda some: sized(some), device)  # pyright: ignore[reportArgumentType]
    assert low <= found <= high <= MOST
    if found not in (1, 50):
        more = applied(given, {"training.batch_size": found + 1})
        assert peak(more, device=device) * (1 + MARGIN) > device.memory_free  # pyright: ignore[reportArgumentType]


def test_what_presets_need() -> None:
    small, large = needs(PRESET, "causal_lm", SMALL), needs(PRESET, "causal_lm", LARGE)
    assert [need.gigabytes for need in small] == [*CLASSES, None]
    assert all(need.fits for need in small)
    assert [need.fits for need in large] == [False, False, False, False, True, True, False]
    assert not math.isnan(sum(need.peak_bytes for need in large))


@pytest.mark.parametrize("name", [name for name in presets.names() if "causal_lm" in presets.read(name).families])
def test_presets_are_not_scolded(name: str) -> None:
    """With 100 texts of the usual lengths on the model that each is meant for."""
    preset = presets.read(name)
    given = run(**{**preset.settings, "dataset": {"path": "x", **preset.settings.get("dataset", {})}})
    shape = usual_text_shape("llama-1b") if preset.memory else SMALL
    found = advise(given, plan(given, LENGTHS * 2, held_out=10), shape)
    assert [one.code for one in found if one.code != "no_answers"] == []
