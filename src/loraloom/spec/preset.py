"""A preset: settings for one purpose, with who it is for. Overlaid by the user's own keys."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from loraloom.spec.run import Family


class Preset(BaseModel):
    """`settings` is a partial run config (nested like `Run`), without data set and base model paths."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    who: str
    families: tuple[Family, ...]
    settings: dict[str, Any]
