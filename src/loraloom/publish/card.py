"""Writes the model card of a LoRA for pictures: README.md with the front matter that model hubs read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from loraloom.models.lora_metadata import model_name, trigger_phrase
from loraloom.models.prediction import Prediction, prediction_from_metadata
from loraloom.models.resolve import THIMBLE, BaseModel
from loraloom.publish import told as more
from loraloom.publish.licences import front
from loraloom.publish.markdown import front_matter, one_line, table
from loraloom.publish.subject import Subject
from loraloom.publish.told import NO_LICENSE, Told
from loraloom.spec.run import ImageRun
from loraloom.spec.text import TextRun

PIPELINES: dict[str, str] = {
    "sd1": "StableDiffusionPipeline",
    "sd2": "StableDiffusionPipeline",
    "sdxl": "StableDiffusionXLPipeline",
}
NAMES: dict[str, str] = {
    "sd1": "Stable Diffusion 1.x",
    "sd2": "Stable Diffusion 2.x",
    "sdxl": "Stable Diffusion XL",
}


@dataclass(frozen=True)
class _Facts:
    """What a card needs, whoever trained the LoRA."""

    label: str
    family: str
    base: BaseModel | None
    base_words: str
    trigger: str
    description: str
    license: str
    dora: bool
    settings: tuple[tuple[str, str], ...]


def model_card(
    run: ImageRun, file: str, *, steps: int, base: BaseModel, prediction: Prediction, preview: str | None
) -> str:
    """Text of README.md for the LoRA in `file` (a name beside the card), with its picture `preview` (a name) if any.

    The front matter follows the hub's model card metadata. Nothing of the data set is told but what the user wrote.
    """
    facts = _of_run(run, steps, base, prediction)
    parts = [
        *_opening(facts, preview, preview),
        "## Use it",
        _use(facts, file, 1.0),
        "## How it was trained",
        table(facts.settings),
        "## Licence",
        facts.license or NO_LICENSE,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def published_card(subject: Subject, file: str, told: Told, preview: str | None) -> str:
    """Text of README.md for a version that is given to people: the same card with its evidence. `file` and `preview` are
    names beside it. Captions and paths are not in it."""
    facts = _facts(subject, told)
    parts = [
        *_opening(facts, preview, told.grid_file or preview, shown=preview if not told.grid_file else None),
        more.strength(told),
        more.changes(told),
        more.samples(subject, told),
        "## Use it",
        _use(facts, file, told.evidence.strength),
        more.trained_on(subject, told),
        "## How it was trained" if facts.settings else "",
        table(facts.settings) if facts.settings else "",
        more.measured(told),
        more.limits(told),
        more.hash_table(file, told),
        more.licence(told),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(subject: Subject, told: Told) -> _Facts:
    run, base = subject.run, subject.base
    description = told.asked.description or (run.export.description if run is not None else "")
    if run is not None and not isinstance(run, TextRun) and base is not None:
        predicts = prediction_from_metadata(subject.metadata) or base.prediction or "epsilon"
        found = _of_run(run, subject.steps, base, predicts)
        label, trigger, dora, settings = subject.label, subject.trigger, found.dora, found.settings
        return _Facts(label, run.family, base, found.base_words, trigger, description, told.license, dora, settings)
    said = subject.metadata
    name = said.get("ss_sd_model_name") or subject.base_model
    words = _base_words(base) if base is not None else f"`{one_line(PurePath(name).name)}`"
    return _Facts(
        label=subject.label,
        family=subject.family,
        base=base,
        base_words=words,
        trigger=subject.trigger,
        description=description,
        license=told.license,
        dora=any("dora" in value.lower() for key, value in said.items() if key == "ss_network_args"),
        settings=_header_settings(subject),
    )


def _of_run(run: ImageRun, steps: int, base: BaseModel, prediction: Prediction) -> _Facts:
    return _Facts(
        label=run.name,
        family=run.family,
        base=base,
        base_words=_base_words(base),
        trigger=trigger_phrase(run),
        description=run.export.description,
        license=run.export.license,
        dora=run.lora.dora,
        settings=_settings(run, steps, prediction),
    )


def _opening(facts: _Facts, preview: str | None, widget: str | None, shown: str | None = "") -> list[str]:
    """Front matter to trigger. `shown` is the picture under the title: None where another one follows, empty: `preview`."""
    picture = preview if shown == "" else shown
    name = NAMES.get(facts.family, facts.family)
    return [
        _front_matter(facts, widget),
        f"# {one_line(facts.label)}",
        f"![{one_line(facts.label)}]({picture.replace(' ', '%20')})" if picture else "",
        facts.description.strip(),
        f"A LoRA for {name}, trained on {facts.base_words}.",
        f"Trigger: `{one_line(facts.trigger)}`. Put it into the prompt." if facts.trigger else "",
    ]


def _front_matter(facts: _Facts, preview: str | None) -> str:
    trigger = " ".join(facts.trigger.split())
    hub_id = facts.base.hub_id if facts.base is not None else None
    tags = ["lora", "text-to-image", "diffusers", "template:sd-lora", _FAMILY_TAGS.get(facts.family)]
    values: dict[str, Any] = {
        **(front(facts.license) or {"license": None}),
        "library_name": "diffusers",
        "pipeline_tag": "text-to-image",
        "base_model": hub_id,
        "base_model_relation": "adapter" if hub_id else None,
        "instance_prompt": trigger or None,
        "tags": [tag for tag in tags if tag],
        "widget": [{"text": trigger or " ".join(facts.label.split()), "output": {"url": preview}}] if preview else None,
    }
    return front_matter(values)


_FAMILY_TAGS: dict[str, str] = {
    "sd1": "stable-diffusion",
    "sd2": "stable-diffusion",
    "sdxl": "stable-diffusion-xl",
}


def _base_words(base: BaseModel) -> str:
    if base.hub_id:
        return f"`{base.hub_id}`"
    return "Thimble, the small base built into LoRA Loom" if base.name == THIMBLE else f"`{model_name(base)}`"


def _use(facts: _Facts, file: str, strength: float) -> str:
    stem = file.removesuffix(".safetensors")
    prompt = facts.trigger or "your prompt"
    python = _python(facts, file, prompt, strength)
    return "\n".join(
        (
            f"- ComfyUI: put `{file}` into `models/loras` and add a *Load LoRA* node.",
            f"- AUTOMATIC1111, Forge: put `{file}` and its `.json` into `models/Lora`, then prompt with "
            f"`<lora:{stem}:{strength:g}>`.",
            *(("- diffusers:", "", "```python", *python, "```") if python else ()),
            *_dora(facts),
        )
    )


def _python(facts: _Facts, file: str, prompt: str, strength: float) -> tuple[str, ...]:
    pipeline, base = PIPELINES.get(facts.family), facts.base
    if pipeline is None or base is None:
        return ()
    imports: tuple[str, ...] = ()
    if base.name == THIMBLE:
        imports, load = ("from loraloom.models.resolve import thimble_path",), "from_pretrained(thimble_path()"
    elif base.layout == "single_file":
        load = f"from_single_file({json.dumps(model_name(base), ensure_ascii=False)}"
    else:
        load = f"from_pretrained({json.dumps(base.hub_id or model_name(base), ensure_ascii=False)}"
    named = json.dumps(file, ensure_ascii=False)
    weighed = strength != 1
    return (
        "import torch",
        f"from diffusers import {pipeline}",
        *imports,
        "",
        f"pipeline = {pipeline}.{load}, torch_dtype=torch.float32)",  # else parts come in different formats
        f'pipeline.load_lora_weights(".", weight_name={named}{", adapter_name=" + repr("it") if weighed else ""})',
        *((f'pipeline.set_adapters("it", {strength:g})',) if weighed else ()),
        f"pipeline({json.dumps(prompt, ensure_ascii=False)}).images[0]",
    )


def _dora(facts: _Facts) -> tuple[str, ...]:
    if not facts.dora:
        return ()
    return (
        "",
        "This is a DoRA. diffusers leaves its magnitudes out of a file in kohya's layout and draws something else: give it "
        "the file that `loraloom export --to diffusers` writes.",
    )


def _settings(run: ImageRun, steps: int, prediction: Prediction) -> tuple[tuple[str, str], ...]:
    lora, optimizer, training = run.lora, run.optimizer, run.training
    layers = [name for name, on in (("UNet", lora.unet), ("text encoder", lora.text_encoder)) if on]
    kinds = [name for name, on in (("DoRA", lora.dora), ("rsLoRA", lora.rslora)) if on] or ["LoRA"]
    return (
        ("Kind", ", ".join(kinds)),
        ("Rank, alpha", f"{lora.rank}, {lora.alpha:g}"),
        ("Layers", f"{lora.targets} of {' and '.join(layers)}"),
        ("Steps", f"{steps} of {training.batch_size * training.accumulation} pictures"),
        ("Learning rate", f"{optimizer.learning_rate:g}, {optimizer.scheduler}, {optimizer.name}"),
        ("Resolution", f"{run.dataset.resolution} px"),
        ("Predicts", "velocity" if prediction == "v_prediction" else "noise"),
        ("Seed", str(training.seed)),
    )


def _header_settings(subject: Subject) -> tuple[tuple[str, str], ...]:
    """What the header of a file made elsewhere says of its training."""
    said = subject.metadata
    rows = (
        ("Rank", f"{subject.rank}" if subject.rank else ""),
        ("Alpha", f"{subject.alpha:g}" if subject.alpha else ""),
        ("Steps", f"{subject.steps}" if subject.steps else ""),
        ("Learning rate", said.get("ss_learning_rate", "")),
        ("Schedule", said.get("ss_lr_scheduler", "")),
        ("Optimizer", said.get("ss_optimizer", "")),
        ("Batch", said.get("ss_total_batch_size", said.get("ss_batch_size_per_device", ""))),
        ("Seed", said.get("ss_seed", "")),
    )
    return tuple((name, one_line(value)[:200]) for name, value in rows if value and value != "None")
