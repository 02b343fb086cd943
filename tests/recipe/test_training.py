"""What a run learns, writes and says, for the settings that change what is computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from loraloom.models.inspect import inspect
from loraloom.train.__main__ import main
from tests.runs import DEMO, make_run, payloads, train_here
from tests.tiny_models import build_folder

LORA = Path("lora") / "small.safetensors"


def losses(run_dir: Path) -> list[float]:
    return [payload["loss"] for payload in payloads(run_dir, "StepLogged")]


def test_the_loss_falls(tmp_path: Path) -> None:
    run_dir = make_run(
        tmp_path / "run",
        lora={"rank": 16, "alpha": 16, "targets": "attention+ff+conv"},
        training={"steps": 60, "batch_size": 8},
        optimizer={"learning_rate": 3e-3},
        validation={"share": 0.1, "every_steps": 30},
    )
    train_here(run_dir)
    found = losses(run_dir)
    assert np.mean(found[-15:]) < 0.9 * np.mean(found[:15])
    assert [payload["step"] for payload in payloads(run_dir, "ValidationLogged")] == [30, 60]
    end = payloads(run_dir)[-1]
    assert (end["loss_first"], end["loss_last"], end["steps"]) == (found[0], found[-1], 60)


def test_what_lies_in_the_folder_afterwards(tmp_path: Path) -> None:
    prompts = ["red apple on white background", "[trigger] on blue background"]
    run_dir = make_run(
        tmp_path / "Lauf mit 空格",
        caption={"trigger": "fluff"},
        sample={"prompts": prompts, "every_steps": 2, "steps": 3},
        name="Mein Stil 风格",
        tensorboard_dir=str(tmp_path / "board"),
    )
    assert main([str(run_dir)]) == 0
    lora = run_dir / "lora" / "Mein Stil 风格.safetensors"
    assert lora.exists() and Image.open(lora.with_suffix(".png")).size == (64, 64)
    assert sorted(p.name for p in (run_dir / "samples").iterdir()) == [
        "sheet.png", "step-000000", "step-000002", "step-000004",
    ]  # fmt: skip
    notes = json.loads((run_dir / "samples" / "step-000002" / "samples.json").read_text("utf-8"))
    assert [note["prompt"] for note in notes] == [prompts[0], "fluff on blue background"]
    assert list((tmp_path / "board").rglob("events.out.tfevents*"))
    with safe_open(lora, "pt") as reader:
        metadata = reader.metadata()
    assert metadata["ss_output_name"] == "Mein Stil 风格" and metadata["ss_base_model_version"] == "sd_v1"
    assert "ss_tag_frequency" not in metadata and str(DEMO) not in json.dumps(metadata)
    stages = [payload["stage"] for payload in payloads(run_dir, "StageStarted")]
    assert stages[:2] == ["loading", "caching"] and stages[-1] == "exporting"
    assert not (run_dir / "cache").exists()


def test_captions_only_on_request(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path / "run", export={"include_captions": True}, training={"steps": 1})
    train_here(run_dir)
    assert "ss_tag_frequency" in inspect(run_dir / LORA).metadata


def same_weights(one: Path, other: Path) -> float:
    a, b = load_file(one / LORA), load_file(other / LORA)
    assert a.keys() == b.keys()
    return max(float((a[key].float() - b[key].float()).abs().max()) for key in a)


@pytest.mark.parametrize(
    ("one", "other", "tolerance"),
    [
        ({"training": {"cache": "memory"}}, {"training": {"cache": "disk"}}, 0.0),
        ({"training": {"gradient_checkpointing": False}}, {"training": {"gradient_checkpointing": True}}, 1e-4),
        ({"training": {"batch_size": 4, "accumulation": 1}}, {"training": {"batch_size": 4, "accumulation": 1}}, 0.0),
    ],
    ids=["cache", "checkpointing", "twice"],
)
def test_settings_that_must_not_change_the_result(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any], tolerance: float
) -> None:
    runs = [
        make_run(tmp_path / name, export={"dtype": "fp32"}, **groups) for name, groups in (("a", one), ("b", other))
    ]
    for run_dir in runs:
        train_here(run_dir)
    assert same_weights(*runs) <= tolerance


def test_a_disk_cache_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from loraloom.train.latents import Latents

    run_dir = make_run(tmp_path / "run", training={"cache": "disk", "steps": 2})
    assert train_here(run_dir, iter([None, "SIGINT"]).__next__) == "SIGINT"

    def encode(*_: Any) -> Any:
        raise AssertionError("encoded again")

    monkeypatch.setattr(Latents, "_encode", encode)
    assert train_here(run_dir) is None


@pytest.mark.parametrize(
    "groups",
    [
        {"lora": {"rslora": True}},
        {"lora": {"dora": True}},
        {"lora": {"targets": "attention", "include_blocks": ["up_blocks"]}},
        {"lora": {"unet": False, "text_encoder": True}},
        {"lora": {"text_encoder": True}, "optimizer": {"text_encoder_learning_rate": 1e-4}},
        {"loss": {"min_snr_gamma": 5, "noise_offset": 0.05}},
        {"loss": {"prediction": "v_prediction", "zero_terminal_snr": True}},
        {"caption": {"shuffle": True, "tag_dropout": 0.3, "prefix": "a, b, "}},
        {"training": {"precision": "bf16"}},
        {"training": {"ema": 0.99}, "optimizer": {"scheduler": "polynomial", "power": 2.0, "warmup": 1}},
        {"clip_skip": 2, "optimizer": {"scheduler": "cosine_with_restarts", "restarts": 2}},
        {"dataset": {"crop": "random", "crop_variants": 2, "flip": True, "repeats": 2, "buckets": False}},
    ],
    ids=lambda groups: json.dumps(groups)[:50],
)
def test_every_setting_trains_and_reproduces(tmp_path: Path, groups: dict[str, Any]) -> None:
    """The run itself proves that its file reproduces the trained weights; here it must also have learnt something."""
    run_dir = make_run(tmp_path / "run", **groups, sample={"prompts": ["red apple"], "steps": 2})
    assert train_here(run_dir) is None
    assert all(np.isfinite(losses(run_dir)))
    ups = [tensor for key, tensor in load_file(run_dir / LORA).items() if key.endswith("lora_up.weight")]
    assert ups and all(float(up.abs().max()) > 0 for up in ups)


def test_v_prediction_of_sd2_is_read_from_the_base(tmp_path: Path) -> None:
    base = build_folder("sd2", tmp_path / "sd2", text_layers=2)
    config = base / "scheduler" / "scheduler_config.json"
    told = {}
    for prediction in ("epsilon", "v_prediction"):
        config.write_text(json.dumps(json.loads(config.read_text()) | {"prediction_type": prediction}))
        run_dir = make_run(tmp_path / prediction, base, "sd2", training={"steps": 1})
        train_here(run_dir)
        told[prediction] = (losses(run_dir)[0], inspect(run_dir / LORA).metadata["ss_base_model_version"])
    assert told["epsilon"][1] == "sd_v2" and told["v_prediction"][1] == "sd_v2_v"
    assert told["epsilon"][0] != told["v_prediction"][0]


def test_masks_change_what_is_learnt(tmp_path: Path) -> None:
    data = tmp_path / "masked"
    data.mkdir()
    for file in sorted(DEMO.glob("*.png"))[:4]:
        (data / file.name).write_bytes(file.read_bytes())
        mask = np.zeros((64, 64), np.uint8)
        mask[:32] = 255
        Image.fromarray(mask).save(data / f"{file.stem}-masklabel.png")
    found = {}
    for masked in (True, False):
        run_dir = make_run(
            tmp_path / str(masked), dataset={"path": str(data)}, loss={"masked": masked, "masked_floor": 0}
        )
        train_here(run_dir)
        found[masked] = losses(run_dir)[0]
    assert found[True] != pytest.approx(found[False], rel=1e-3)


def test_steps_shown_are_steps_run(tmp_path: Path) -> None:
    from loraloom.data.importer import scan
    from loraloom.data.plan import plan
    from loraloom.train.child import read_run

    run_dir = make_run(tmp_path / "run", training={"epochs": 3, "batch_size": 5, "accumulation": 2})
    run = read_run(run_dir)
    shown = plan(scan(run.dataset), run).total_steps
    train_here(run_dir)
    assert len(losses(run_dir)) == shown == payloads(run_dir, "RunStarted")[0]["total_steps"]
    assert payloads(run_dir, "StepLogged")[-1]["epoch"] == 3
    assert torch.get_num_threads() == 1
