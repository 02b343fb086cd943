"""Every key of a config has its Chinese, none is left over, and the schema carries it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loraloom.jobs.schema import chinese, config_schema
from loraloom.spec.check import fields_at
from loraloom.spec.run import FAMILIES, RUN

HAN = re.compile(r"[\u4e00-\u9fff]")
NAMES = {"lora.alpha", "lora.rslora", "lora.dora", "lora", "loss.min_snr_gamma"}
"""Their label is a name or a letter in Chinese too."""
SAID_IN_CHINESE = {"`steps`", "`epochs`", "`crop`", "`<name>-masklabel.png`"}


def fields() -> dict[str, Any]:
    """Dotted key -> field, of groups too and of every family."""
    found: dict[str, Any] = {}
    for family in FAMILIES:
        for group, info in fields_at((), family).items():
            found[group] = info
            found |= {f"{group}.{name}": inner for name, inner in fields_at((group,), family).items()}
    assert len(found) > 90
    return found


FIELDS = fields()


def choices(key: str) -> set[str]:
    group, _, name = key.partition(".")
    definitions = RUN.json_schema()["$defs"]
    for family in FAMILIES.values():
        info = definitions[family.__name__]["properties"].get(group)
        if info and name:
            info = definitions[info["$ref"].rsplit("/", 1)[-1]]["properties"].get(name)
        if info:
            return set(info.get("enum", ()))
    return set()


def test_no_key_lacks_chinese_and_none_is_stale() -> None:
    assert set(chinese()["keys"]) == set(FIELDS)


def test_no_unit_lacks_chinese_and_none_is_stale() -> None:
    used = {extra["unit"] for info in FIELDS.values() if (extra := info.json_schema_extra)}
    assert used == set(chinese()["units"])


def test_translated_choices_are_choices() -> None:
    assert chinese()["choices"]
    for key, words in chinese()["choices"].items():
        assert words and set(words) <= choices(key), key


@pytest.mark.parametrize("key", FIELDS)
def test_the_words_say_the_same(key: str) -> None:
    words = chinese()["keys"][key]
    assert set(words) == {"label", "help"} and words["help"].endswith("。") and HAN.search(words["help"])
    assert HAN.search(words["label"]) or key in NAMES
    assert len(words["label"]) <= 16 and len(words["help"]) <= 80
    for pattern in (r"arXiv:[\d.]+", r"`[^`]+`"):
        said = set(re.findall(pattern, FIELDS[key].description)) - SAID_IN_CHINESE
        assert said == set(re.findall(pattern, words["help"])) - {"`<名称>-masklabel.png`"}


def test_the_schema_carries_titles_and_chinese() -> None:
    definitions = config_schema()["$defs"]
    count = 0
    for family in FAMILIES.values():
        for name, info in definitions[family.__name__]["properties"].items():
            group = definitions.get(info.get("$ref", "").rsplit("/", 1)[-1], {"properties": {name: info}})
            for inner in (info, *group["properties"].values()):
                assert inner["title"] and inner["x-zh"]["label"] and inner["x-zh"]["help"], name
                assert ("unit" in inner) == ("unit" in inner["x-zh"])
                count += 1
    assert count > 250
    lora = definitions["Lora"]["properties"]
    assert (lora["rank"]["title"], lora["rank"]["x-zh"]["label"]) == ("Rank", "秩")
    assert lora["targets"]["x-zh"]["choices"]["attention"] == "注意力层"
    assert definitions["Optimizer"]["properties"]["text_encoder_learning_rate"]["title"] == "Text encoder learning rate"
    assert definitions["Training"]["properties"]["gradient_checkpointing"]["title"] == "Gradient checkpointing"
    assert definitions["Sd1Run"]["properties"]["clip_skip"]["x-zh"]["unit"] == "层"
