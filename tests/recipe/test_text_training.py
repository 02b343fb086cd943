"""What a run on texts learns, writes and says; killed, it ends with the same bytes."""

from __future__ import annotations

import json
import math
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.runs import payloads, start_child, train_here, wait_for_steps
from tests.text_runs import make_text_run, pairs, preferences
from tests.tiny_text import tiny_text_base

WEIGHTS = Path("lora") / "small" / "adapter_model.safetensors"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_text_base(tmp_path_factory.mktemp("base") / "tiny llama")


def losses(run_dir: Path) -> list[float]:
    return [payload["loss"] for payload in payloads(run_dir, "StepLogged")]


def test_the_loss_falls_and_what_lies_in_the_folder(tmp_path: Path, base: Path) -> None:
    run_dir = make_text_run(
        tmp_path / "run",
        base,
        training={"steps": 60, "batch_size": 4},
        validation={"share": 0.2, "every_steps": 30},
        sample={"prompts": ["Where is shop 3?"], "every_steps": 30, "max_tokens": 12},
    )
    train_here(run_dir)
    found = losses(run_dir)
    assert sum(found[-10:]) < 0.92 * sum(found[:10])
    held = payloads(run_dir, "ValidationLogged")
    assert [one["step"] for one in held] == [30, 60]
    assert all(one["perplexity"] == pytest.approx(math.exp(one["loss"])) for one in held)
    answers = payloads(run_dir, "SampleSaved")
    assert [one["step"] for one in answers] == [0, 30, 60] and [one["strength"] for one in answers] == [0, 1, 1]
    assert answers[0]["text"] != answers[-1]["text"]
    assert (run_dir / answers[-1]["file"]).read_text("utf-8") == answers[-1]["text"] + "\n"
    started = payloads(run_dir, "RunStarted")[0]
    assert (started["images"], started["family"]) == (10, "causal_lm")
    assert started["parameters"] > started["trainable_parameters"] > 0
    folder = run_dir / "lora" / "small"
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "chat_template.jinja"} <= {
        file.name for file in folder.iterdir()
    }
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    assert (config["peft_type"], config["r"], config["task_type"]) == ("LORA", 4, "CAUSAL_LM")
    assert config["base_model_name_or_path"] == "tiny llama"  # its name, never where it lay
    assert payloads(run_dir)[-1]["lora"] == WEIGHTS.as_posix()


def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path, base: Path) -> None:
    groups = {
        "lora": {"dropout": 0.1, "plus_ratio": 4},
        "loss": {"neftune": 5},
        "training": {"epochs": 4, "batch_size": 3, "accumulation": 2, "micro_batch": 2, "ema": 0.9},
        "optimizer": {"warmup": 2},
        "validation": {"share": 0.1, "every_steps": 2},
        "sample": {"prompts": ["Where is shop 1?"], "every_steps": 3, "max_tokens": 4, "temperature": 0.7},
        "checkpoints": {"every_steps": 2},
    }
    whole = make_text_run(tmp_path / "whole", base, **groups)
    assert train_here(whole) is None
    run_dir = make_text_run(tmp_path / "run", base, **groups)
    child = start_child(run_dir)
    wait_for_steps(run_dir, child, 4)
    child.kill()
    assert child.wait() == -signal.SIGKILL and not (run_dir / WEIGHTS).exists()
    child = start_child(run_dir)
    assert child.wait() == 0, (run_dir / "log.txt").read_text()
    assert payloads(run_dir, "RunStarted")[-1]["step"] > 0
    assert (run_dir / WEIGHTS).read_bytes() == (whole / WEIGHTS).read_bytes()


def test_accumulated_batches_count_by_their_tokens(tmp_path: Path, base: Path) -> None:
    """One batch of twelve, and twelve of one, accumulated: the same weights."""
    made: list[dict[str, torch.Tensor]] = []
    for name, training in (("one", {"batch_size": 12}), ("many", {"batch_size": 1, "accumulation": 12})):
        run_dir = make_text_run(tmp_path / name, base, training={"steps": 3, **training})
        train_here(run_dir)
        made.append(load_file(run_dir / WEIGHTS))
    for key, tensor in made[0].items():
        torch.testing.assert_close(tensor, made[1][key], rtol=0, atol=2e-5)
    assert losses(tmp_path / "one") == pytest.approx(losses(tmp_path / "many"), abs=1e-5)


def test_preferences_are_learned(tmp_path: Path, base: Path) -> None:
    run_dir = make_text_run(
        tmp_path / "run",
        base,
        preferences(),
        training={"steps": 12, "batch_size": 3},
        optimizer={"learning_rate": 0.02},
        validation={"share": 0.2},
    )
    train_here(run_dir)
    found = losses(run_dir)
    assert found[0] == pytest.approx(math.log(2), abs=1e-5)  # nothing is preferred at first
    assert found[-1] < 0.5
    assert payloads(run_dir, "ValidationLogged")[-1]["perplexity"] is None


def test_a_run_that_gets_no_better_ends_early(tmp_path: Path, base: Path) -> None:
    run_dir = make_text_run(
        tmp_path / "run",
        base,
        training={"steps": 200, "batch_size": 4},
        optimizer={"learning_rate": 0.05, "scheduler": "constant"},
        validation={"share": 0.3, "every_steps": 5, "patience": 2},
    )
    train_here(run_dir)
    end = payloads(run_dir)[-1]
    assert end["type"] == "RunFinished" and 15 <= end["steps"] < 200 and end["steps"] % 5 == 0
    assert [one["code"] for one in payloads(run_dir, "WarningRaised")] == ["ended_early"]
    assert payloads(run_dir, "CheckpointSaved")[-1]["reason"] == "end"


@pytest.mark.parametrize(
    "lora", [{"dora": True}, {"rslora": True}, {"targets": "query+value"}, {"targets": "attention"}]
)
def test_other_adapters_train_and_reproduce(tmp_path: Path, base: Path, lora: dict[str, object]) -> None:
    run_dir = make_text_run(tmp_path / "run", base, pairs(4), lora=lora, training={"steps": 2})
    train_here(run_dir)  # fails where the file does not give what was trained
    keys = load_file(run_dir / WEIGHTS).keys()
    assert any("lora_magnitude_vector" in key for key in keys) is ("dora" in lora)
    assert any("mlp" in key for key in keys) is ("targets" not in lora)


def test_fewer_bits_need_a_card(tmp_path: Path, base: Path) -> None:
    from loraloom.spec.errors import LoomError

    run_dir = make_text_run(tmp_path / "run", base, training={"quantization": "nf4"})
    with pytest.raises(LoomError) as caught:
        train_here(run_dir)
    assert caught.value.code == "device_unavailable" and "quantization" in caught.value.hint
