"""Every preset is read, says who it is for in both languages, has its picture, and makes a config that can run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from PIL import Image

from loraloom import presets
from loraloom.jobs.demo import DATA
from loraloom.jobs.resolve import resolve
from loraloom.spec import check
from loraloom.spec.errors import LoomError
from loraloom.spec.preset import Purpose

NAMES = presets.names()
WITHOUT_SAMPLES = {"lora-scripts-classic"}
"""What it replaces drew none."""
LAPTOP = [name for name in NAMES if not presets.read(name).memory]
TEXTS = [preset.name for preset in presets.of_kind("texts")]
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_there_are_some() -> None:
    assert {"demo", "lora-scripts-classic", "quick-look", "style-sd1", "style-sdxl"} <= set(NAMES)
    assert {"quick-look", "demo", "text-demo", "icon-set-thimble", "mascot-thimble"} == set(LAPTOP)
    assert {"answer-in-our-voice", "our-terms-and-facts", "structured-output", "play-a-role"} < set(TEXTS)


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_with_who_it_is_for(name: str) -> None:
    first = (presets.FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# For ")


@pytest.mark.parametrize("name", NAMES)
def test_it_makes_a_config_for_each_of_its_families(name: str) -> None:
    preset = presets.read(name)
    assert preset.families and preset.title and preset.who
    for family in preset.families:
        dataset = {"path": "x"} | preset.settings.get("dataset", {})
        run = check.read({**preset.settings, "family": family, "dataset": dataset})
        assert run.training.epochs or run.training.steps


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_names_and_places_to_the_user(name: str) -> None:
    settings = presets.read(name).settings
    assert not {"name", "base_model", "family", "tensorboard_dir", "export"} & set(settings)
    assert "path" not in settings.get("dataset", {})


@pytest.mark.parametrize("name", NAMES)
def test_it_has_words_in_chinese(name: str) -> None:
    preset = presets.read(name)
    assert HAN.search(preset.zh.title) and HAN.search(preset.zh.who) and preset.zh.who.endswith("。")
    assert not HAN.search(preset.title + preset.who) and preset.who.endswith(".")
    assert len(preset.title) <= 40 and len(preset.who) <= 130 and len(preset.zh.title) <= 20


def test_every_card_of_the_page_can_be_told_apart() -> None:
    found = [presets.read(name) for name in NAMES]
    for words in ([p.title for p in found], [p.zh.title for p in found], [p.order for p in found]):
        assert len(set(words)) == len(found)
    assert {p.purpose for p in found} == set(get_args(Purpose))


@pytest.mark.parametrize("size", [6, 8, 12, 16, 24, 48])
def test_every_purpose_has_a_preset_for_a_card_of_12_gb_and_most_for_less(size: int) -> None:
    here = {p.purpose for name in NAMES if size in (p := presets.read(name)).memory}
    assert set(get_args(Purpose)) - here <= ({"try", "brand"} if size < 8 else {"try"})


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_small_picture(name: str) -> None:
    file = presets.picture(name)
    assert file is not None and file.stat().st_size <= 25_000
    with Image.open(file) as picture:
        assert (picture.format, picture.size) == ("WEBP", (640, 400))


def test_no_picture_is_left_over_and_all_are_small() -> None:
    files = list((presets.FOLDER / "pictures").glob("*.webp"))
    assert {file.stem for file in files} == set(NAMES)
    assert sum(file.stat().st_size for file in files) < 400_000


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_SAMPLES])
def test_samples_come_while_it_trains(name: str) -> None:
    sample = presets.read(name).settings["sample"]
    assert 3 <= len(sample["prompts"]) <= 4 and len(set(sample["prompts"])) == len(sample["prompts"])
    assert 50 <= sample["every_steps"] <= 200
    assert all("[" not in prompt.replace("[trigger]", "") for prompt in sample["prompts"])


@pytest.mark.parametrize("name", [name for name in LAPTOP if name not in TEXTS])
def test_laptop_presets_ask_for_what_thimble_knows(name: str) -> None:
    tokenizer = Path(presets.__file__).parents[1] / "assets" / "thimble" / "tokenizer" / "tokenizer.json"
    known: dict[str, Any] = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    learned = {file.read_text(encoding="utf-8").split(" on ")[0].strip() for file in DATA.glob("*.txt")}
    assert len(learned) > 20
    for prompt in presets.read(name).settings["sample"]["prompts"]:
        subject, _, rest = prompt.partition(" on ")
        assert all(f"{word}</w>" in known for word in prompt.replace("[trigger] ", "").split()), prompt
        assert subject not in learned and rest.split()[0] in {"white", "blue", "pink", "yellow", "green"}


@pytest.mark.parametrize("name", [name for name in NAMES if "sd1" in presets.read(name).families])
def test_it_resolves_on_thimble(name: str, pictures: Path) -> None:
    run = resolve({"preset": name, "base_model": "thimble", "dataset": {"path": str(pictures)}}).run
    assert (run.family, run.dataset.resolution) == ("sd1", 64)


@pytest.mark.parametrize("name", TEXTS)
def test_it_is_for_texts_alone(name: str) -> None:
    preset = presets.read(name)
    assert preset.families == ("causal_lm",)
    assert {"try", "voice", "facts", "structured", "role"} >= {preset.purpose}
    lora = preset.settings["lora"]
    assert 0.5 <= lora["alpha"] / lora["rank"] <= 2 and 0 < preset.settings["optimizer"]["learning_rate"] <= 2e-3


def test_the_classic_recipe_is_the_papers() -> None:
    settings = presets.read("text-classic").settings
    assert settings["lora"] == {"rank": 8, "alpha": 16, "dropout": 0.1, "targets": "query+value"}
    assert settings["optimizer"]["scheduler"] == "cosine" and settings["optimizer"]["warmup"] > 0


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(LoomError) as caught:
        presets.read("style-sdx")
    assert "style-sdxl" in caught.value.hint
