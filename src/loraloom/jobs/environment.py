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
TEXT_EXTRA = "pip install 'loraloom[text]'"
PARQUET = ".parquet"


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
    found = [_optimizer(_group(config, "optimizer"))]
    if config.get("family") == "causal_lm":
        found += [_texts(paths.get("path")), _quantization(_group(config, "training")), _gguf(base)]
    else:
        found += [_data_set(paths.get("path")), _metadata(paths.get("metadata_path"))]
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
        return _missing(path, "folder or zip")
    if place.is_file() and not zipfile.is_zipfile(place):
        hint = "Give the folder that holds the pictures, or a zip of it."
        return Problem(key="dataset.path", value=path, message=f"{path!r} is a file, not a folder or zip", hint=hint)
    return None


def _texts(path: Any) -> Problem | None:
    """A file will do for texts."""
    if not isinstance(path, str) or not path:
        return None
    if not Path(path).expanduser().exists():
        return _missing(path, "file, folder or zip")
    if path.lower().endswith(PARQUET) and find_spec("pyarrow") is None:
        message = "parquet files need the package pyarrow"
        return Problem(key="dataset.path", value=path, message=message, hint=f"Install it with {TEXT_EXTRA}.")
    return None


def _missing(path: str, what: str) -> Problem:
    absolute = Path(path).expanduser().is_absolute()
    hint = "Check the spelling." if absolute else f"Relative paths start from {Path.cwd()}."
    return Problem(key="dataset.path", value=path, message=f"there is no {what} {path!r}", hint=hint)


def _quantization(training: Mapping[str, Any]) -> Problem | None:
    kind = training.get("quantization")
    if kind not in ("int8", "nf4") or find_spec("bitsandbytes") is not None:
        return None
    hint = "Install it with pip install 'loraloom[gpu]', or leave quantization at none."
    return Problem(key="training.quantization", value=kind, message=f"{kind} needs the package bitsandbytes", hint=hint)


def _gguf(base: BaseModel | None) -> Problem | None:
    if base is None or base.layout != "gguf" or find_spec("gguf") is not None:
        return None
    message = "a .gguf file needs the package gguf"
    return Problem(key="base_model", value=base.name, message=message, hint=f"Install it with {TEXT_EXTRA}.")


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
