"""The commands around a run: configs, presets, data sets, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from loraloom import presets
from loraloom.cli.app import run
from loraloom.jobs.resolve import resolve
from loraloom.spec.sample import SampleRequest, SampleResult
from tests.text_folder import text_folder


def last_json(capsys: Any) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trian"], "Did you mean 'train'"),
        (["train"], "Missing argument"),
        (["train", "x.yaml", "--ou", "y"], "--out"),
        (["sample", "--prompt", "x", "--out", "x.gif"], ".png"),
        (["sample", "--prompt", "x", "--out", "x.png", "--strength", "0.5"], "--strength"),
        (["export", "x", "--to", "comfy", "--out", "y"], "'comfy'"),
        (["dataset", "check", ".", "--batch", "0"], "--batch"),
    ],
)
def test_wrong_usage_ends_with_2_and_two_lines(arguments: list[str], words: str, capsys: Any) -> None:
    assert run(arguments) == 2
    error, hint = capsys.readouterr().err.strip().splitlines()
    assert error.startswith("error: ") and words in error
    assert hint.startswith("hint: ")


def test_a_bare_command_shows_its_help(capsys: Any) -> None:
    assert run([]) == 2
    assert "Commands" in "".join(capsys.readouterr())


def test_validate_names_the_problems_and_the_choice(config: Path, capsys: Any) -> None:
    assert run(["config", "validate", str(config)]) == 0
    assert "can run" in capsys.readouterr().out
    assert run(["config", "validate", str(config), "--set", "lora.rnak=1", "--set", "training.seed=x", "--json"]) == 1
    said = capsys.readouterr()
    assert "did you mean 'lora.rank'?" in said.err
    problems = json.loads(said.out)["error"]["problems"]
    assert {problem["key"] for problem in problems} == {"lora.rnak", "training.seed"}


def test_validate_json_holds_the_whole_run(config: Path, capsys: Any) -> None:
    assert run(["config", "validate", str(config), "--json"]) == 0
    got = last_json(capsys)
    assert got["valid"] is True and got["run"]["lora"]["rank"] == 16
    assert (got["images"], got["steps"]) == (5, 10)


def test_validate_counts_texts(tmp_path: Path, capsys: Any) -> None:
    data, config = tmp_path / "faq.jsonl", tmp_path / "faq.yaml"
    turns = [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "From 8."}]
    data.write_text(
        "".join(json.dumps({"messages": [*turns[:1], {**turns[1], "content": f"{n}."}]}) + "\n" for n in range(5))
    )
    base = text_folder(tmp_path / "tiny")
    config.write_text(
        yaml.safe_dump({"base_model": str(base), "dataset": {"path": str(data)}, "training": {"epochs": 2}})
    )
    assert run(["config", "validate", str(config)]) == 0
    said = capsys.readouterr().out
    assert "5 examples of" in said and "query+value" in said and "steps: 10 = 5 an epoch x 2 epochs" in said
    assert run(["config", "validate", str(config), "--json"]) == 0
    got = last_json(capsys)
    assert (got["examples"], got["steps"], got["run"]["family"]) == (5, 10, "causal_lm")
    assert got["tokens"] > got["trained_tokens"] > 0
    assert run(["presets"]) == 0
    pictures, texts = capsys.readouterr().out.split("For texts:")
    assert "quick-look" in pictures and "answer-in-our-voice" in texts and "quick-look" not in texts


def test_validate_sees_that_there_is_nothing_to_train_on(config: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "empty").mkdir()
    assert run(["config", "validate", str(config), "--set", f"dataset.path={tmp_path / 'empty'}"]) == 1
    assert "no pictures" in capsys.readouterr().err.lower()


@pytest.mark.parametrize("name", presets.names())
def test_a_new_config_can_run(name: str, base_folder: Path, pictures: Path, tmp_path: Path, capsys: Any) -> None:
    family = presets.read(name).families[0]
    bases = {"sd1": str(base_folder), "causal_lm": str(text_folder(tmp_path / "texts"))}
    base = bases.get(family, "stabilityai/stable-diffusion-xl-base-1.0")
    assert run(["config", "new", "--preset", name, "--base", base, "--data", str(pictures), "--name", "水 墨: 1"]) == 0
    text = capsys.readouterr().out
    made = resolve(yaml.safe_load(text)).run
    asked = resolve({"preset": name, "base_model": base, "dataset": {"path": str(pictures)}, "name": "水 墨: 1"}).run
    assert made == asked
    assert text.count("# ") > 15, "every key has its sentence"


def test_a_new_config_goes_into_a_new_file_only(base_folder: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "sub" / "style.yaml"
    assert run(["config", "new", "--base", str(base_folder), "--out", str(out)]) == 0
    assert yaml.safe_load(out.read_text(encoding="utf-8"))["name"] == "style"
    assert run(["config", "new", "--base", str(base_folder), "--out", str(out)]) == 1
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--family", "sd9"], "sd1, sd2, sdxl"),
        (["--preset", "nothing"], "Known presets"),
        (["--family", "sdxl", "--preset", "style-sd1"], "style-sdxl"),
        (["--base", "nothing"], "hub id"),
    ],
)
def test_a_new_config_that_cannot_be(arguments: list[str], words: str, capsys: Any) -> None:
    assert run(["config", "new", *arguments]) == 1
    assert words in capsys.readouterr().err


def test_schema_is_json(capsys: Any) -> None:
    assert run(["config", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    for family, name in (("sdxl", "SdxlRun"), ("causal_lm", "TextRun")):
        fitting = [one for one in presets.names() if family in presets.read(one).families]
        assert fitting and schema["$defs"][name]["properties"]["preset"]["enum"] == fitting


def test_presets_are_listed_and_shown(capsys: Any) -> None:
    assert run(["presets"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in presets.names())
    assert run(["presets", "show", "style-sd1"]) == 0
    assert capsys.readouterr().out.startswith("# For")
    assert run(["presets", "--json"]) == 0
    assert len(last_json(capsys)["presets"]) == len(presets.names())


def test_dataset_check_counts(pictures: Path, capsys: Any) -> None:
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n123")
    assert run(["dataset", "check", str(pictures), "--batch", "2", "--epochs", "3", "--resolution", "64"]) == 0
    said = capsys.readouterr().out
    assert "5 pictures taken, 4 with a caption" in said
    assert "broken.png" in said and "ceil(1/2) + ceil(3/2) + ceil(1/2) = 4" in said and "steps: 12 in 3 epochs" in said
    assert run(["dataset", "check", str(pictures), "--json", "--resolution", "64"]) == 0
    got = last_json(capsys)
    assert len(got["report"]["images"]) == 5 and got["plan"]["total_steps"] == 5


def test_dataset_check_of_nothing_ends_with_1(tmp_path: Path) -> None:
    assert run(["dataset", "check", str(tmp_path / "none")]) == 1
    (tmp_path / "empty").mkdir()
    assert run(["dataset", "check", str(tmp_path / "empty")]) == 1


def test_inspect_a_base_and_what_is_not_there(base_folder: Path, capsys: Any) -> None:
    assert run(["inspect", str(base_folder)]) == 0
    assert "base model" in capsys.readouterr().out
    assert run(["inspect", str(base_folder / "none.safetensors"), "--json"]) == 1
    assert last_json(capsys)["error"]["code"] == "file_not_found"


def test_debug_shows_the_traceback_wherever_it_stands(capsys: Any) -> None:
    assert run(["config", "new", "--base", "nothing", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert run(["config", "new", "--base", "nothing"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_what_nobody_foresaw_has_words_too(monkeypatch: Any, capsys: Any) -> None:
    def fail() -> None:
        raise ZeroDivisionError("x")

    monkeypatch.setattr("loraloom.presets.names", fail)
    assert run(["presets"]) == 1
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said and "--debug" in said and "Traceback" not in said


class Drawer:
    """Stands where the generate process is: keeps the request."""

    def __init__(self, monkeypatch: Any) -> None:
        self.request: SampleRequest | None = None
        monkeypatch.setattr("loraloom.jobs.draw.draw", self)

    def __call__(self, wanted: dict[str, Any]) -> SampleResult:
        self.request = SampleRequest.model_validate(wanted | {"result": "/x"})
        return SampleResult(files=(wanted["out"],), warnings=("Careful.",))


def test_sample_asks_for_what_was_said(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    drawer = Drawer(monkeypatch)
    lora = tmp_path / "a.safetensors"
    lora.write_bytes(b"")
    out = tmp_path / "sub" / "x.png"
    arguments = ["--lora", str(lora), "--strength", "0.8", "--prompt", "a", "--prompt", "b", "--seed", "3"]
    assert run(["sample", *arguments, "--out", str(out)]) == 0
    request = drawer.request
    assert request is not None
    assert (request.loras, request.prompts, request.seed) == (((str(lora), 0.8),), ("a", "b"), 3)
    assert request.base_model == "thimble"
    assert out.parent.is_dir()
    said = capsys.readouterr()
    assert said.out.strip() == str(out) and "Careful." in said.err


def test_a_grid_has_a_column_a_strength(tmp_path: Path, monkeypatch: Any) -> None:
    drawer = Drawer(monkeypatch)
    lora = tmp_path / "a.safetensors"
    lora.write_bytes(b"")
    strengths = ["--strength", "0", "--strength", "0.5", "--strength", "1"]
    assert (
        run(["sample", "--grid", "--lora", str(lora), *strengths, "--prompt", "a", "--out", str(tmp_path / "x.png")])
        == 0
    )
    assert drawer.request is not None
    assert drawer.request.strengths == (0, 0.5, 1)


def test_a_lora_in_its_run_folder_knows_its_base(
    config: Path, tmp_path: Path, monkeypatch: Any, base_folder: Path
) -> None:
    from loraloom.jobs import yaml_file
    from loraloom.jobs.prepare import prepare

    drawer = Drawer(monkeypatch)
    run_dir = prepare(yaml_file.read(config))
    (run_dir / "lora").mkdir()
    lora = run_dir / "lora" / "a.safetensors"
    lora.write_bytes(b"")
    assert run(["sample", "--lora", str(lora), "--prompt", "a", "--out", str(tmp_path / "x.png")]) == 0
    assert drawer.request is not None
    assert drawer.request.base_model == str(base_folder)


def test_a_lora_that_is_not_there(tmp_path: Path) -> None:
    assert run(["sample", "--lora", "none.safetensors", "--prompt", "a", "--out", str(tmp_path / "x.png")]) == 1
