"""Forecasts of runs on texts from their files: sources, what if, auto, what is measured, advice, the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loraloom.data.examples.read import read as read_texts
from loraloom.data.examples.sampler import batch
from loraloom.forecast.facts import DeviceFacts
from loraloom.jobs import auto, foresee, foretold, history, plans, probe_texts, probes
from loraloom.jobs.advise import advise
from loraloom.jobs.facts import facts_of
from loraloom.jobs.foresee import Case
from loraloom.jobs.took import took
from loraloom.spec.example import TextPlan, TextReport
from loraloom.spec.forecast import FORETOLD, Measured, Outcome
from loraloom.spec.lowered import changed
from loraloom.spec.text import TextRun
from tests.chat_templates import STYLES, save
from tests.fake_weights import header_only
from tests.text_runs import write_jsonl

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 256, "intermediate_size": 512,
    "num_hidden_layers": 4, "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 300,
    "max_position_embeddings": 64,
}  # fmt: skip
ROWS = [
    {
        "messages": [
            {"role": "user", "content": f"What does ship {number} carry?"},
            {"role": "assistant", "content": "Stones. " * (1 + number % 5)},
        ]
    }
    for number in range(40)
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data home of its own."""
    monkeypatch.setenv("LORALOOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A language model as far as forecasts look at it."""
    folder = save(STYLES["chatml"], tmp_path / "base")
    (folder / "config.json").write_text(json.dumps(CONFIG), "utf-8")
    shapes = {f"model.layers.{n}.mlp.down_proj.weight": (256, 512) for n in range(4)}
    header_only(folder / "model.safetensors", shapes | {"model.embed_tokens.weight": (300, 256)})
    return folder


def config_of(tmp_path: Path, base: Path, rows: list[dict[str, Any]] | None = None, **groups: Any) -> dict[str, Any]:
    data = write_jsonl(tmp_path / "texts.jsonl", ROWS if rows is None else rows)
    config: dict[str, Any] = {
        "family": "causal_lm",
        "base_model": str(base),
        "dataset": {"path": str(data), "max_length": 128},
        "training": {"epochs": 4, "batch_size": 8, "device": "cpu"},
    }
    for name, group in groups.items():
        config[name] = {**config.get(name, {}), **group}
    return config


def case_of(config: dict[str, Any]) -> Case:
    run = TextRun.model_validate(config)
    return foresee.case_of(run, plans.plan_for(run, plans.read(run)), facts_of(run))


@pytest.fixture
def case(tmp_path: Path, base: Path) -> Case:
    return case_of(config_of(tmp_path, base))


def measured(**changes: Any) -> Measured:
    given: dict[str, Any] = {
        "loading": 5, "caching_latent": 0, "steps": (0.5, 0.5), "sampling_round": 0, "sampling_steps": 16, "exporting": 0.5,
        "peak_memory_bytes": 800_000_000, "checkpoint_bytes": 1000, "lora_bytes": 500, "device": "cpu",
    }  # fmt: skip
    return Measured(**given | changes)


def outcome(case: Case, **changes: Any) -> Outcome:
    given: dict[str, Any] = {
        "id": "r 1", "name": "r", "time": "2026-01-01T00:00:00+00:00", "device": case.device.name, "family": "causal_lm",
        "base_model": case.run.base_model, "features": case.features, "expected": case.expected,
        "took": {name: value * 2 for name, value in case.expected.items()},
    }  # fmt: skip
    return Outcome(**given | changes)


def test_the_best_source_speaks(case: Case) -> None:
    alone = foresee.foresee(case)
    assert (alone.source, alone.runs, alone.steps) == ("model", 0, 20)
    history.add(outcome(case, id="p", family="sd1"))
    assert foresee.foresee(case).source == "model", "pictures tell nothing of texts"
    history.add(outcome(case))
    learned = foresee.foresee(case)
    assert (learned.source, learned.runs) == ("history", 1)
    assert learned.step_seconds > 1.3 * alone.step_seconds
    probes.remember(case.run, case.plan, case.device, measured())
    remembered = foresee.foresee(case)
    assert remembered.source == "probe" and 0.2 < remembered.step_seconds < 0.5, "the run's texts are shorter"


def test_a_measurement_holds_for_what_it_was_of(case: Case) -> None:
    probes.remember(case.run, case.plan, case.device, measured())
    report = plans.read(case.run)
    for changes, known in (
        ({"optimizer.learning_rate": 1e-3, "training.epochs": 9, "name": "other", "loss.neftune": 5}, True),
        ({"lora.rank": 16}, False),
        ({"training.batch_size": 4}, False),
        ({"lora.targets": "all-linear"}, False),
    ):
        run = changed(case.run, changes)
        plan = plans.plan_for(run, report)
        assert (probes.remembered(run, plan, case.device) is not None) is known, changes


def test_what_if_moves_the_way_it_should(case: Case) -> None:
    planned = plans.varied(case.run, case.plan, plans.read(case.run))
    rows = {(row.key, row.value): row for row in foresee.what_if(case, planned, [])}
    assert rows["training.batch_size", 16].peak_memory_bytes > rows["training.batch_size", 4].peak_memory_bytes
    assert rows["training.epochs", 8].seconds > rows["training.epochs", 2].seconds
    assert rows["lora.rank", 16].peak_memory_bytes >= rows["lora.rank", 4].peak_memory_bytes
    assert rows["dataset.max_length", 64].seconds < foresee.foresee(case).seconds.p50


def test_what_is_counted_again_is_what_is_planned(case: Case) -> None:
    report = plans.read(case.run)
    again = plans.varied(case.run, case.plan, report)
    for changes in ({"training.batch_size": 3}, {"training.accumulation": 2}, {"dataset.repeats": 2}):
        run = changed(case.run, changes)
        assert again(run) == plans.plan_for(run, report)
    shorter = changed(case.run, {"dataset.max_length": 80})
    counted, planned = again(shorter), plans.plan_for(shorter, report)
    assert isinstance(counted, TextPlan) and isinstance(planned, TextPlan)
    assert counted.lengths == planned.lengths and counted.trained_tokens == pytest.approx(
        planned.trained_tokens, rel=0.05
    )


def test_auto_takes_a_number(case: Case) -> None:
    run = auto.settle(case.run, {auto.BATCH}, plans.read(case.run))
    assert run.training.batch_size == 40, "all of an epoch fits"


def test_what_is_measured_is_the_fullest_batch(case: Case, tmp_path: Path) -> None:
    assert isinstance(case.run, TextRun) and isinstance(case.plan, TextPlan)
    report = plans.read(case.run)
    assert isinstance(report, TextReport)
    data = tmp_path / "data"
    data.mkdir()
    laid = probe_texts.lay_out(case.run, report, data, 5)
    run = TextRun.model_validate(laid.config | {"dataset": laid.config["dataset"] | {"path": str(data)}})
    made = plans.plan_for(run, read_texts(str(data)))
    assert isinstance(made, TextPlan)
    fullest = max(
        (batch(case.plan, case.run.training.seed, number) for number in range(case.plan.total_batches)),
        key=lambda items: sum(case.plan.lengths[item] for item in items),  # pyright: ignore[reportAttributeAccessIssue]
    )
    assert sum(made.lengths) == sum(case.plan.lengths[item] for item in fullest) and len(made.lengths) == 8
    assert (made.total_steps, made.batches_per_epoch, made.held_out) == (5, 1, 0)


def test_a_run_in_its_folder_is_foretold(case: Case, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    foretold.foretell(run_dir, case.run, case.plan)
    told = foretold.read(run_dir)
    assert told is not None and told.forecast.source == "model" and (run_dir / FORETOLD).exists()
    assert took([]) == {}


def codes(config: dict[str, Any], course: Any = ()) -> dict[str, Any]:
    case = case_of(config)
    report = plans.read(case.run)
    assert isinstance(report, TextReport)
    return {one.code: one.mends for one in advise(case, course, report)}


def test_advice(tmp_path: Path, base: Path) -> None:
    """Each by itself; 64 tokens is all that this base was made for, and it is a small one."""
    asked = {"sample": {"prompts": ["a"]}, "optimizer": {"learning_rate": 6e-4}}
    assert codes(config_of(tmp_path, base, **asked)) == {"beyond_context": {"dataset.max_length": 64}}
    short = asked | {"dataset": {"max_length": 64}}
    assert codes(config_of(tmp_path, base, **short)) == {"texts_cut": {"dataset.max_length": 128}}
    few = config_of(tmp_path, base, ROWS[:10], **asked, training={"epochs": 400})
    assert codes(few) | {"beyond_context": 0} == {
        "texts_memorised": {"training.epochs": 10}, "few_texts": {}, "beyond_context": 0,
    }  # fmt: skip
    assert "barely_trained" in codes(config_of(tmp_path, base, **asked, training={"epochs": 1}))
    burns = asked | {"optimizer": {"learning_rate": 0.1}}
    assert "rate_high" in codes(config_of(tmp_path, base, **burns))
    assert codes(config_of(tmp_path, base))["no_answers"] == {
        "sample.prompts": ["What does ship 0 carry?", "What does ship 1 carry?"]
    }
    course = [(5, 2.0), (10, 1.0), (15, 1.5)]
    assert codes(config_of(tmp_path, base, **asked), course)["texts_rising"] == {"training.epochs": 2}


def test_the_same_text_on_both_sides(tmp_path: Path, base: Path) -> None:
    asked = ROWS[3]["messages"][0]
    held = {"messages": [asked, {"role": "assistant", "content": "Stones. " * 6}], "held_out": True}
    found = codes(config_of(tmp_path, base, [*ROWS, held]))
    assert "texts_leak" in found and "nothing_held_out" not in found
    alone = {
        "messages": [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": "The harbour."}]
    }
    assert "texts_leak" not in codes(config_of(tmp_path, base, [*ROWS, {**alone, "held_out": True}]))


def test_another_device(case: Case) -> None:
    card = facts_of(case.run, "RTX 4090")
    there = Case(case.run, case.plan, card, case.shape)
    assert foresee.foresee(there).seconds.p50 > 0 and foresee.fitted(there).fits
    tiny = DeviceFacts("cpu", "cpu", "cpu", 10**9, 5 * 10**8, ("fp32",), 1)
    assert not foresee.fitted(Case(case.run, case.plan, tiny, case.shape)).fits


def test_the_command_says_it(tmp_path: Path, base: Path) -> None:
    import yaml

    config = tmp_path / "run.yaml"
    config.write_text(yaml.safe_dump(config_of(tmp_path, base)), "utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "loraloom", "plan", str(config), "--fit"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "20 steps of 8 texts, 4.0 epochs" in told.stdout and "texts   40 of" in told.stdout
    assert "No prompts to answer" in told.stderr
