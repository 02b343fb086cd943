"""One folder a model family: `start` makes its task for the loop; picture families also give what `PictureTask` needs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from loraloom.train.families.protocol import Family
from loraloom.train.task import Setting, Task


def start(name: str) -> Callable[[Setting], Task]:
    """What makes the task of a run of the family `name`: `start` of `loraloom.train.families.<name>.start`."""
    return import_module(f"loraloom.train.families.{name}.start").start


def family(name: str) -> Family:
    """The picture family of that name: `loraloom.train.families.<name>` itself, whose functions follow `Family`."""
    return cast(Family, import_module(f"loraloom.train.families.{name}"))
