"""Every preset is read, says who it is for, and makes a config that can run."""

from __future__ import annotations

import pytest

from loraloom import presets
from loraloom.spec import check
from loraloom.spec.errors import LoomError

NAMES = presets.names()


def test_there_are_some() -> None:
    assert {"demo", "lora-scripts-classic", "quick-look", "style-sd1", "style-sdxl"} <= set(NAMES)


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


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(LoomError) as caught:
        presets.read("style-sdx")
    assert "style-sdxl" in caught.value.hint
