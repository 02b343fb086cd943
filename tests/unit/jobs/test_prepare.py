"""From a config to a run folder that needs nothing else."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from loraloom.jobs import folder, yaml_file
from loraloom.jobs.prepare import prepare
from loraloom.jobs.resolve import resolve
from loraloom.spec.errors import LoomError


@pytest.fixture
def config(base_folder: Path, pictures: Path) -> dict[str, Any]:
    return {
        "name": "Öl & Tusche/..\\x",
        "base_model": str(base_folder),
        "dataset": {"path": str(pictures)},
        "training": {"epochs": 2},
    }


def test_the_folder_holds_the_whole_run(config: dict[str, Any]) -> None:
    made = prepare(config)
    assert made.parent == Path(os.environ["LORALOOM_HOME"]) / "runs"
    assert re.fullmatch(r"\d{8}-\d{6}-Öl & Tusche-..-x", made.name)
    content = yaml_file.read(made / "run.yaml")
    assert content["family"] == "sd1" and content["optimizer"]["learning_rate"] == 1e-4
    assert folder.read(made) == resolve(config).run
    assert [file.name for file in made.iterdir()] == ["run.yaml"]


def test_under_out_a_second_of_the_same_name_gets_its_own(config: dict[str, Any], tmp_path: Path) -> None:
    config["name"] = "水墨"
    made = [prepare(config, tmp_path / "out").name for _ in range(3)]
    assert made == ["水墨", "水墨-2", "水墨-3"]


def test_paths_become_absolute(config: dict[str, Any], pictures: Path, base_folder: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(pictures.parent)
    config["dataset"]["path"] = pictures.name
    config["base_model"] = base_folder.name
    config["tensorboard_dir"] = "logs"
    run = resolve(config).run
    assert run.dataset.path == str(pictures)
    assert run.base_model == str(base_folder)
    assert run.tensorboard_dir == str(pictures.parent / "logs")


def test_family_and_resolution_come_from_the_base(config: dict[str, Any]) -> None:
    run = resolve(config).run
    assert (run.family, run.dataset.resolution) == ("sd1", 512)
    assert resolve(config, ["dataset.resolution=256"]).run.dataset.resolution == 256


def test_a_hub_id_gives_its_family_without_a_download(config: dict[str, Any]) -> None:
    config["base_model"] = "stabilityai/stable-diffusion-xl-base-1.0"
    run = resolve(config).run
    assert (run.family, run.dataset.resolution, run.base_model) == ("sdxl", 1024, config["base_model"])


def test_an_unknown_hub_id_needs_the_family(config: dict[str, Any]) -> None:
    config["base_model"] = "somebody/something"
    with pytest.raises(LoomError) as caught:
        resolve(config)
    assert [problem.key for problem in caught.value.problems] == ["family"]
    run = resolve(config, ["family=sd2"]).run
    assert (run.family, run.dataset.resolution) == ("sd2", 768)


def test_config_over_preset_and_settings_over_both(config: dict[str, Any]) -> None:
    config |= {"preset": "style-sd1", "lora": {"rank": 4}}
    resolved = resolve(config, ["lora.alpha=2", "training.steps=7"])
    run = resolved.run
    assert (run.lora.rank, run.lora.alpha, run.lora.targets) == (4, 2, "attention+ff+conv")
    assert (run.training.steps, run.training.epochs, run.training.batch_size) == (7, None, 2)
    assert resolved.preset == "style-sd1"


def test_a_setting_can_correct_what_the_config_has_wrong(config: dict[str, Any]) -> None:
    config["lora"] = {"rank": -1}
    assert resolve(config, ["lora.rank=8"]).run.lora.rank == 8


def test_the_name_of_the_file_names_the_run(config: dict[str, Any]) -> None:
    del config["name"]
    assert resolve(config, name="my style").run.name == "my style"


def test_a_flat_config_runs_as_it_is(base_folder: Path, pictures: Path, tmp_path: Path) -> None:
    flat = {
        "train_data_dir": str(pictures),
        "base_model": str(base_folder),
        "lora_rank": 8,
        "epochs": 3,
        "output_dir": str(tmp_path / "output"),
        "logging_dir": str(tmp_path / "logs"),
        "xformers": True,
    }
    resolved = resolve(flat, name="flat")
    assert "xformers" in resolved.notes[0]
    assert resolved.run.lora.dropout == 0.1 and resolved.run.training.batch_size == 4
    made = prepare(flat)
    assert made.parent == tmp_path / "output"
    heading = (made / "run.yaml").read_text(encoding="utf-8").splitlines()[:4]
    assert "lora-scripts" in heading[1] and "xformers" in heading[3]


def test_a_folder_that_cannot_be_written(config: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LoomError) as caught:
        prepare(config, tmp_path / "file")
    assert caught.value.code == "not_writable"


def test_a_full_disk_has_its_own_code(tmp_path: Path) -> None:
    assert folder.refusal(tmp_path, OSError(28, "No space left on device")).code == "disk_full"


def test_eight_bit_adam_is_refused_before_the_run_without_its_package(config: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr("loraloom.jobs.environment.find_spec", lambda name: None)
    with pytest.raises(LoomError) as caught:
        resolve(config, ["optimizer.name=adamw8bit"])
    assert caught.value.problems[0].key == "optimizer.name"
    assert "loraloom[gpu]" in caught.value.problems[0].hint


def test_reading_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(LoomError) as caught:
        folder.read(tmp_path)
    assert caught.value.code == "run_not_found"


def test_a_folder_in_use_is_busy(tmp_path: Path) -> None:
    from filelock import FileLock

    folder.await_free(tmp_path, 0)
    with FileLock(tmp_path / folder.LOCK), pytest.raises(LoomError) as caught:
        folder.await_free(tmp_path, 0.1)
    assert caught.value.code == "run_busy"
