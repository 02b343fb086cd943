"""The flat lora-scripts YAML: every key is carried over or listed."""

from __future__ import annotations

from typing import Any

import pytest

from loraloom.spec.importers import lora_scripts, recognise

CONFIG: dict[str, Any] = {
    "train_data_dir": "data/train",
    "metadata_path": "data/train/metadata.csv",
    "base_model": "thimble",
    "resolution": 64,
    "lora_rank": 8,
    "lora_alpha": 16,
    "lora_dropout": 0.1,
    "batch_size": 4,
    "epochs": 10,
    "learning_rate": 2e-4,
    "optimizer": "AdamW",
    "scheduler": "cosine",
    "output_dir": "output",
    "save_steps": 100,
    "logging_dir": "logs",
}


def test_the_fifteen_keys() -> None:
    assert len(CONFIG) == 15
    got = lora_scripts.convert(CONFIG)
    assert got.notes == ()
    assert (got.out, got.preset) == ("output", "lora-scripts-classic")
    assert got.config == {
        "base_model": "thimble",
        "dataset": {"path": "data/train", "metadata_path": "data/train/metadata.csv", "resolution": 64},
        "lora": {"rank": 8, "alpha": 16, "dropout": 0.1},
        "training": {"batch_size": 4, "epochs": 10},
        "optimizer": {"learning_rate": 2e-4, "name": "adamw", "scheduler": "cosine"},
        "checkpoints": {"every_steps": 100},
        "tensorboard_dir": "logs",
    }
    assert got.origin["lora.rank"] == "lora_rank"


def test_recognised_by_its_flat_keys_alone() -> None:
    assert recognise(CONFIG) is not None
    assert recognise({"dataset": {"path": "x"}, "training": {"epochs": 1}}) is None
    assert recognise({"dataset": {"path": "x"}, "lora_rank": 8}) is None, "a Loom config with a wrong key"
    assert recognise({}) is None


def test_what_has_no_counterpart_is_listed() -> None:
    got = lora_scripts.convert(CONFIG | {"xformers": True, "num_workers": 4})
    assert len(got.notes) == 2
    assert "`xformers: True`" in got.notes[0] and "num_workers" in got.notes[1]


def test_the_second_name_of_a_key_is_listed_not_mixed() -> None:
    got = lora_scripts.convert({"lora_rank": 8, "network_dim": 64})
    assert got.config["lora"]["rank"] == 8
    assert "network_dim" in got.notes[0] and "lora_rank" in got.notes[0]


def test_both_lengths_are_carried_so_that_the_user_decides() -> None:
    got = lora_scripts.convert({"train_data_dir": "x", "epochs": 10, "max_train_steps": 500})
    assert got.config["training"] == {"epochs": 10, "steps": 500}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("AdamW", "adamw"),
        ("adamw8bit", "adamw8bit"),
        ("AdamW8bit", "adamw8bit"),
        ("PagedAdamW8bit", "adamw8bit"),
        ("Lion", "lion"),
        ("Prodigy", "prodigy"),
        ("DAdaptation", "prodigy"),
        ("AdaFactor", "adafactor"),
        ("AdamWScheduleFree", "adamw_schedulefree"),
        ("SGD", "SGD"),
    ],
)
def test_optimizers(written: str, name: str) -> None:
    assert lora_scripts.convert({"optimizer": written}).config["optimizer"]["name"] == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("cosine", "cosine"),
        ("cosine_with_restarts", "cosine_with_restarts"),
        ("constant_with_warmup", "constant"),
        ("Cosine Annealing", "cosine"),
        ("linear", "linear"),
    ],
)
def test_schedulers(written: str, name: str) -> None:
    assert lora_scripts.convert({"scheduler": written}).config["optimizer"]["scheduler"] == name


@pytest.mark.parametrize(
    ("written", "side", "noted"),
    [
        (512, 512, False),
        ("512,512", 512, False),
        ([768, 768], 768, False),
        ("512x768", 624, True),
        ("big", "big", False),
    ],
)
def test_resolutions(written: Any, side: Any, noted: bool) -> None:
    got = lora_scripts.convert({"resolution": written})
    assert got.config["dataset"]["resolution"] == side
    assert bool(got.notes) is noted


def test_a_rate_with_adam_and_dadaptation_is_commented() -> None:
    assert "wants learning_rate 1" in lora_scripts.convert({"optimizer": "DAdaptation"}).notes[0]
    assert "AdamW" in lora_scripts.convert({"optimizer": "Adam"}).notes[0]


@pytest.mark.parametrize("nothing", [0, None, "0"])
def test_no_saves_between(nothing: Any) -> None:
    assert "checkpoints" not in lora_scripts.convert({"train_data_dir": "x", "save_steps": nothing}).config
