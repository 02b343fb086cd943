"""What an importer hands back: the Loom config, where each key came from, and what was not carried over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Imported:
    """A foreign config in Loom's terms. `notes` are sentences for the user: nothing is dropped in silence."""

    source: str
    config: dict[str, Any]
    preset: str | None = None
    """Preset with the defaults that users of the other tool know."""
    out: str | None = None
    """Folder that the foreign config wants its output in."""
    notes: tuple[str, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict[str, str])
    """Loom's dotted key -> the user's key, so that an error names what the user wrote."""


def put(config: dict[str, Any], key: str, value: Any) -> None:
    """Set the dotted `key` in a nested config."""
    *groups, leaf = key.split(".")
    for group in groups:
        config = config.setdefault(group, {})
    config[leaf] = value
