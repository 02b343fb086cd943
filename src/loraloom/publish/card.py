"""Writes the model card of a LoRA for pictures: README.md with the front matter that model hubs read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import yaml

from loraloom.models.lora_metadata import model_name, trigger_phrase
from loraloom.models.prediction import Prediction
from loraloom.models.resolve import THIMBLE, BaseModel
from loraloom.spec.run import ImageFamily, ImageRun

PIPELINES: dict[ImageFamily, str] = {
    "sd1": "StableDiffusionPipeline",
    "sd2": "StableDiffusionPipeline",
    "sdxl": "StableDiffusionXLPipeline",
}
NAMES: dict[ImageFamily, str] = {
    "sd1": "Stable Diffusion 1.x",
    "sd2": "Stable Diffusion 2.x",
    "sdxl": "Stable Diffusion XL",
}

NO_LICENSE = "The author has not said. Ask before you use it for more than trying it out."


def model_card(
    run: ImageRun, file: str, *, steps: int, base: BaseModel, prediction: Prediction, preview: str | None
) -> str:
    """Text of README.md for the LoRA in `file` (a name beside the card), with its picture `preview` (a name) if any.

    The front matter follows the hub's model card metadata. Nothing of the data set is told but what the user wrote.
    """
    parts = [
        _front_matter(run, base, preview),
        f"# {one_line(run.name)}",
        f"![{one_line(run.name)}]({preview.replace(' ', '%20')})" if preview else "",
        run.export.description.strip(),
        f"A LoRA for {NAMES[run.family]}, trained on {_base_words(base)}.",
        _trigger(run),
        "## Use it",
        _use(run, file, base),
        "## How it was trained",
        _settings(run, steps, prediction),
        "## Licence",
        run.export.license or NO_LICENSE,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(run: ImageRun, base: BaseModel, preview: str | None) -> str:
    trigger = trigger_phrase(run)
    values: dict[str, Any] = {
        "license": run.export.license or None,
        "library_name": "diffusers",
        "pipeline_tag": "text-to-image",
        "base_model": base.hub_id,
        "instance_prompt": trigger or None,
        "tags": ["lora", "text-to-image", "diffusers", "template:sd-lora", _FAMILY_TAGS[run.family]],
        "widget": [{"text": trigger or run.name, "output": {"url": preview}}] if preview else None,
    }
    return front_matter(values)


def front_matter(values: dict[str, Any]) -> str:
    """The hub's metadata at the top of a card; what is None is left out."""
    kept = {key: value for key, value in values.items() if value is not None}
    return f"---\n{yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=1000)}---"


_FAMILY_TAGS: dict[ImageFamily, str] = {
    "sd1": "stable-diffusion",
    "sd2": "stable-diffusion",
    "sdxl": "stable-diffusion-xl",
}


def _base_words(base: BaseModel) -> str:
    if base.hub_id:
        return f"`{base.hub_id}`"
    return "Thimble, the small base built into LoRA Loom" if base.name == THIMBLE else f"`{model_name(base)}`"


def _trigger(run: ImageRun) -> str:
    trigger = trigger_phrase(run)
    return f"Trigger: `{one_line(trigger)}`. Put it into the prompt." if trigger else ""


def _use(run: ImageRun, file: str, base: BaseModel) -> str:
    stem = file.removesuffix(".safetensors")
    prompt = trigger_phrase(run) or "your prompt"
    return "\n".join(
        (
            f"- ComfyUI: put `{file}` into `models/loras` and add a *Load LoRA* node.",
            f"- AUTOMATIC1111, Forge: put `{file}` and its `.json` into `models/Lora`, then prompt with `<lora:{stem}:1>`.",
            "- diffusers:",
            "",
            "```python",
            *_python(run, file, base, prompt),
            "```",
            *_dora(run),
        )
    )


def _python(run: ImageRun, file: str, base: BaseModel, prompt: str) -> tuple[str, ...]:
    pipeline = PIPELINES[run.family]
    imports: tuple[str, ...] = ()
    if base.name == THIMBLE:
        imports, load = ("from loraloom.models.resolve import thimble_path",), "from_pretrained(thimble_path())"
    elif base.layout == "single_file":
        load = f"from_single_file({json.dumps(model_name(base), ensure_ascii=False)})"
    else:
        load = f"from_pretrained({json.dumps(base.hub_id or model_name(base), ensure_ascii=False)})"
    return (
        f"from diffusers import {pipeline}",
        *imports,
        "",
        f"pipeline = {pipeline}.{load}",
        f'pipeline.load_lora_weights(".", weight_name={json.dumps(file, ensure_ascii=False)})',
        f"pipeline({json.dumps(prompt, ensure_ascii=False)}).images[0]",
    )


def _dora(run: ImageRun) -> tuple[str, ...]:
    if not run.lora.dora:
        return ()
    return (
        "",
        "This is a DoRA. diffusers leaves its magnitudes out of a file in kohya's layout and draws something else: give it "
        "the file that `loraloom export --to diffusers` writes.",
    )


def _settings(run: ImageRun, steps: int, prediction: Prediction) -> str:
    lora, optimizer, training = run.lora, run.optimizer, run.training
    layers = [name for name, on in (("UNet", lora.unet), ("text encoder", lora.text_encoder)) if on]
    kinds = [name for name, on in (("DoRA", lora.dora), ("rsLoRA", lora.rslora)) if on] or ["LoRA"]
    rows = (
        ("Kind", ", ".join(kinds)),
        ("Rank, alpha", f"{lora.rank}, {lora.alpha:g}"),
        ("Layers", f"{lora.targets} of {' and '.join(layers)}"),
        ("Steps", f"{steps} of {training.batch_size * training.accumulation} pictures"),
        ("Learning rate", f"{optimizer.learning_rate:g}, {optimizer.scheduler}, {optimizer.name}"),
        ("Resolution", f"{run.dataset.resolution} px"),
        ("Predicts", "velocity" if prediction == "v_prediction" else "noise"),
        ("Seed", str(training.seed)),
    )
    return table(rows)


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values as a table without a head."""
    return "\n".join(("| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)))


def one_line(text: str) -> str:
    """One line without the signs that would open a link or a code span."""
    return (
        " ".join(text.split()).replace("`", "'").replace("[", "(").replace("]", ")").replace("<", "").replace("|", "/")
    )
