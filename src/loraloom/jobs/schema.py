"""The JSON schema of a config file: the run's, in words for people, and the one key that is used up before the run."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from loraloom import presets
from loraloom.spec.run import schema

PRESET_HELP = "Settings laid under everything else in the file; see `loraloom presets`."
PRESET_ZH = {"label": "预设", "help": "垫在其他设置之下的一组设置；`loraloom presets` 列出全部预设。"}
PROPER = {
    "clip": "CLIP",
    "dpo": "DPO",
    "dir": "folder",
    "dora": "DoRA",
    "dtype": "number format",
    "ema": "EMA",
    "grad": "gradient",
    "lora": "LoRA",
    "neftune": "NEFTune",
    "plus": "LoRA+",
    "rslora": "rsLoRA",
    "snr": "SNR",
    "tensorboard": "TensorBoard",
    "unet": "UNet",
}
"""Words of keys that a person writes otherwise."""


def config_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) with units and help texts, as an editor or a form uses it.

    Every property has a readable `title` and its Chinese in `x-zh`: `label`, `help`, and `unit` and `choices` (value ->
    word) where there are any.
    """
    content = schema()
    definitions = content["$defs"]
    for kind, reference in content["discriminator"]["mapping"].items():
        family = definitions[_name(reference)]
        fitting = [name for name in presets.names() if kind in presets.read(name).families]
        family["properties"]["preset"] = {"enum": fitting, "description": PRESET_HELP, "x-zh": PRESET_ZH}
        _put_words(family, "", definitions, kind)
    return content


@cache
def chinese() -> dict[str, Any]:
    """The Chinese of the config: `keys` (dotted key -> label and help), `units`, `choices` (dotted key -> value -> word),
    and `texts` with the `keys` and `choices` that mean something else for a language model."""
    return json.loads(files("loraloom.spec").joinpath("zh.json").read_text(encoding="utf-8"))


def _put_words(model: dict[str, Any], above: str, definitions: dict[str, Any], family: str) -> None:
    """Title and Chinese of every property of `model`, whose keys begin with `above`, and of the groups inside."""
    for name, info in model["properties"].items():
        key = above + name
        info["title"] = _title(name)
        info.setdefault("x-zh", chinese_of(key, info.get("unit"), family))
        group = definitions.get(_name(info.get("$ref", "")))
        if group and "properties" in group:
            _put_words(group, f"{key}.", definitions, family)


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def _title(name: str) -> str:
    text = " ".join(PROPER.get(word, word) for word in name.split("_"))
    first = text.split(" ")[0]
    return text if first != first.lower() else text[:1].upper() + text[1:]


def chinese_of(key: str, unit: str | None, family: str) -> dict[str, Any]:
    """Label, help, unit and choices of a dotted key of `family`."""
    words = chinese()
    own: dict[str, Any] = words["texts"] if family == "causal_lm" else {"keys": {}, "choices": {}}
    found: dict[str, Any] = dict(own["keys"].get(key) or words["keys"].get(key, {}))
    if unit in words["units"]:
        found["unit"] = words["units"][unit]
    choices = own["choices"].get(key) or words["choices"].get(key)
    return found | {"choices": choices} if choices else found
