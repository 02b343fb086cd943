"""Presets that ship with Loom: a YAML file each, read and checked when it is asked for first."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from loraloom.spec.errors import LoomError
from loraloom.spec.preset import Preset

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every preset, sorted."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def read(name: str) -> Preset:
    """The preset `name`. Raises LoomError `preset_not_found`, with the nearest name as hint."""
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1, 0.5)
        hint = f"Did you mean {near[0]!r}?" if near else "Known presets: " + ", ".join(known) + "."
        raise LoomError("preset_not_found", f"There is no preset {name!r}.", hint)
    return _read(name).model_copy(deep=True)


def kind_of(preset: Preset) -> Literal["images", "texts"]:
    """What a preset learns from."""
    return "texts" if "causal_lm" in preset.families else "images"


def of_kind(kind: str | None) -> list[Preset]:
    """The presets for `images` or `texts` (None: all of them), by name."""
    return [preset for preset in map(read, names()) if kind in (None, kind_of(preset))]


@cache
def _read(name: str) -> Preset:
    """Read once: forms ask for the same one at every change."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return Preset.model_validate({"name": name, **content})


def picture(name: str) -> Path | None:
    """An illustration of what the preset is for (WebP), if there is one; not the output of a model."""
    file = FOLDER / "pictures" / f"{name}.webp"
    return file if file.is_file() else None
