"""A preset: settings for one purpose, with who it is for. Overlaid by the user's own keys."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from loraloom.spec.run import Family

Purpose = Literal[
    "try", "avatar", "product", "ink", "character", "brand", "icons", "style", "voice", "facts", "structured", "role"
]


class Words(BaseModel):
    """A preset's words in another language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    who: str


class Preset(BaseModel):
    """`settings` is a partial run config (nested like `Run`), without data set and base model paths."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    who: str
    zh: Words
    """Title and who in Chinese."""
    purpose: Purpose = "style"
    memory: tuple[int, ...] = ()
    """Cards it is meant for, in GB of memory; empty: any, and a processor will do."""
    order: int = 100
    """Place on the page, the lowest first."""
    families: tuple[Family, ...]
    settings: dict[str, Any]
