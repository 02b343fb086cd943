"""From the options of `loraloom caption` to the job of an engine, every problem named at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loraloom.data import label_sets
from loraloom.jobs.merge import settings
from loraloom.spec.captioning import JOBS, CaptionJob
from loraloom.spec.errors import LoomError, Problem

COMMAS = re.compile(r"[,，、\n]")
OWN_NAMES: dict[str, dict[str, str]] = {"tagger": {"threshold": "general_threshold", "max_labels": "max_tags"}}
"""What an option is called in the job of an engine, where that differs."""


def job_of(engine: str, options: Mapping[str, Any], sets: tuple[str, ...]) -> CaptionJob:
    """Raises LoomError `config_invalid` with every problem, `file_not_found` or `not_found` for a label set."""
    kind = next((kind for name, kind in JOBS.items() if name == engine), None)
    if kind is None:
        near = difflib.get_close_matches(engine, JOBS, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Engines: {', '.join(JOBS)}."
        raise LoomError("config_invalid", f"There is no caption engine {engine!r}.", hint)
    names = OWN_NAMES.get(engine, {})
    fields: dict[str, Any] = {names.get(name, name): value for name, value in options.items()}
    if isinstance(fields.get("labels"), str):
        fields["labels"] = [label for part in COMMAS.split(fields["labels"]) if (label := part.strip())]
    if "label_sets" in fields:
        fields |= _label_sets(fields.pop("label_sets"))
    model = fields.get("model")
    if isinstance(model, str) and engine != "vlm" and Path(model).expanduser().exists():
        fields["model"] = str(Path(model).expanduser().absolute())
    try:
        return kind.model_validate({**fields, **settings(sets)})
    except ValidationError as error:
        raise _invalid(engine, list(kind.model_fields), error) from None


def _label_sets(names: list[str]) -> dict[str, Any]:
    """Sets that come with Loom stay names; a person's file becomes a group."""
    shipped: list[str] = []
    groups: dict[str, tuple[str, ...]] = {}
    for name in names:
        if Path(name).suffix.lower() in (".yaml", ".yml", ".txt"):
            own = label_sets.read_file(Path(name).expanduser())
            groups[own.group] = (*groups.get(own.group, ()), *own.labels)
        else:
            shipped.append(label_sets.read(name).name)
    return {"label_sets": shipped, "groups": groups}


def _invalid(engine: str, known: list[str], error: ValidationError) -> LoomError:
    problems: list[Problem] = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        hint = ""
        if fault["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, known, 1)
            message = f"is no setting of the engine {engine}"
            hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known)}."
        problems.append(Problem(key=key, value=fault.get("input"), message=message, hint=hint, kind=fault["type"]))
    text = "; ".join(f"{p.key}: {p.message}" if p.key else p.message for p in problems) + "."
    hint = " ".join(p.hint for p in problems if p.hint) or "See `loraloom caption --help` and docs/captions.md."
    return LoomError("config_invalid", text, hint, tuple(problems))
