"""Every key of a config has its Chinese, none is left over, and the schema carries it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loraloom.jobs.schema import chinese, chinese_of, config_schema
from loraloom.spec.check import fields_at
from loraloom.spec.run import FAMILIES, RUN

HAN = re.compile(r"[\u4e00-\u9fff]")
NAMES = {"lora.alpha", "lora.rslora", "lora.dora", "lora", "loss.min_snr_gamma"}
"""Their label is a name or a letter in Chinese too."""
SAID_IN_CHINESE = {"`steps`", "`epochs`", "`crop`", "`<name>-masklabel.png`"}


TEXTS = "causal_lm"
PICTURES = tuple(family for family in FAMILIES if family != TEXTS)


def fields(*families: Any) -> dict[str, Any]:
    """Dotted key -> field, of groups too and of each of `families`."""
    found: dict[str, Any] = {}
    for family in families:
        for group, info in fields_at((), family).items():
            found[group] = info
            found |= {f"{group}.{name}": inner for name, inner in fields_at((group,), family).items()}
    return found


OF_PICTURES, OF_TEXTS = fields(*PICTURES), fields(TEXTS)
OWN = {key for key in OF_TEXTS if key in OF_PICTURES and OF_TEXTS[key].description != OF_PICTURES[key].description}
"""Keys that say something else for a language model."""


def choices(key: str, families: Any) -> set[str]:
    group, _, name = key.partition(".")
    definitions = RUN.json_schema()["$defs"]
    for family in families:
        info = definitions[FAMILIES[family].__name__]["properties"].get(group)
        if info and name:
            info = definitions[info["$ref"].rsplit("/", 1)[-1]]["properties"].get(name)
        if info:
            return set(info.get("enum", ()))
    return set()


def test_no_key_lacks_chinese_and_none_is_stale() -> None:
    assert len(OF_PICTURES) > 90 and len(OF_TEXTS) > 60 and len(OWN) > 8
    assert set(chinese()["keys"]) == set(OF_PICTURES | OF_TEXTS)
    assert OWN <= set(chinese()["texts"]["keys"]) <= set(OF_TEXTS) & set(OF_PICTURES)


def test_no_unit_lacks_chinese_and_none_is_stale() -> None:
    every = [*OF_PICTURES.values(), *OF_TEXTS.values()]
    used = {extra["unit"] for info in every if (extra := info.json_schema_extra)}
    assert used == set(chinese()["units"])


def test_translated_choices_are_choices() -> None:
    assert chinese()["choices"] and chinese()["texts"]["choices"]
    for key, words in chinese()["choices"].items():
        assert words and set(words) <= choices(key, (*PICTURES, TEXTS)), key
    for key, words in chinese()["texts"]["choices"].items():
        assert words and set(words) <= choices(key, (TEXTS,)), key


@pytest.mark.parametrize(
    ("key", "family"), [*((key, "sd1") for key in OF_PICTURES), *((key, TEXTS) for key in OF_TEXTS)]
)
def test_the_words_say_the_same(key: str, family: str) -> None:
    info = (OF_TEXTS if family == TEXTS else OF_PICTURES)[key]
    words = {name: text for name, text in chinese_of(key, None, family).items() if name != "choices"}
    assert set(words) == {"label", "help"} and words["help"].endswith("。") and HAN.search(words["help"])
    assert HAN.search(words["label"]) or key in NAMES
    assert len(words["label"]) <= 16 and len(words["help"]) <= 80
    for pattern in (r"arXiv:[\d.]+", r"`[^`]+`"):
        said = set(re.findall(pattern, info.description)) - SAID_IN_CHINESE
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
    assert count > 300
    lora = definitions["Lora"]["properties"]
    assert (lora["rank"]["title"], lora["rank"]["x-zh"]["label"]) == ("Rank", "秩")
    assert lora["targets"]["x-zh"]["choices"]["attention"] == "注意力层"
    assert definitions["Optimizer"]["properties"]["text_encoder_learning_rate"]["title"] == "Text encoder learning rate"
    assert definitions["Training"]["properties"]["gradient_checkpointing"]["title"] == "Gradient checkpointing"
    assert definitions["Sd1Run"]["properties"]["clip_skip"]["x-zh"]["unit"] == "层"


def test_a_language_model_has_words_of_its_own() -> None:
    definitions = config_schema()["$defs"]
    assert definitions["TextLora"]["properties"]["targets"]["x-zh"]["choices"]["all-linear"] == "全部线性层"
    assert definitions["Lora"]["properties"]["targets"]["x-zh"]["choices"].keys() == {
        "attention",
        "attention+ff",
        "attention+ff+conv",
    }
    assert definitions["TextRun"]["properties"]["dataset"]["x-zh"]["help"] == "训练用的文本。"
    assert definitions["Sd1Run"]["properties"]["dataset"]["x-zh"]["help"] == "训练用的图片。"
    assert definitions["TextLoss"]["properties"]["dpo_beta"]["title"] == "DPO beta"
