"""One folder a model family; `family(name)` gives what the loop's picture task needs of it."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from loraloom.train.families.protocol import Family


def family(name: str) -> Family:
    """The family of that name: `loraloom.train.families.<name>` itself, whose functions follow `Family`."""
    return cast(Family, import_module(f"loraloom.train.families.{name}"))
