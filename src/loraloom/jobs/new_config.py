"""Write a config to begin with: the keys most people touch, each under the sentence that says what it trades."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import yaml

from loraloom import presets
from loraloom.jobs import merge
from loraloom.jobs.folder import refusal
from loraloom.models.resolve import THIMBLE, resolve
from loraloom.models.smollm2 import SMOLLM2
from loraloom.spec.check import fields_at
from loraloom.spec.errors import LoomError
from loraloom.spec.run import FAMILIES, NATIVE_RESOLUTION, Family

KEYS: tuple[str, ...] = (
    "dataset.path",
    "dataset.resolution",
    "dataset.flip",
    "caption.trigger",
    "lora.rank",
    "lora.alpha",
    "lora.targets",
    "lora.text_encoder",
    "training.batch_size",
    "training.precision",
    "training.gradient_checkpointing",
    "optimizer.name",
    "optimizer.learning_rate",
    "optimizer.scheduler",
    "sample.prompts",
    "sample.every_steps",
)
"""Always shown; what the preset sets comes on top. `docs/reference/config.md` lists every key."""
TEXT_KEYS: tuple[str, ...] = (
    "dataset.path",
    "dataset.max_length",
    "dataset.system",
    "lora.rank",
    "lora.alpha",
    "lora.targets",
    "training.batch_size",
    "training.precision",
    "training.quantization",
    "training.gradient_checkpointing",
    "optimizer.name",
    "optimizer.learning_rate",
    "optimizer.scheduler",
    "loss.train_on",
    "sample.prompts",
    "sample.every_steps",
    "validation.share",
)
"""The same for a language model."""

BASES: dict[str, str] = {
    "sd1": "stable-diffusion-v1-5/stable-diffusion-v1-5",
    "sd2": "stabilityai/stable-diffusion-2-1",
    "sdxl": "stabilityai/stable-diffusion-xl-base-1.0",
    "causal_lm": SMOLLM2,
}
USUAL: dict[Family, str] = {
    "sd1": "style-sd1",
    "sd2": "style-sd1",
    "sdxl": "style-sdxl",
    "causal_lm": "answer-in-our-voice",
}


def new_config(
    data: str | None = None,
    base: str | None = None,
    family: str | None = None,
    preset: str | None = None,
    name: str | None = None,
) -> str:
    """The text of a config. Raises LoomError for a family, base model or preset that does not exist or does not fit."""
    asked = presets.read(preset) if preset else None
    if asked and base is None and family is None and presets.kind_of(asked) == "texts":
        family = "causal_lm"
    base, kind, resolution = _base(base, family)
    chosen = asked or presets.read("quick-look" if base == THIMBLE else USUAL[kind])
    if kind not in chosen.families:
        fits = [n for n in presets.names() if kind in presets.read(n).families]
        text = f"The preset {chosen.name!r} is for {', '.join(chosen.families)}; {base} is of family {kind}."
        raise LoomError("config_invalid", text, f"These fit: {', '.join(fits)}.")
    native: dict[str, Any] = {} if resolution is None else {"resolution": resolution}
    values: dict[str, Any] = merge.over({"dataset": native}, chosen.settings)
    values["dataset"]["path"] = data or ("texts.jsonl" if kind == "causal_lm" else "pictures")
    parts = [_heading(chosen.name), _entry("name", (), name or "my-lora"), _entry("base_model", (), base, kind)]
    fields = fields_at((), kind)
    single = [key for key in values if key in fields and not fields_at((key,), kind)]
    parts += [_entry(key, (), values[key], kind) for key in single]
    parts += [_group(group, values.get(group, {}), kind) for group in fields if _shown(group, values, kind)]
    return "\n".join(part for part in parts if part) + "\n"


def save(file: Path, text: str) -> None:
    """Write `text` to a new file. Raises LoomError `not_writable` when it exists already, or cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        raise LoomError("not_writable", f"{file} exists already.", "Choose another name, or remove it first.") from None
    except OSError as error:
        raise refusal(file, error) from error


def _base(base: str | None, family: str | None) -> tuple[str, Family, int | None]:
    """The base model, its family, and the side of its pictures in pixels where it draws any."""
    if family is not None and family not in FAMILIES:
        raise LoomError("config_invalid", f"{family!r} is not a family.", f"One of {', '.join(FAMILIES)}.")
    if base is None:
        base = BASES[family] if family is not None else THIMBLE
    found = resolve(base)
    kind = found.family or family
    if kind not in FAMILIES:
        raise LoomError("base_model_unknown", f"What kind of model {base} is cannot be told yet.", "Add --family.")
    if family is not None and kind != family:
        raise LoomError("base_model_mismatch", f"{base} is of family {kind}, not {family}.", "Leave --family out.")
    return base, kind, None if kind == "causal_lm" else found.resolution or NATIVE_RESOLUTION[kind]


def _keys(family: Family) -> tuple[str, ...]:
    return TEXT_KEYS if family == "causal_lm" else KEYS


def _shown(group: str, values: dict[str, Any], family: Family) -> bool:
    return group in values or any(key.startswith(group + ".") for key in _keys(family))


def _heading(preset: str) -> str:
    return (
        f"# A run of LoRA Loom, begun from the preset {preset}.\n"
        "# `loraloom config validate FILE` checks it, `loraloom train FILE` runs it; docs/reference/config.md has every key."
    )


def _group(group: str, values: dict[str, Any], family: Family) -> str:
    fields = fields_at((group,), family)
    keys = [key for key in fields if f"{group}.{key}" in _keys(family) or key in values]
    if not keys:
        return ""
    lines = [_entry(key, (group,), values.get(key, fields[key].default), family) for key in keys]
    return f"\n{group}:\n" + "\n".join(textwrap.indent(line, "  ") for line in lines)


def _entry(key: str, path: tuple[str, ...], value: Any, family: Family = "sd1") -> str:
    info = fields_at(path, family)[key]
    extra: Any = info.json_schema_extra or {}
    unit = f" [{extra['unit']}]" if extra.get("unit") else ""
    help_ = "\n".join(textwrap.wrap(f"{info.description}{unit}", 110, initial_indent="# ", subsequent_indent="#   "))
    return f"{help_}\n{key}: {_yaml(value)}"


def _yaml(value: Any) -> str:
    if value is None:
        return ""
    plain = list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return (
        yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=1000)
        .removesuffix("\n")
        .removesuffix("\n...")
    )
