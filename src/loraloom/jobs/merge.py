"""Laying one config over another, and `key=value` settings over both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from loraloom.spec.errors import LoomError
from loraloom.spec.importers.imported import put

LENGTHS = ("epochs", "steps")


def over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, group by group. A length in `above` replaces the other kind of length in `below`."""
    merged = dict(below)
    for key, value in above.items():
        beneath = merged.get(key)
        if isinstance(value, dict) and isinstance(beneath, dict):
            merged[key] = over(_clear_length(beneath, value) if key == "training" else beneath, value)  # pyright: ignore[reportUnknownArgumentType]
        else:
            merged[key] = value
    return merged


def _clear_length(beneath: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    if not any(value.get(length) is not None for length in LENGTHS):
        return beneath
    return {k: v for k, v in beneath.items() if k not in LENGTHS}


def settings(pairs: Iterable[str]) -> dict[str, Any]:
    """`["lora.rank=8", "sample.prompts=[a cat]"]` as a nested config; values are read as YAML."""
    config: dict[str, Any] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        key = key.strip()
        if not sign or not key or any(not part for part in key.split(".")):
            raise LoomError("config_invalid", f"--set {pair!r} is not key=value.", "Write it like --set lora.rank=8.")
        try:
            value: Any = yaml.safe_load(text) if text.strip() else ""
        except yaml.YAMLError:
            value = text
        try:
            put(config, key, value)
        except (AttributeError, TypeError):
            raise LoomError(
                "config_invalid", f"--set {pair!r} puts a key inside a value.", "Set one or the other."
            ) from None
    return config
