"""Presets under configs, settings over both."""

from __future__ import annotations

import pytest

from loraloom.jobs import merge
from loraloom.spec.errors import LoomError


def test_the_upper_wins_group_by_group() -> None:
    below = {"lora": {"rank": 8, "alpha": 16}, "optimizer": {"name": "lion"}}
    assert merge.over(below, {"lora": {"rank": 32}, "name": "x"}) == {
        "lora": {"rank": 32, "alpha": 16},
        "optimizer": {"name": "lion"},
        "name": "x",
    }
    assert below["lora"] == {"rank": 8, "alpha": 16}


def test_a_length_replaces_the_other_kind_of_length() -> None:
    preset = {"training": {"epochs": 40, "batch_size": 2}}
    assert merge.over(preset, {"training": {"steps": 100}}) == {"training": {"steps": 100, "batch_size": 2}}
    assert merge.over(preset, {"training": {"batch_size": 4}}) == {"training": {"epochs": 40, "batch_size": 4}}


def test_settings_are_read_as_yaml() -> None:
    pairs = ["lora.rank=8", "sample.prompts=[a cat, a dog]", "name=a=b", "dataset.flip=true", "caption.trigger="]
    assert merge.settings(pairs) == {
        "lora": {"rank": 8},
        "sample": {"prompts": ["a cat", "a dog"]},
        "name": "a=b",
        "dataset": {"flip": True},
        "caption": {"trigger": ""},
    }


def test_a_value_that_is_no_yaml_is_a_text() -> None:
    assert merge.settings(["name=[half"]) == {"name": "[half"}


@pytest.mark.parametrize("pairs", [["lora.rank"], ["=3"], ["lora..rank=3"], ["lora=3", "lora.rank=4"]])
def test_what_is_no_setting_is_refused(pairs: list[str]) -> None:
    with pytest.raises(LoomError, match="--set"):
        merge.settings(pairs)
