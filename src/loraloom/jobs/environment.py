"""What is wrong with a config on this machine: a missing data set, an unknown base model, an extra not installed."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from loraloom.spec.errors import LoomError, Problem

if TYPE_CHECKING:
    from loraloom.models.resolve import BaseModel

EXTRAS: dict[str, tuple[str, str]] = {"adamw8bit": ("bitsandbytes", "pip install 'loraloom[gpu]'")}
"""Optimizer -> the module it needs, and how to get it."""


def base_of(name: Any) -> BaseModel | Problem:
    """The base model called `name`, or what is wrong with it."""
    from loraloom.models.resolve import resolve

    try:
        return resolve(str(name))
    except LoomError as error:
        return Problem(key="base_model", value=name, message=_lower(error.message), hint=error.hint)


def find_problems(config: Mapping[str, Any], base: BaseModel | None) -> list[Problem]:
    """Problems of paths, base and optional packages; keys of the wrong type are left to `spec.check`."""
    paths = _group(config, "dataset")
    found = [
        _data_set(paths.get("path")),
        _metadata(paths.get("metadata_path")),
        _optimizer(_group(config, "optimizer")),
    ]
    if base is not None:
        found.append(_family(config.get("family"), base))
    return [problem for problem in found if problem is not None]


def _group(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    group = config.get(name)
    return cast(Mapping[str, Any], group) if isinstance(group, dict) else {}


def _data_set(path: Any) -> Problem | None:
    if not isinstance(path, str) or not path:
        return None
    place = Path(path).expanduser()
    if not place.exists():
        hint = f"Relative paths start from {Path.cwd()}." if not place.is_absolute() else "Check the spelling."
        return Problem(key="dataset.path", value=path, message=f"there is no folder or zip {path!r}", hint=hint)
    if place.is_file() and not zipfile.is_zipfile(place):
        hint = "Give the folder that holds the pictures, or a zip of it."
        return Problem(key="dataset.path", value=path, message=f"{path!r} is a file, not a folder or zip", hint=hint)
    return None


def _metadata(path: Any) -> Problem | None:
    if not isinstance(path, str) or Path(path).expanduser().is_file():
        return None
    hint = "Captions beside the pictures are found without it: remove the key if there is no such file."
    return Problem(key="dataset.metadata_path", value=path, message=f"there is no file {path!r}", hint=hint)


def _optimizer(optimizer: Mapping[str, Any]) -> Problem | None:
    name = str(optimizer.get("name"))
    module, command = EXTRAS.get(name, ("", ""))
    if not module or find_spec(module) is not None:
        return None
    hint = f"Install it with {command}, or choose adafactor, which saves memory too."
    return Problem(key="optimizer.name", value=name, message=f"{name} needs the package {module}", hint=hint)


def _family(family: Any, base: BaseModel) -> Problem | None:
    if family is None or base.family is None or family == base.family:
        return None
    message = f"the base model is of family {base.family}, the config says {family}"
    return Problem(key="family", value=family, message=message, hint=f"Leave `family` out, or write {base.family}.")


def _lower(sentence: str) -> str:
    """A sentence as the second half of a line: `base_model: there is no ...`."""
    first = sentence.split(" ", 1)[0]
    sentence = sentence.rstrip(".")
    return sentence if first.isupper() and len(first) > 1 else sentence[:1].lower() + sentence[1:]
