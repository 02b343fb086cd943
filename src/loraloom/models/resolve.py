"""Finds the base model that a config names: one that comes with Loom, a folder, a single file or a hub id."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from loraloom.models.family import detect, require_base
from loraloom.models.hub_ids import known_hub_id
from loraloom.models.prediction import Prediction, prediction_from_name
from loraloom.models.smollm2 import SMOLLM2, smollm2_path
from loraloom.models.sniff import refuse_pickle
from loraloom.spec.errors import LoomError
from loraloom.spec.run import NATIVE_RESOLUTION, Family

THIMBLE = "thimble"
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


@dataclass(frozen=True)
class BaseModel:
    """A base model Loom can train on. `path` is None for a hub id that is not on this machine; `hub_id` None for files."""

    name: str
    """What it is called in metadata and cards: file stem, folder name, hub id or `thimble`."""
    path: Path | None
    hub_id: str | None
    family: Family | None
    """None for a hub id that is neither known nor downloaded."""
    layout: Literal["diffusers", "single_file", "transformers", "gguf"]
    prediction: Prediction | None
    resolution: int | None
    """Side in pixels the model was made for; None for language models."""
    variant: str | None = None
    """`fp16` if the weights of a diffusers folder are there only in that variant."""
    warnings: tuple[str, ...] = ()


def thimble_path() -> Path:
    """Folder of the embedded base."""
    return Path(__file__).parent.parent / "assets" / "thimble"


def resolve(base_model: str) -> BaseModel:
    """Find `base_model` (`thimble`, `smollm2`, a folder, a .safetensors or .gguf file, a hub id `owner/name`). Nothing is
    downloaded.

    Raises LoomError: `base_model_not_found` (with near names), `base_model_unknown` (says what it is instead),
    `pickle_refused`, `weights_unreadable`, `extra_missing` (the package of `smollm2`).
    """
    if base_model == THIMBLE:
        return _from_path(thimble_path(), THIMBLE)
    if base_model == SMOLLM2:
        return _from_path(smollm2_path(), SMOLLM2)
    path = Path(base_model).expanduser()
    if path.exists():
        return _from_path(path, path.stem if path.is_file() else path.resolve().name)
    refuse_pickle(path)
    looks_local = path.suffix in (".safetensors", ".gguf") or (path.parent.is_dir() and str(path.parent) != ".")
    if HUB_ID.fullmatch(base_model) and not looks_local:
        return _from_hub(base_model)
    raise LoomError("base_model_not_found", f"There is no base model {base_model!r}.", _nearest(base_model, path))


def _from_path(path: Path, name: str, hub_id: str | None = None) -> BaseModel:
    if not path.exists():
        raise LoomError(
            "base_model_not_found", f"The embedded base {name} is missing from the installation.", "Install again."
        )
    found = detect(path)
    family = require_base(found, path.name if hub_id is None else hub_id)
    layout: Any = found.layout if family == "causal_lm" else "single_file" if path.is_file() else "diffusers"
    return BaseModel(
        name, path, hub_id, family, layout, found.prediction, found.resolution, found.variant, found.warnings
    )


def _from_hub(hub_id: str) -> BaseModel:
    local = hub_snapshot(hub_id)
    if local is not None:
        return _from_path(local, hub_id, hub_id)
    family = known_hub_id(hub_id)
    usual: Prediction | None = "epsilon" if family in ("sd1", "sdxl") else None
    return BaseModel(
        hub_id,
        None,
        hub_id,
        family,
        "diffusers",
        prediction_from_name(hub_id) or usual,
        NATIVE_RESOLUTION.get(family) if family else None,  # pyright: ignore[reportArgumentType]
    )


def hub_snapshot(hub_id: str) -> Path | None:
    """Folder of the downloaded `hub_id` in the local hub cache (`HF_HUB_CACHE`, `HF_HOME`); None if it is not there."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    repository = cache / ("models--" + hub_id.replace("/", "--"))
    try:
        commit = (repository / "refs" / "main").read_text("utf-8").strip()
    except (OSError, ValueError):
        return None
    folder = repository / "snapshots" / Path(commit).name
    return folder if any((folder / name).is_file() for name in ("model_index.json", "config.json")) else None


def _nearest(base_model: str, path: Path) -> str:
    try:
        beside = [p.name for p in path.parent.iterdir() if p.is_dir() or p.suffix == ".safetensors"]
    except OSError:
        beside = []
    near = difflib.get_close_matches(path.name, beside, 3, 0.5)
    if near:
        return "Did you mean " + " or ".join(str(path.parent / name) for name in near) + "?"
    embedded = difflib.get_close_matches(base_model.lower(), [THIMBLE, SMOLLM2], 1, 0.6)
    if embedded:
        return f"Did you mean {embedded[0]!r}, the embedded base?"
    return (
        "Name `thimble` or `smollm2`, a folder of diffusers or transformers, a .safetensors or .gguf file, or a hub id such "
        "as owner/name."
    )
