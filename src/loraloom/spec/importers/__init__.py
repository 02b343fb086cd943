"""Foreign configs come in here: `recognise` names the importer, and the importer says what it could not carry over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from loraloom.spec.importers import lora_scripts
from loraloom.spec.importers.imported import Imported


class Importer(Protocol):
    """One foreign format: a module with these two functions and its name."""

    @property
    def NAME(self) -> str: ...

    def recognises(self, config: Mapping[str, Any]) -> bool:
        """Whether `config` is of this format."""
        ...

    def convert(self, config: Mapping[str, Any]) -> Imported:
        """The Loom config that does the same."""
        ...


IMPORTERS: tuple[Importer, ...] = (lora_scripts,)
GROUPS = frozenset({"dataset", "caption", "lora", "training", "optimizer", "loss", "checkpoints", "sample"})


def recognise(config: Mapping[str, Any]) -> Importer | None:
    """The importer for `config`, or None when it is a Loom config (or nothing known)."""
    if any(isinstance(config.get(group), dict) for group in GROUPS):
        return None
    return next((importer for importer in IMPORTERS if importer.recognises(config)), None)
